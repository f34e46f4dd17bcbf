"""`feeds/*.yaml`: what to poll."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from monitor.config import forms, places, problems, typed
from monitor.config.places import EMPTY, Node, Path, plant
from monitor.config.schema import STRICT
from monitor.errors import Problem
from monitor.fetch.guard import Fault, Guard, split_userinfo
from monitor.fetch.settings import FetchSettings
from monitor.model.feed import FeedClass, FeedOverrides, FeedSpec, Interval
from monitor.model.ids import FeedId
from monitor.model.units import Duration
from monitor.model.watch import Place


@dataclass(frozen=True, slots=True)
class IntervalEntry:
    """Bounds of the time between two polls; one duration alone stands for both."""

    min: Duration
    """Never sooner."""
    max: Duration
    """Never later, but for jitter and what the server asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDefaults(FeedOverrides):
    """Any key of a feed but `id` and `url`; a feed's own key wins."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str = ""
    """For people; the id if empty."""
    language: str | None = None
    """BCP 47: what its articles are most likely written in."""
    country: str | None = None
    """ISO 3166-1, two capitals."""
    tags: tuple[str, ...] = ()
    """Words of your own, for watches (`feed_tags`) and filters."""
    cls: FeedClass | None = None
    """How often it may be asked: `polite` 60m–24h, `news` 5m–60m, `burst` 30s; without it `schedule.class`."""
    interval: IntervalEntry | None = None
    """Bounds of its own instead of those of the class: `{min: 10m, max: 2h}`, or one duration."""
    watches: tuple[str, ...] | None = None
    """Ids of the watches its articles are judged by; null = all."""
    filter: str | None = None
    """A query; articles it does not match are counted as filtered and go no further."""
    paused: bool = False
    """Known, not polled."""
    renamed_from: str | None = None
    """Former id: its state is taken over."""
    owner: str | None = None
    """Whom to ask about it."""
    notes: str | None = None
    """For people; nothing reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry(FeedDefaults):
    """One feed. Only `url` is needed."""

    url: str
    """http or https."""
    id: str | None = None
    """Lower-case letters, digits and `-`; without it the host and six digits of the URL's hash."""


@dataclass(frozen=True, slots=True)
class FeedsFile:
    """A file of feeds."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    feeds: tuple[FeedEntry, ...] = ()
    defaults: FeedDefaults | None = None
    """Keys that all feeds of this file share."""


@dataclass(frozen=True, slots=True)
class Found:
    """A feed and where it stands."""

    spec: FeedSpec
    node: Node

    def place(self, key: str) -> Place:
        """Where one of its keys stands, else the feed itself."""
        return self.node.at((key,)).place


NOTHING = FeedOverrides()
OVERRIDES = tuple(field.name for field in fields(FeedOverrides))
CHECKS: Mapping[str, forms.Check] = {
    "id": forms.identifier,
    "url": forms.feed_url,
    "language": forms.language,
    "country": forms.country,
    "renamed_from": forms.identifier,
    "zone": forms.zone,
    "charset": forms.charset,
    "proxy": forms.proxy_url,
    "user_agent": forms.text_line,
}


def read(file: str, text: str, cls: FeedClass) -> tuple[list[Found], list[Problem]]:
    """The feeds of a YAML file. Feeds without fault are returned beside the problems of the others."""
    documents, wrong = places.read(file, text)
    found: list[Found] = []
    for document in documents:
        feeds, problems_here = _document(document, cls)
        found += feeds
        wrong += problems_here
    return found, wrong


def check_entries(source: str, entries: list[Any], cls: FeedClass) -> tuple[list[Found], list[Problem]]:
    """Feeds that came as plain values, say from a request or a table; `source` stands where a file would."""
    return _document(plant({"feeds": entries}, source), cls)


def _document(document: Node, cls: FeedClass) -> tuple[list[Found], list[Problem]]:
    if document.value is None:
        return [], []
    if not isinstance(document.value, dict):
        message = "the file has to be a mapping with the list `feeds`"
        return [], [problems.at(document.place, "", "MON-CFG-006", message)]
    shared, wrong = _defaults(document)
    nodes = [_with_interval(node, shared.entries()) for node in document.at(("feeds",)).items()]
    found: list[Found] = []
    for number, (node, (entry, faults)) in enumerate(zip(nodes, _entries(nodes), strict=True)):
        path: Path = ("feeds", number)
        faults = [*_once(node, faults), *(_forms(node, entry, path) if entry else ())]  # noqa: PLW2901
        wrong += faults
        if entry is not None and not faults:
            found.append(Found(spec(entry, cls), node))
    return found, wrong


def _defaults(document: Node) -> tuple[Node, list[Problem]]:
    """The keys that all feeds of a file share, and what is wrong with the file beside its feeds."""
    allowed = ("defaults", "feeds")
    entries = document.entries()
    wrong = [problems.unknown_key(node.key, key, key, allowed) for key, node in entries.items() if key not in allowed]
    listed = entries.get("feeds")
    if listed is not None and listed.value is not None and not isinstance(listed.value, list):
        wrong.append(problems.at(listed.place, "feeds", "MON-CFG-006", "has to be a list"))
    defaults = _with_interval(entries.get("defaults", EMPTY))
    faults = typed.check(FeedDefaults, defaults, ("defaults",))[1]
    return (EMPTY if faults else defaults), [*wrong, *_once(defaults, faults)]


def _entries(nodes: list[Node]) -> list[tuple[FeedEntry | None, list[Problem]]]:
    """All at once if all are well, which is the rule; one by one to find those that are not."""
    whole, faults = typed.check(FeedsFile, EMPTY._replace(value={"feeds": EMPTY._replace(value=nodes)}))
    if whole is not None and not faults:
        return [(entry, []) for entry in whole.feeds]
    return [typed.check(FeedEntry, node, ("feeds", number)) for number, node in enumerate(nodes)]


def _with_interval(node: Node, shared: Mapping[str, Node] | None = None) -> Node:
    """The entry over its file's defaults, one duration spelt as both bounds."""
    if not isinstance(node.value, dict):
        return node
    merged = {**shared, **node.value} if shared else node.value
    interval = merged.get("interval")
    if interval is not None and isinstance(interval.value, str | int | float):
        merged = {**merged, "interval": interval._replace(value={"min": interval, "max": interval})}
    return node._replace(value=merged)


def _forms(node: Node, entry: FeedEntry, path: Path) -> Iterator[Problem]:
    """What types cannot say about a feed."""
    for name, check in CHECKS.items():
        value = getattr(entry, name)
        message = check(value) if value is not None else None
        if message:
            yield problems.at(node.at((name,)).place, problems.spell((*path, name)), "MON-CFG-010", message)
    bounds = entry.interval
    if bounds is not None and not 0 < bounds.min <= bounds.max:
        message = "min has to be above 0s and not above max"
        yield problems.at(node.at(("interval",)).place, problems.spell((*path, "interval")), "MON-CFG-009", message)


def _once(node: Node, wrong: list[Problem]) -> list[Problem]:
    """A duration that stands for both bounds is wrong once."""
    bounds = node.at(("interval",)).entries()
    if bounds and bounds.get("min") is bounds.get("max"):
        wrong = [
            replace(problem, path=re.sub(r"\.interval\.(min|max)$", ".interval", problem.path)) for problem in wrong
        ]
    return list(dict.fromkeys(wrong))


def spec(entry: FeedEntry, cls: FeedClass) -> FeedSpec:
    """A checked entry as the noun that the rest of the program knows."""
    own = {name: getattr(entry, name) for name in OVERRIDES}
    overrides = FeedOverrides(**own)
    return FeedSpec(
        id=FeedId(entry.id or derived_id(entry.url)),
        url=entry.url,
        name=entry.name,
        language=entry.language,
        country=entry.country,
        tags=entry.tags,
        cls=entry.cls or cls,
        interval=Interval(float(entry.interval.min), float(entry.interval.max)) if entry.interval else None,
        watches=entry.watches,
        filter=entry.filter,
        paused=entry.paused,
        renamed_from=FeedId(entry.renamed_from) if entry.renamed_from else None,
        owner=entry.owner,
        notes=entry.notes,
        overrides=NOTHING if overrides == NOTHING else overrides,
    )


def derived_id(url: str) -> str:
    """The id of a feed that names none: its host and six digits of its URL's hash."""
    slug = re.sub(r"[^a-z0-9]+", "-", forms.host_of(url).removeprefix("www.")).strip("-")[:57].rstrip("-")
    return f"{slug or 'feed'}-{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def same_ids(found: Iterable[Found]) -> tuple[list[Found], list[Problem]]:
    """The first feed of each id, and a problem for every further one, naming both places."""
    first: dict[str, Found] = {}
    wrong = []
    for feed in found:
        known = first.setdefault(feed.spec.id, feed)
        if known is not feed:
            wrong.append(problems.duplicate_id(feed.place("id"), feed.spec.id, "feed", known.place("id")))
    return list(first.values()), wrong


REMEDY = {"blocked_address": " For a feed inside your own network list its network in fetch.allow_cidrs."}
"""What to do about a refusal whose own words do not say it."""


def same_feeds(found: Iterable[Found]) -> Iterator[Problem]:
    """Warnings: one feed under two URLs: http and https, with and without `www.`, with and without a last slash."""
    first: dict[tuple[str, str], Found] = {}
    for feed in found:
        host, _, rest = feed.spec.url.partition("://")[2].partition("/")
        key = (host.lower().removeprefix("www."), rest.rstrip("/"))
        known = first.setdefault(key, feed)
        if known is not feed:
            place = known.place("url")
            message = (
                f"likely the same feed as {known.spec.id} at {place.file}:{place.line}; every article would come twice"
            )
            yield problems.at(feed.place("url"), feed.spec.id, "MON-CFG-032", message)


def refused_feeds(found: Iterable[Found], settings: FetchSettings) -> Iterator[Problem]:
    """Warnings: feeds that the guard refuses as these settings are. Names are judged when they are asked, not here."""
    guard = Guard.of(settings)
    for feed in found:
        fault = guard.check_url(split_userinfo(feed.spec.url)[0])
        if isinstance(fault, Fault):
            message = f"it will never be asked: {fault.detail or fault.reason}{REMEDY.get(fault.kind, '')}"
            yield problems.at(feed.place("url"), feed.spec.id, "MON-CFG-034", message)
