"""What waited while the ledger was away becomes durable: oldest first, before any feed of the shard is polled.

Each reading is judged again by the state of the day and committed as any other; only then is its row forgotten. A
crash in between is harmless, for states recognise items. Rows whose feed is in another shard by now are handed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableSet, Sequence
from contextlib import aclosing

from monitor.app.commits import Position
from monitor.app.parts import Parts
from monitor.app.running import Running
from monitor.app.worker import Worker
from monitor.errors import LedgerError
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import SpoolDropped, SpoolReplayed, SpoolRescued
from monitor.ports import Rescue, ShardLedger, Spool, Spooled
from monitor.schedule.placement import elsewhere

GROUP = 50
"""Rows that become durable together, if they are of as many feeds."""
LOOK = 15.0
"""Seconds between two looks for rows of shards that are not ours."""
TURN = 0.2
"""Seconds between two looks whether a poll of the same feed has ended."""
ARRIVAL, AGAIN = 60.0, 2.0
"""Seconds a feed may be on its way to or from a shard, as far as others know, and between two looks for it."""
RESCUE = "rescue"
"""Names the position up to which a shard has read what others rescued for it."""


class Replay:
    """The rows of one shard, into its ledger that is open again."""

    def __init__(self, shard: ShardId, parts: Parts, running: Running, worker: Worker) -> None:
        self._shard, self._parts, self._running, self._worker = shard, parts, running, worker
        self._done = 0

    async def run(self, stopping: Callable[[], bool]) -> frozenset[FeedId]:
        """Until none waits, or the shard is stopped; returns the feeds it was about. Raises LedgerError in a group."""
        spool, feeds = self._parts.spool, set[FeedId]()
        while spool is not None and not stopping() and (rows := await spool.replay(self._shard, GROUP)):
            group = one_each(rows)
            feeds |= {row.feed.id for row in group}
            await self._replay(spool, group)
        if self._done:
            self._parts.observe(SpoolReplayed(self._shard, self._done))
        return frozenset(feeds)

    async def _replay(self, spool: Spool, rows: Sequence[Spooled]) -> None:
        specs, strangers = self._running.specs, list[Spooled]()
        async with asyncio.TaskGroup() as group:
            for row in rows:
                if (spec := specs.get(row.feed.id)) is None:
                    strangers.append(row)
                else:
                    group.create_task(self._take_up(spec, row))
        await part_with(self._parts, self._shard, strangers)
        await spool.forget([row.number for row in rows])
        self._done += len(rows) - len(strangers)

    async def _take_up(self, spec: FeedSpec, row: Spooled) -> None:
        await self._worker.take_up(spec, self._running.states.get(spec.id), row)


class Adoption:
    """What other processes rescued for one shard, read beside its polls."""

    def __init__(
        self,
        shard: ShardId,
        parts: Parts,
        running: Running,
        in_flight: MutableSet[FeedId],
        passed: Callable[[Position], None],
    ) -> None:
        """`in_flight`: feeds that are being polled, or taken up here. `passed` is told how far it is read where nothing
        was kept: what is handed on again days later would be published again."""
        self._shard, self._parts, self._running, self._in_flight = shard, parts, running, in_flight
        self._passed = passed

    async def run(self, rescue: Rescue, ledger: ShardLedger, worker: Worker) -> None:
        """Until cancelled. The position moves with what was read, so that nothing is read twice."""
        async with aclosing(rescue.rows(self._shard, ledger.positions.get(RESCUE, 0))) as found:
            async for rows in found:
                for position, row in rows:
                    if row is None or not await self._adopt(rescue, worker, row, position):
                        self._passed((RESCUE, position))

    async def _adopt(self, rescue: Rescue, worker: Worker, row: Spooled, position: int) -> bool:
        """False: it is for another shard, or for none."""
        feed, clock = row.feed.id, self._parts.clock
        while feed in self._in_flight:
            await clock.sleep_until(clock.monotonic() + TURN)
        if (spec := self._running.specs.get(feed)) is None and (spec := await self._arrived(rescue, row)) is None:
            return False
        if (home := self._leaving(spec)) is not None:
            await rescue.put([(home, row)])
            return False
        self._in_flight.add(feed)
        try:
            await worker.take_up(spec, self._running.states.get(feed), row, (RESCUE, position))
        finally:
            self._in_flight.discard(feed)
        return True

    async def _arrived(self, rescue: Rescue, row: Spooled) -> FeedSpec | None:
        """The feed of a row that is not here: on its way to us, or it has left and its row goes after it."""
        clock, feed = self._parts.clock, row.feed.id
        end = clock.monotonic() + ARRIVAL
        while self._shard in (homes := await rescue.homes(row)) and clock.monotonic() < end:
            await clock.sleep_until(clock.monotonic() + AGAIN)
            if (spec := self._running.specs.get(feed)) is not None:
                return spec
        others = homes - {self._shard}
        await rescue.put([(home, row) for home in sorted(others)])
        if not others:
            self._parts.observe(SpoolDropped(self._shard, 1, "the feed or its shard is not here any more"))
        return None

    def _leaving(self, spec: FeedSpec) -> ShardId | None:
        """The shard a feed is on its way to: what is taken up now could come behind its state."""
        address = self._running.state(spec.id).address(spec.url)
        return elsewhere(address, self._shard, self._parts.shards)


class Rescuer:
    """Rows of shards that are not ours: after a move, or when a volume comes back under another process."""

    def __init__(self, parts: Parts, ours: Callable[[], frozenset[ShardId] | None]) -> None:
        """`ours`: the shards of this process; None while nobody has told."""
        self._parts, self._ours = parts, ours
        self._strange: frozenset[ShardId] = frozenset()

    async def run(self) -> None:
        """Looks again and again, if there is a spool; a shard has to be somebody else's at two looks, for assignments
        come and go."""
        clock = self._parts.clock
        while self._parts.spool is not None:
            await clock.sleep_until(clock.monotonic() + LOOK)
            await self.look()

    async def look(self) -> None:
        """Once. What cannot be handed on now stays."""
        spool, ours = self._parts.spool, self._ours()
        if spool is None or ours is None:
            return
        strange = frozenset(await spool.shards()) - ours
        for shard in sorted(strange & self._strange):
            try:
                await self._hand_on(spool, shard)
            except LedgerError:
                break
        self._strange = strange

    async def _hand_on(self, spool: Spool, shard: ShardId) -> None:
        while shard not in (self._ours() or ()) and (rows := await spool.replay(shard, GROUP)):
            await part_with(self._parts, shard, rows)
            await spool.forget([row.number for row in rows])


async def part_with(parts: Parts, shard: ShardId, rows: Sequence[Spooled]) -> None:
    """Hands rows on to wherever their feeds may be now; durable on return. Raises LedgerError if that cannot be."""
    if not rows:
        return
    if parts.rescue is None:
        parts.observe(SpoolDropped(shard, len(rows), "the feed or its shard is not here any more"))
        return
    homes = {row.number: await parts.rescue.homes(row) for row in rows}
    await parts.rescue.put([(home, row) for row in rows for home in sorted(homes[row.number])])
    gone = sum(not homes[row.number] for row in rows)
    if gone:
        parts.observe(SpoolDropped(shard, gone, "there is no such feed any more"))
    if len(rows) > gone:
        parts.observe(SpoolRescued(shard, len(rows) - gone))


def one_each(rows: Sequence[Spooled]) -> Sequence[Spooled]:
    """The first rows of different feeds: the next of the same feed has to be judged by what they lead to."""
    seen = set[FeedId]()
    for count, row in enumerate(rows):
        if row.feed.id in seen:
            return rows[:count]
        seen.add(row.feed.id)
    return rows
