"""The shards of this process, as they come, move and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from monitor.model.ids import FeedId, ShardId
from monitor.model.snapshot import FeedRow

if TYPE_CHECKING:
    from monitor.app.shards import Shard

DRAIN, HAND_OVER = 10.0, 2.0
"""Seconds running polls are given when the service stops, and when a shard goes to another process, which waits."""

Factory = Callable[[ShardId], "Shard"]


class Shards:
    """Keeps, starts and stops shards by the newest assignment. One that stays never pauses."""

    def __init__(self, make: Factory, *, ends: bool = False, drain: float = DRAIN) -> None:
        """`ends`: the shards run one round each, and with the last of them all is done. `drain`: seconds that running
        polls are given when the service stops."""
        self._make, self._ends, self._drain = make, ends, drain
        self._tasks: dict[ShardId, asyncio.Task[None]] = {}
        """The newest of each shard, until it has ended."""
        self._following: asyncio.Task[None] | None = None
        self.shards: dict[ShardId, Shard] = {}
        self.assigned: frozenset[ShardId] | None = None
        """The newest set; None before the first: not a member yet."""

    async def run(self, assignments: AsyncIterator[frozenset[ShardId]]) -> None:
        """Follows assignments until `stop`."""
        async with asyncio.TaskGroup() as group:
            self._following = group.create_task(self._follow(assignments, group))

    def stop(self) -> None:
        """Stops every shard; `run` returns when all have drained."""
        if self._following is not None:
            self._following.cancel()
        for shard in self.shards.values():
            shard.stop(self._drain)

    def rows(self) -> Mapping[FeedId, FeedRow]:
        """The pictures of all feeds of our shards; of one that is not open as it last was, if it ever was."""
        # A feed may have moved meanwhile: an open shard knows better.
        known_last = sorted(self.shards.values(), key=lambda shard: shard.running is not None)
        return {feed: row for shard in known_last for feed, row in shard.rows.items()}

    async def _follow(self, assignments: AsyncIterator[frozenset[ShardId]], group: asyncio.TaskGroup) -> None:
        async for wanted in assignments:
            self.assigned = wanted
            for number in self.shards.keys() - wanted:
                self.shards.pop(number).stop(HAND_OVER)
            for number in wanted - self.shards.keys():
                self.shards[number] = self._make(number)
                task = group.create_task(self._run(self.shards[number], self._tasks.get(number)))
                self._tasks[number] = task
                task.add_done_callback(partial(self._ended, number))

    async def _run(self, shard: Shard, former: asyncio.Task[None] | None) -> None:
        """A shard that comes back waits for its own past: two of one process would fence each other."""
        if former is not None:
            await asyncio.wait({former})
        await shard.run()

    def _ended(self, number: ShardId, task: asyncio.Task[None]) -> None:
        if self._tasks.get(number) is task:
            del self._tasks[number]
        if self._ends and not self._tasks and self._following is not None:
            self._following.cancel()
