"""`watches/*.yaml`: what to look for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar

from monitor.config import cases as case_files
from monitor.config import forms, places, problems, scalars, typed
from monitor.config.cases import CaseEntry
from monitor.config.places import Node, Path
from monitor.config.schema import STRICT
from monitor.errors import Problem
from monitor.match.compiler import check_query, keywords_query
from monitor.model.ids import FeedId, WatchId
from monitor.model.watch import Place, Severity, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEntry:
    """A named thing to look for: an id and exactly one of `query`, `keywords` and `keywords_file`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    """Lower-case letters, digits and `-`; part of the topic's name."""
    name: str = ""
    """For people; the id if empty."""
    query: str | None = None
    """The query language of `docs/queries.md`; `@name` is a concept pack. In quotes."""
    keywords: tuple[str, ...] | None = None
    """The short form: any of these; an entry with blanks is a phrase, `*` as in queries."""
    keywords_file: str | None = None
    """The same, one a line, in a file beside this one; lines that begin with `#` are comments."""
    severity: Severity = "medium"
    """On every alert, for whoever filters."""
    topic: str | None = None
    """After `topics.prefix`; without it `alerts.topic`."""
    tags: tuple[str, ...] = ()
    """Words of your own."""
    owner: str | None = None
    """Whom to ask about it."""
    notes: str | None = None
    """For people; nothing reads it."""
    paused: bool = False
    """Checked, but it raises nothing."""
    languages: tuple[str, ...] = ()
    """Only articles in these languages, without region or script (`pt`, not `pt-BR`); empty = all."""
    feeds: tuple[str, ...] = ()
    """Only articles of these feeds; empty = all."""
    feed_tags: tuple[str, ...] = ()
    """Only articles of feeds with one of these tags; empty = all."""
    burst: tuple[str, ...] = ()
    """Feeds that are asked more often for up to 30 min after an alert."""
    cases: tuple[CaseEntry, ...] = ()
    """Examples that have to come out as they say."""


@dataclass(frozen=True, slots=True)
class WatchesFile:
    """A list of watches; a file of one watch has its keys at the top instead."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    watches: tuple[WatchEntry, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A watch and where it stands."""

    watch: Watch
    node: Node
    path: Path

    def place(self, key: str) -> Place:
        return self.node.at((key,)).place


CHECKS: Mapping[str, forms.Check] = {"id": forms.identifier, "topic": forms.topic}
SOURCES = ("query", "keywords", "keywords_file")


def read_all(files: Mapping[str, str]) -> tuple[list[Found], list[Problem]]:
    """Every watch below `watches/`, the first of each id, with the cases of the file that is named after it."""
    everything: list[Found] = []
    wrong: list[Problem] = []
    names = sorted(name for name in files if name.startswith("watches/") and name.endswith((".yaml", ".yml")))
    for name in names:
        here, faults = ([], []) if case_files.is_file(name) else read(name, files[name], files)
        everything += here
        wrong += faults
    found, twice = same_ids(everything)
    with_cases, more = _with_cases(found, {name: files[name] for name in names if case_files.is_file(name)})
    # A watch that cannot be read has an id that nobody knows.
    unknown = [fault for fault in more if not wrong or fault.id != "MON-CFG-012"]
    return with_cases, [*wrong, *twice, *unknown]


def _with_cases(found: Sequence[Found], files: Mapping[str, str]) -> tuple[list[Found], list[Problem]]:
    """The watches with the cases of files of their own behind those of their entries."""
    known = {entry.watch.id: entry for entry in found}
    wrong: list[Problem] = []
    for name, text in files.items():
        owner = case_files.owner_of(name)
        cases, faults = case_files.read(name, text)
        wrong += faults
        if owner in known:
            entry = known[WatchId(owner)]
            known[WatchId(owner)] = replace(entry, watch=replace(entry.watch, cases=(*entry.watch.cases, *cases)))
        else:
            message = f"there is no watch with the id {owner}, after which the file is named"
            wrong.append(problems.at(Place(name), "", "MON-CFG-012", message + problems.suggest(owner, list(known))))
    return list(known.values()), wrong


def read(file: str, text: str, files: Mapping[str, str]) -> tuple[list[Found], list[Problem]]:
    """The watches of a YAML file, one or a list a document. `files` holds the lists of keywords."""
    documents, wrong = places.read(file, text)
    found: list[Found] = []
    for document in documents:
        for node, path in _entries(document, wrong):
            watch = _watch(node, path, text, files)
            if isinstance(watch, list):
                wrong += watch
            else:
                found.append(Found(watch, node, path))
    return found, wrong


def _entries(document: Node, wrong: list[Problem]) -> list[tuple[Node, Path]]:
    """The watches of a document, each with its path; what cannot be one goes to `wrong`."""
    if document.value is None:
        return []
    if not isinstance(document.value, dict):
        message = "the file has to be one watch, or a mapping with the list `watches`"
        wrong.append(problems.at(document.place, "", "MON-CFG-006", message))
        return []
    listed = document.value.get("watches")
    if listed is None:
        return [(document, ())]
    wrong += [problems.unknown_key(n.key, k, k, ("watches",)) for k, n in document.value.items() if k != "watches"]
    if not isinstance(listed.value, list):
        wrong.append(problems.at(listed.place, "watches", "MON-CFG-006", "has to be a list"))
    return [(node, ("watches", number)) for number, node in enumerate(listed.items())]


def _watch(node: Node, path: Path, text: str, files: Mapping[str, str]) -> Watch | list[Problem]:
    entry, faults = typed.check(WatchEntry, node, path)
    if entry is None or faults:
        return [*faults, *(_texts(node, entry, path) if entry else ())]
    wrong = [*_texts(node, entry, path), *_sources(node, entry, path)]
    query = entry.query
    if query is None and not wrong:
        keywords, wrong = _keywords(node, entry, path, files)
        query = keywords_query(keywords)
    return wrong if wrong or query is None else _built(entry, query, node, text)


def _texts(node: Node, entry: WatchEntry, path: Path) -> list[Problem]:
    """Texts of a set form."""
    asked: list[tuple[Path, forms.Check, str | None]] = [
        ((name,), check, getattr(entry, name)) for name, check in CHECKS.items()
    ]
    asked += [(("languages", number), forms.bare_language, tag) for number, tag in enumerate(entry.languages)]
    wrong = [fault for number, case in enumerate(entry.cases) for fault in _case_faults(case, node, path, number)]
    for steps, check, value in asked:
        message = check(value) if value is not None else None
        if message:
            wrong.append(problems.at(node.at(steps).place, problems.spell((*path, *steps)), "MON-CFG-010", message))
    return wrong


def _case_faults(case: CaseEntry, node: Node, path: Path, number: int) -> Iterator[Problem]:
    step = ("cases", number)
    return case_files.find_faults(case, node.at(step), (*path, *step))


def _sources(node: Node, entry: WatchEntry, path: Path) -> list[Problem]:
    given = [name for name in SOURCES if getattr(entry, name) is not None]
    if len(given) == 1:
        return []
    said = f"has {' and '.join(given)}" if given else "has none"
    message = f"a watch needs exactly one of {', '.join(SOURCES)}; this one {said}"
    return [problems.at(node.at(tuple(given[-1:])).key, problems.spell((*path, *given[-1:])), "MON-CFG-018", message)]


def _keywords(node: Node, entry: WatchEntry, path: Path, files: Mapping[str, str]) -> tuple[list[str], list[Problem]]:
    """The entries, written here or in a file beside this one, and what is wrong with any of them."""
    key = "keywords" if entry.keywords is not None else "keywords_file"
    place, spelt = node.at((key,)).place, problems.spell((*path, key))
    if entry.keywords is not None:
        listed = [(word, child.place) for word, child in zip(entry.keywords, node.at((key,)).items(), strict=True)]
    else:
        name = keywords_path(place.file, entry.keywords_file or "")
        if name is None:
            return [], [problems.at(place, spelt, "MON-CFG-014", "has to be a file below the directory of this one")]
        if name not in files:
            return [], [problems.at(place, spelt, "MON-CFG-014", f"there is no file {name}")]
        listed = list(_lines(name, files[name]))
    if not any(word.strip() for word, _ in listed):
        return [], [problems.at(place, spelt, "MON-CFG-005", "the list of keywords is empty")]
    return [word for word, _ in listed], [fault for word, place in listed for fault in _faults(word, place, spelt)]


def _lines(name: str, text: str) -> Iterator[tuple[str, Place]]:
    """The keywords of a file, with their lines."""
    for number, line in enumerate(text.splitlines(), 1):
        word = line.strip()
        if word and not word.startswith("#"):
            yield word, Place(name, number, 1)


def _faults(word: str, place: Place, path: str) -> Iterator[Problem]:
    """What keeps one keyword from being searched for."""
    query = keywords_query([word])
    return (replace(fault, path=path) for fault in (check_query(query, place, {}) if query else ()))


def keywords_path(file: str, named: str) -> str | None:
    """The path, within the configuration, of a list of keywords that a file names; None if it leaves its directory."""
    path = PurePosixPath(named)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return None
    return str(PurePosixPath(file).parent / path)


def _built(entry: WatchEntry, query: str, node: Node, text: str) -> Watch:
    key = next(name for name in SOURCES if getattr(entry, name) is not None)
    return Watch(
        id=WatchId(entry.id),
        query=query,
        name=entry.name or entry.id,
        severity=entry.severity,
        topic=entry.topic,
        tags=entry.tags,
        owner=entry.owner,
        notes=entry.notes,
        paused=entry.paused,
        languages=tuple(map(str.lower, entry.languages)),
        feeds=tuple(map(FeedId, entry.feeds)),
        feed_tags=entry.feed_tags,
        burst=tuple(map(FeedId, entry.burst)),
        cases=tuple(case_files.make_case(case, node.at(("cases", number))) for number, case in enumerate(entry.cases)),
        place=text_place(node.at((key,)), text),
    )


def text_place(node: Node, text: str) -> Place:
    """Where the text of a scalar begins, behind its quote or on the line below `|` and `>`, and where it goes on."""
    place, lines = node.place, scalars.lines_of(text)
    line, column = place.line, place.column
    if node.style in ("'", '"'):
        column += 1
    elif node.style in ("|", ">"):
        first = lines[line] if line < len(lines) else ""
        line, column = line + 1, len(first) - len(first.lstrip(" ")) + 1
    breaks = scalars.find_breaks(node.value, lines, line, column, node.style) if isinstance(node.value, str) else ()
    return Place(place.file, line, column, breaks)


def same_ids(found: Iterable[Found]) -> tuple[list[Found], list[Problem]]:
    """The first watch of each id, and a problem for every further one, naming both places."""
    first: dict[str, Found] = {}
    wrong = []
    for entry in found:
        known = first.setdefault(entry.watch.id, entry)
        if known is not entry:
            wrong.append(problems.duplicate_id(entry.place("id"), entry.watch.id, "watch", known.place("id")))
    return list(first.values()), wrong
