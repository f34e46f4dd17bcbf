"""The embedded ledger without a disk: the same promises, kept in one object that outlives its users.

`MemoryStore` is what a restart leaves behind; `MemoryLedger`, `MemoryRegistry`, `MemoryView` and `MemoryEventLog` are
what a process has of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TypeVar

from monitor.errors import Fenced, LedgerError, Refused
from monitor.model.event import Batch, Logged, Moved, Record
from monitor.model.feed import FeedChanges, FeedSpec, Mark
from monitor.model.ids import FeedId, ShardId
from monitor.model.units import Instant
from monitor.ports import Clock, Point, SinkCursor, pass_by
from monitor.publish.line import numbered
from monitor.schedule.placement import host_key, shard_of
from monitor.state.codec import decode_state, encode_state

T = TypeVar("T")


@dataclass(slots=True)
class MemoryStore:
    """Everything that is durable."""

    specs: dict[FeedId, FeedSpec] = field(default_factory=dict)
    states: dict[FeedId, bytes] = field(default_factory=dict)
    dues: dict[FeedId, Instant] = field(default_factory=dict)
    events: list[Logged] = field(default_factory=list)
    head: int = 0
    cursors: dict[str, SinkCursor] = field(default_factory=dict)
    epochs: dict[ShardId, int] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    listeners: dict[asyncio.Queue[FeedChanges | None], ShardId] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    mark: Mark | None = None
    failing: LedgerError | None = None
    """What every commit raises, until it is None again."""
    shards: int = 1
    """With one, whoever opens any shard finds every feed in it."""
    homes: dict[FeedId, ShardId] = field(default_factory=dict)
    """Where feeds have been put; others are where their URL says."""
    pace: float = 0.0
    max_record: int | None = None
    refusing: Callable[[Record], bool] = lambda _record: False
    """Records that no batch may hold."""

    def holds(self, shard: ShardId, feed: FeedId) -> bool:
        """Whether a feed is in this shard."""
        if self.shards == 1:
            return True
        return self.homes.setdefault(feed, shard_of(host_key(self.specs[feed].url), self.shards)) == shard

    def tell(self, shard: ShardId, changes: FeedChanges) -> None:
        """Tells whoever has this shard open."""
        for listener, listens in self.listeners.items():
            if shard == listens:
                listener.put_nowait(changes)

    def append(self, records: Sequence[Record]) -> None:
        """Numbers those whose id is not there yet."""
        known = {(logged.record.id, logged.record.topic) for logged in self.events}
        for record in records:
            if (record.id, record.topic) not in known:
                known.add((record.id, record.topic))
                self.head += 1
                self.events.append(Logged(self.head, record))

    def ring(self) -> None:
        """Wakes whoever waits for news."""
        self.news.set()
        self.news = asyncio.Event()


class MemoryLedger:
    """Every shard of the store."""

    def __init__(self, store: MemoryStore, point: Point = pass_by) -> None:
        self._store, self._point = store, point

    async def open(self, shard: ShardId) -> MemoryShard:
        self._store.epochs[shard] = self._store.epochs.get(shard, 0) + 1
        return MemoryShard(self._store, shard, self._point)


class MemoryShard:
    """The opened shard; dead after a commit that failed."""

    def __init__(self, store: MemoryStore, shard: ShardId, point: Point) -> None:
        self._store, self._shard, self._epoch, self._point = store, shard, store.epochs[shard], point
        mine = {feed for feed in store.specs if store.holds(shard, feed)}
        self.specs: Mapping[FeedId, FeedSpec] = MappingProxyType(_among(mine, store.specs))
        self.states: Mapping[FeedId, bytes] = MappingProxyType(_among(mine, store.states))
        self.dues: Mapping[FeedId, Instant] = MappingProxyType(_among(mine, store.dues))
        self.positions: Mapping[str, int] = MappingProxyType(dict(store.positions))
        self._changes: asyncio.Queue[FeedChanges | None] = asyncio.Queue()
        self._alive = True
        self.pace, self.max_record = store.pace, store.max_record
        store.listeners[self._changes] = shard

    async def changes(self) -> AsyncIterator[FeedChanges]:
        while (change := await self._changes.get()) is not None:
            yield change

    async def commit(self, batch: Batch) -> None:
        if not self._alive:
            raise LedgerError("the shard was closed, or a commit failed: open it again")
        self._alive = False
        self._point("memory.before_commit")
        if self._store.failing is not None:
            raise self._store.failing
        if self._store.epochs[self._shard] != self._epoch:
            raise Fenced(f"shard {self._shard} was opened again by somebody else")
        if refused := [record.id for record in batch.records if self._store.refusing(record)]:
            raise Refused("records that nobody takes", refused)
        self._keep(batch)
        self._point("memory.after_commit")
        self._alive = True
        self._store.ring()
        await asyncio.sleep(0)

    async def close(self) -> None:
        self._alive = False
        self._store.listeners.pop(self._changes, None)
        self._changes.put_nowait(None)

    def _keep(self, batch: Batch) -> None:
        store = self._store
        store.append(batch.records)
        for feed, state in batch.states:
            if feed in store.specs:
                store.states[feed] = state
                store.dues.pop(feed, None)
        store.dues.update({feed: due for feed, due in batch.dues if feed in store.specs})
        for moved in batch.moved:
            self._move(moved)
        store.positions.update(batch.positions)

    def _move(self, moved: Moved) -> None:
        store, feed = self._store, moved.feed.id
        if feed not in store.specs:
            return
        store.homes[feed], store.specs[feed] = moved.shard, moved.feed
        store.dues.pop(feed, None)
        if moved.state is not None:
            store.states[feed] = moved.state
        store.tell(self._shard, FeedChanges(removed=(feed,)))
        brought = ((feed, moved.state),) if moved.state is not None else ()
        store.tell(moved.shard, FeedChanges((moved.feed,), states=brought))


class MemoryView:
    """Reads without fencing."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def specs(self) -> Mapping[FeedId, FeedSpec]:
        return MappingProxyType(dict(self._store.specs))

    async def states(self) -> Mapping[FeedId, bytes]:
        return MappingProxyType(dict(self._store.states))

    async def dues(self) -> Mapping[FeedId, Instant]:
        return MappingProxyType(dict(self._store.dues))


class MemoryRegistry:
    """Which feeds there are."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def apply(self, changes: FeedChanges, mark: Mark | None = None) -> bool:
        if mark is not None:
            if self._store.mark is not None and self._store.mark.read_at > mark.read_at:
                return False
            self._store.mark = mark
        put = tuple(spec for spec in changes.put if self._remember(spec))
        removed = tuple(feed for feed in changes.removed if self._forget(feed))
        for shard in set(self._store.listeners.values()) if put or removed else ():
            here = tuple(spec for spec in put if self._store.holds(shard, spec.id))
            self._store.tell(shard, FeedChanges(here, removed))
        return True

    async def feeds(self) -> Mapping[FeedId, FeedSpec]:
        return MappingProxyType(dict(self._store.specs))

    async def mark(self) -> Mark | None:
        """Which configuration was applied last."""
        return self._store.mark

    def _remember(self, spec: FeedSpec) -> bool:
        store, old = self._store, spec.renamed_from
        if old in store.states and spec.id not in store.states:
            store.states[spec.id] = encode_state(replace(decode_state(store.states[old]), feed=spec.id))
        changed = store.specs.get(spec.id) != spec
        store.specs[spec.id] = spec
        return changed

    def _forget(self, feed: FeedId) -> bool:
        self._store.states.pop(feed, None)
        self._store.dues.pop(feed, None)
        self._store.homes.pop(feed, None)
        return self._store.specs.pop(feed, None) is not None


class MemoryEventLog:
    """The log, with retention by age (seconds) and size (bytes)."""

    def __init__(self, store: MemoryStore, clock: Clock, age: float = 30 * 86400.0, size: int = 2 << 30) -> None:
        self._store, self._clock, self._age, self._size = store, clock, age, size

    async def read(self, after: int, topics: Sequence[str] = (), limit: int = 500) -> Sequence[Logged]:
        wanted = _chooser(topics, {})
        return [one for one in self._store.events if one.seq > after and wanted(one.record)][:limit]

    async def latest(
        self,
        topics: Sequence[str] = (),
        before: int | None = None,
        limit: int = 50,
        filters: Mapping[str, str] | None = None,
    ) -> Sequence[Logged]:
        wanted = _chooser(topics, filters or {})
        found = [one for one in self._store.events if (before is None or one.seq < before) and wanted(one.record)]
        return found[::-1][:limit]

    async def wait(self, after: int) -> int:
        while self._store.head <= after:
            await self._store.news.wait()
        return self._store.head

    async def head(self) -> int:
        return self._store.head

    async def tail_seq(self) -> int:
        return self._store.events[0].seq if self._store.events else self._store.head + 1

    async def topics(self) -> Sequence[str]:
        return sorted({one.record.topic for one in self._store.events})

    async def cursor(self, sink: str) -> SinkCursor | None:
        return self._store.cursors.get(sink)

    async def cursors(self) -> Sequence[SinkCursor]:
        return sorted(self._store.cursors.values(), key=lambda cursor: cursor.sink)

    async def advance(self, sink: str, seq: int, dead: int = 0) -> None:
        old = self._store.cursors.get(sink)
        if old is not None and old.seq >= seq:
            self._store.cursors[sink] = replace(old, dead=old.dead + dead)
        else:
            self._store.cursors[sink] = SinkCursor(sink, seq, self._clock.now(), dead + (old.dead if old else 0))

    async def expire(self, now: Instant) -> tuple[int, int]:
        tail = await self.tail_seq()
        upto = self._beyond(now)
        missed = [max(0, upto - max(cursor.seq, tail - 1)) for cursor in self._store.cursors.values()]
        for cursor in await self.cursors():
            if cursor.seq < upto:
                await self.advance(cursor.sink, upto, upto - max(cursor.seq, tail - 1))
        before = len(self._store.events)
        self._store.events = [one for one in self._store.events if one.seq > upto]
        return before - len(self._store.events), max(missed, default=0)

    def token(self, seq: int) -> str:
        return str(seq)

    async def seek(self, token: str) -> int:
        return numbered(token)

    def _beyond(self, now: Instant) -> int:
        """The number up to which events go."""
        held, upto = sum(_size(one.record) for one in self._store.events), 0
        for one in self._store.events:
            if one.record.at >= now - self._age and held <= self._size:
                break
            held, upto = held - _size(one.record), one.seq
        return upto


def _among(feeds: set[FeedId], known: Mapping[FeedId, T]) -> dict[FeedId, T]:
    return {feed: value for feed, value in known.items() if feed in feeds}


def _size(record: Record) -> int:
    return len(record.value) + len(record.key) + sum(len(name) + len(value) for name, value in record.headers)


def _chooser(topics: Sequence[str], filters: Mapping[str, str]) -> Callable[[Record], bool]:
    wanted = {("ce_source", f"/feeds/{value}") if name == "feed" else (name, value) for name, value in filters.items()}

    def choose(record: Record) -> bool:
        return (not topics or any(fnmatchcase(record.topic, topic) for topic in topics)) and wanted <= set(
            record.headers
        )

    return choose
