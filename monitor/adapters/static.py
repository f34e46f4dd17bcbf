"""Ownership without anybody to share with: every shard is ours, for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from monitor.model.ids import ShardId


class StaticOwnership:
    """All shards from the start on."""

    def __init__(self, shards: int = 1) -> None:
        self._shards = frozenset(ShardId(number) for number in range(shards))

    async def assignments(self) -> AsyncIterator[frozenset[ShardId]]:
        """One set, and then nothing any more: the iterator waits until it is cancelled."""
        yield self._shards
        await asyncio.Event().wait()

    async def confirmed(self, shard: ShardId) -> bool:
        return shard in self._shards

    async def close(self) -> None:
        """Nobody else waits for a shard."""
