"""An opened shard on Kafka: what was restored, what the registry changes, and commits until the first fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Protocol

from monitor.adapters.kafka.client import CLOSE_LIMIT, ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.kept import Contents
from monitor.adapters.kafka.mirror import Mirror
from monitor.adapters.kafka.producer import end_bounded
from monitor.adapters.kafka.restore import Follower
from monitor.adapters.kafka.transaction import Transactional
from monitor.errors import LedgerError
from monitor.model.event import Batch
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.model.units import Instant
from monitor.ports import Point


class Home(Protocol):
    """The ledger a shard was opened by."""

    settings: ClusterSettings
    installation: Installation
    point: Point

    def pace(self) -> float:
        """Seconds between the beginnings of two commits of a shard."""

    def forget(self, shard: KafkaShard) -> None:
        """It was closed."""

    def note_fault(self, shard: ShardId, *, crowded: bool) -> None:
        """It has to be opened again; `crowded`: with a producer that sends each record alone."""


class KafkaShard:
    """`ports.ShardLedger`. Commits run one after the other; after one that failed or was cancelled it is dead."""

    def __init__(
        self, home: Home, shard: ShardId, producer: Transactional, found: Contents, follower: Follower
    ) -> None:
        self.specs: Mapping[FeedId, FeedSpec] = MappingProxyType(found.specs)
        self.states: Mapping[FeedId, bytes] = MappingProxyType(found.brought | found.states)
        self.dues: Mapping[FeedId, Instant] = MappingProxyType(found.dues)
        self.positions: Mapping[str, int] = MappingProxyType(found.positions)
        self._home, self._shard, self._producer, self._follower = home, shard, producer, follower
        self._mirror = Mirror(home.installation, shard, found)
        self._turn, self._alive, self._closed = asyncio.Lock(), True, False
        self._changes: asyncio.Queue[FeedChanges | LedgerError | None] = asyncio.Queue()
        self._following = asyncio.create_task(self._follow())
        self._following.add_done_callback(self._heard)

    @property
    def pace(self) -> float:
        """Seconds; grows with the shards this process has open."""
        return self._home.pace()

    @property
    def max_record(self) -> int:
        """Bytes of one record with key and headers."""
        return self._home.settings.max_record

    async def changes(self) -> AsyncIterator[FeedChanges]:
        """Ends when the shard is closed. Raises LedgerError for a record of the registry that cannot be read."""
        while (change := await self._changes.get()) is not None:
            if isinstance(change, LedgerError):
                raise change
            yield change

    async def commit(self, batch: Batch) -> None:
        """One transaction. Raises Fenced, Refused, LedgerError; the shard is then to be opened again.

        States and due times of feeds that are not in the registry any more are not kept.
        """
        async with self._turn:
            if not self._alive:
                raise LedgerError("the shard was closed, or a commit failed: open it again")
            self._alive = False
            try:
                await self._write(batch)
            except BaseException:
                self._home.note_fault(self._shard, crowded=self._producer.crowded)
                raise
            self._alive = True

    async def close(self) -> None:
        """Ends within its limit, whatever the brokers do."""
        self._alive = False
        if self._closed:
            return
        self._closed = True
        self._home.forget(self)
        self._changes.put_nowait(None)
        await asyncio.gather(self._producer.close(), self._end_following())

    async def _write(self, batch: Batch) -> None:
        if await self._producer.stale():
            # Another owner may have come and gone since the last commit, so it is not enough to connect anew.
            raise LedgerError("the producer has done its time: open it again")
        point, step = self._home.point, self._mirror.plan(batch)
        point("kafka.before_commit")
        await self._producer.commit(step.entries, lambda: point("kafka.sent"))
        point("kafka.after_commit")
        self._mirror.settle(step)

    async def _end_following(self) -> None:
        """Left to itself at first: a connection that is cut off while it is made is never closed by the library."""
        await self._follower.close()
        await asyncio.wait({self._following}, timeout=CLOSE_LIMIT)
        await end_bounded(self._following)

    async def _follow(self) -> None:
        async for kept in self._follower:
            if (change := self._mirror.follow(kept)) is not None:
                self._changes.put_nowait(change)

    def _heard(self, following: asyncio.Task[None]) -> None:
        """Whatever has ended it, whoever listens has to know: else feeds would never change here any more."""
        error = None if following.cancelled() else following.exception()
        if error is not None and not isinstance(error, LedgerError):
            error = LedgerError(f"the registry cannot be followed: {type(error).__name__} {error}")
        if isinstance(error, LedgerError):
            self._changes.put_nowait(error)
