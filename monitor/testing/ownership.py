"""Ownership as a test says it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from monitor.model.ids import ShardId


class ScriptedOwnership:
    """`assign` hands out shards; whoever listens gets the newest whole set, never one that is out of date."""

    def __init__(self, *shards: int) -> None:
        self._shards = frozenset(ShardId(number) for number in shards)
        self._changed = asyncio.Event()
        self._changed.set()

    def assign(self, *shards: int) -> None:
        """From now on these shards are ours, and no others."""
        self._shards = frozenset(ShardId(number) for number in shards)
        self._changed.set()

    async def assignments(self) -> AsyncIterator[frozenset[ShardId]]:
        while True:
            await self._changed.wait()
            self._changed.clear()
            yield self._shards

    async def confirmed(self, shard: ShardId) -> bool:
        return shard in self._shards

    async def close(self) -> None:
        self.assign()
