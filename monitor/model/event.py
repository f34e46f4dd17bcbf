"""What is published: events, their records, and the batch that becomes durable together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from monitor.model.article import Identified, Reading
from monitor.model.feed import FeedSpec
from monitor.model.ids import EventId, FeedId, ShardId
from monitor.model.notes import Note
from monitor.model.state import Counts, FeedState
from monitor.model.units import Instant
from monitor.model.watch import Limit, Match

Change = Literal["new", "updated", "baseline"]
FeedEventKind = Literal["gap", "moved", "retired", "silent", "truncated", "storm", "added", "removed"]


@dataclass(frozen=True, slots=True)
class ArticleEvent:
    """`news.article.v1`: an article is new, or differs from what was published before."""

    id: EventId
    time: Instant
    change: Change
    changed: tuple[str, ...]
    article: Identified
    watches: tuple[str, ...]
    generation: str
    limits: tuple[Limit, ...] = ()
    """`field` if a text is longer than what was judged of it."""


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """`news.alert.v1`: one watch met by one article."""

    id: EventId
    time: Instant
    change: Change
    article: Identified
    match: Match
    generation: str


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """`news.feed.v1`: something an operator should know about a feed."""

    id: EventId
    time: Instant
    kind: FeedEventKind
    feed: FeedSpec
    detail: dict[str, Any]
    generation: str


Event = ArticleEvent | AlertEvent | FeedEvent


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that could not be read or published, kept with its reason and raw bytes."""

    feed: FeedId
    stage: Literal["read", "publish", "sink"]
    reason: str
    message: str
    raw: bytes
    at: Instant


@dataclass(frozen=True, slots=True)
class Record:
    """What goes into a topic. `id` is the event id, the same for ever; header values are ASCII, never feed text."""

    topic: str
    key: str
    value: bytes
    headers: tuple[tuple[str, str], ...]
    id: str
    at: Instant
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A record read back, with its place in the log."""

    seq: int
    record: Record
    place: tuple[int, int] | None = None
    """Partition and offset, where the log has them; `seq` then only counts within the process that reads."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one poll leads to. `state` replaces the old one only when everything here is durable."""

    feed: FeedSpec
    state: FeedState
    events: tuple[Event, ...] = ()
    records: tuple[Record, ...] = ()
    """The events and dead letters, encoded."""
    counts: Counts = Counts()
    dead_letters: tuple[DeadLetter, ...] = ()
    notes: tuple[Note, ...] = ()
    reading: Reading | None = None
    """What was read, for a ledger that is away: then not the outcome is kept but what led to it."""

    @property
    def alerts_by_watch(self) -> tuple[tuple[str, int], ...]:
        """How many alerts each watch raised, watches in order of their first."""
        found = Counter(event.match.watch.id for event in self.events if isinstance(event, AlertEvent))
        return tuple(found.items())


@dataclass(frozen=True, slots=True)
class Moved:
    """A feed on its way to the shard of its host, with all that is remembered of it."""

    feed: FeedSpec
    state: bytes | None
    shard: ShardId


@dataclass(frozen=True, slots=True)
class Batch:
    """States and records of one shard that become durable together, or not at all."""

    shard: ShardId
    states: tuple[tuple[FeedId, bytes], ...] = ()
    """Encoded by `state.codec`; replaces what is stored for the feed."""
    records: tuple[Record, ...] = ()
    dues: tuple[tuple[FeedId, Instant], ...] = field(default=())
    """Due times of feeds whose poll changed nothing else."""
    moved: tuple[Moved, ...] = ()
    """Feeds whose host belongs to another shard: they leave this one in the same step."""
    positions: tuple[tuple[str, int], ...] = ()
    """How far the shard has read what is named so; moves in the same step."""
