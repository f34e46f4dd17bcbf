"""Texts in, a whole configuration out, or every problem at once. Pure: reading files is `adapters/files.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitor.config import checks, feeds, opml, problems, watches
from monitor.config import settings as settings_file
from monitor.config.config import Config
from monitor.config.export import generation
from monitor.config.judging import Judged, judge
from monitor.config.places import EMPTY, Node, plant
from monitor.config.schema import PLACEHOLDER, Settings
from monitor.errors import ConfigError, Problem
from monitor.match.frequencies import Frequencies
from monitor.model.watch import Place
from monitor.publish.topics import TopicTable

ABSENT = plant(None, "monitor.yaml")
YAML = (".yaml", ".yml")


@dataclass(slots=True)
class _Gathered:
    """What has been read so far, and all that is wrong with it."""

    settings: Settings = field(default_factory=Settings)
    tree: Node = EMPTY
    feeds: list[feeds.Found] = field(default_factory=list)
    watches: list[watches.Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def load(
    files: Mapping[str, str],
    secrets: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    unreadable: Iterable[tuple[str, str]] = (),
    before: Config | None = None,
    frequencies: Frequencies | None = None,
) -> Config:
    """The configuration that these texts describe.

    `files` are texts by path below the configuration directory, `secrets` the texts of secret files by the path as it
    is written, `unreadable` files that could not be read with the reason. What `before` has compiled already is not
    compiled again where it is the same; the result is the same without it, and without the `frequencies` that were
    counted in articles. Raises ConfigError with every problem.
    """
    found = _Gathered()
    found.problems += [
        problems.at(Place(file), "", "MON-CFG-014", f"cannot be read: {why}") for file, why in unreadable
    ]
    _settings(found, files, environ)
    _feeds(found, files)
    _watches(found, files)
    _references(found)
    _topics(found)
    _secrets(found, secrets)
    judged = judge(found.feeds, found.watches, files, before, frequencies)
    found.problems += judged.problems
    if found.problems:
        raise ConfigError(sorted(found.problems, key=lambda problem: (problem.file, problem.line, problem.column)))
    return _config(found, judged, secrets, frequencies or Frequencies())


def _settings(found: _Gathered, files: Mapping[str, str], environ: Mapping[str, str]) -> None:
    found.tree, wrong = settings_file.layers(files, environ)
    found.settings, more = settings_file.compose(found.tree)
    found.problems += [*wrong, *more]
    found.problems += checks.settings(found.settings, found.tree)
    if found.settings.contact == PLACEHOLDER:
        message = "nobody is named as contact; set it to a page or a mail address, so that webmasters can reach you"
        found.warnings.append(
            problems.at(found.tree.entries().get("contact", ABSENT).place, "contact", "MON-CFG-030", message)
        )


def _in(files: Mapping[str, str], folder: str, endings: tuple[str, ...]) -> list[str]:
    return sorted(name for name in files if name.startswith(folder) and name.endswith(endings))


def _feeds(found: _Gathered, files: Mapping[str, str]) -> None:
    cls = found.settings.schedule.cls
    everything: list[feeds.Found] = []
    for name in _in(files, "feeds/", (*YAML, ".opml")):
        read = opml.read if name.endswith(".opml") else feeds.read
        here, wrong = read(name, files[name], cls)
        everything += here
        found.problems += wrong
    found.feeds, wrong = feeds.same_ids(everything)
    found.problems += wrong
    found.warnings += feeds.same_feeds(found.feeds)
    if not found.problems:
        found.warnings += feeds.refused_feeds(found.feeds, found.settings.fetch)
    if not everything:
        message = (
            "there are no feeds, so nothing is polled; add one as feeds/mine.yaml:"
            ' `feeds: [{url: "https://example.org/feed.xml"}]`'
        )
        found.warnings.append(problems.at(Place("feeds/"), "", "MON-CFG-031", message))


def _watches(found: _Gathered, files: Mapping[str, str]) -> None:
    found.watches, wrong = watches.read_all(files)
    found.problems += wrong
    if not found.watches:
        message = (
            "there are no watches, so nothing is flagged; add one as watches/mine.yaml:"
            " `id: mine` and `keywords: [word, another]`"
        )
        found.warnings.append(problems.at(Place("watches/"), "", "MON-CFG-033", message))


def _references(found: _Gathered) -> None:
    """Ids that name nothing. Feeds are also added while running, so a watch that names an unknown one is a warning."""
    known_watches = [entry.watch.id for entry in found.watches]
    broken = any(problem.file.startswith("watches/") for problem in found.problems)
    known_feeds = {entry.spec.id for entry in found.feeds}
    for feed in [] if broken else found.feeds:
        for number, name in enumerate(feed.spec.watches or ()):
            if name not in known_watches:
                message = f"there is no watch with this id{problems.suggest(name, known_watches)}"
                place = feed.node.at(("watches", number)).place
                found.problems.append(problems.at(place, f"{feed.spec.id}.watches[{number}]", "MON-CFG-012", message))
    for entry in found.watches:
        for key in ("feeds", "burst"):
            for number, name in enumerate(getattr(entry.watch, key)):
                if name not in known_feeds:
                    message = f"there is no feed with this id{problems.suggest(name, sorted(known_feeds))}"
                    place = entry.node.at((key, number)).place
                    path = problems.spell((*entry.path, key, number))
                    found.warnings.append(problems.at(place, path, "MON-CFG-012", message))


def _topics(found: _Gathered) -> None:
    """No alert may lie among the ledger's own records: no shard could be opened any more."""
    table = TopicTable(found.settings.topics.prefix, found.settings.alerts.topic)
    for entry in found.watches:
        if (topic := table.alert(entry.watch)) in (table.feeds, table.feed_state, table.rescue):
            key = "topic" if entry.watch.topic else "id"
            message = f"its alerts would go to {topic}, which is the ledger's own; name another `topic`"
            path = problems.spell((*entry.path, key))
            found.problems.append(problems.at(entry.place(key), path, "MON-CFG-010", message))


def _secrets(found: _Gathered, texts: Mapping[str, str]) -> None:
    found.problems += checks.secrets(found.settings, found.tree, (), texts)
    for feed in found.feeds:
        if feed.spec.overrides is not feeds.NOTHING:
            found.problems += checks.secrets(feed.spec.overrides, feed.node, (feed.spec.id,), texts)


def _config(found: _Gathered, judged: Judged, secrets: Mapping[str, str], frequencies: Frequencies) -> Config:
    specs = tuple(feed.spec for feed in found.feeds)
    named = tuple(entry.watch for entry in found.watches)
    return Config(
        settings=found.settings,
        feeds=specs,
        watches=named,
        concepts=judged.concepts,
        rules=judged.rules,
        filters=judged.filters,
        secrets=dict(secrets),
        generation=generation(found.settings, specs, named, judged.versions),
        warnings=(*found.warnings, *judged.warnings),
        tree=found.tree,
        places={feed.spec.id: feed.node.place for feed in found.feeds},
        frequencies=frequencies,
    )
