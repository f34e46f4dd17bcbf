"""What to look for (`Watch`) and what was found (`Hit`, `Match`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from monitor.model.article import FieldName
from monitor.model.ids import FeedId, WatchId

Severity = Literal["low", "medium", "high", "critical"]
Limit = Literal["field", "hits"]
"""A bound that judging an article reached: code points of a text, places of a term."""


Break = tuple[int, int, int]
"""An offset in a text, and the line and column at which the text goes on there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1, 0 = not in a file."""

    file: str = ""
    line: int = 0
    column: int = 0
    breaks: tuple[Break, ...] = ()
    """Of a text over several lines, or with escapes: where it goes on elsewhere than behind its last letter."""


@dataclass(frozen=True, slots=True)
class Case:
    """An example beside a watch: the slices a text must give, in order; none at all if `expect` is empty."""

    text: str
    expect: tuple[str, ...]
    lang: str | None = None
    title: str = ""
    place: Place = Place()
    field: FieldName = "body"
    """Where the text stands in the article."""
    authors: tuple[str, ...] = ()
    url: str = ""
    tags: tuple[str, ...] = ()
    source: str = ""
    country: str = ""
    """What else a query may ask of the article, as in `Text`."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A named thing being looked for."""

    id: WatchId
    query: str
    name: str = ""
    severity: Severity = "medium"
    topic: str | None = None
    """After the prefix; None = the template `alerts.topic`."""
    tags: tuple[str, ...] = ()
    owner: str | None = None
    notes: str | None = None
    paused: bool = False
    languages: tuple[str, ...] = ()
    feeds: tuple[FeedId, ...] = ()
    feed_tags: tuple[str, ...] = ()
    """Only articles of these languages, feeds, feeds with these tags; empty = all."""
    burst: tuple[FeedId, ...] = ()
    cases: tuple[Case, ...] = ()
    place: Place = Place()
    """Where the query text begins, so that a caret can point into the file."""


# Named tuples: an article that many watches meet has hundreds of hits, and a frozen dataclass costs six times as much.
class Hit(NamedTuple):
    """One place in one text where a watch was met. Spans are `[start, end)` in code points; `utf16` in UTF-16 units."""

    field: FieldName
    start: int
    end: int
    utf16: tuple[int, int]
    text: str
    """The slice of the field at the span, always."""
    term: str
    """The pattern as its author wrote it, `*` included."""
    kind: str
    """`term` `prefix` `suffix` `phrase` `case` `accent` `symbol` …"""
    concept: str | None
    language: str | None
    """Of the alias that fired, not of the text."""
    clause: tuple[int, int]
    """Columns of the query's clause, from 0."""


class Match(NamedTuple):
    """A watch that an article meets, with at most 200 of its hits in order of field and place."""

    watch: Watch
    version: str
    hits: tuple[Hit, ...]
    hits_total: int
    limits: tuple[Limit, ...] = ()
    """What was reached: beyond it nothing was looked at, so `hits_total` is the least there is."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a query is judged on: the three texts and what metadata tests may ask."""

    title: str = ""
    summary: str = ""
    body: str = ""
    language: str = "und"
    """Primary subtag; `und` = unknown, then every alias runs."""
    authors: tuple[str, ...] = ()
    url: str = ""
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Names under which its source may be asked for."""
    country: str = ""
    """Of the feed, ISO 3166-1 alpha-2; empty = unknown."""
