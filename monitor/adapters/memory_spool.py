"""Polls that wait in memory for a ledger that is away: bounded in bytes over all shards, gone with the process.

Nothing is lost by that: what waits here has been acknowledged nowhere, so the next process polls its feeds anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING

from monitor.model.feed import FeedSpec
from monitor.model.ids import ShardId
from monitor.model.units import Instant
from monitor.ports import Spooled
from monitor.state.spooling import decode_reading, encode_reading

if TYPE_CHECKING:
    from monitor.pipeline import Polled

OVERHEAD = 200
"""Bytes a row costs besides its own."""


class MemorySpool:
    """`ports.Spool` for whoever has no volume. Rows are kept as bytes, so that the bound is one."""

    def __init__(self, size: int) -> None:
        """`size`: bytes of all rows together."""
        self._size, self._held = size, 0
        self._numbers = count(1)
        self._rows: dict[ShardId, dict[int, bytes]] = {}

    async def append(self, shard: ShardId, feed: FeedSpec, reading: Polled, at: Instant) -> bool:
        """False: it would be beyond the bound."""
        data = encode_reading(feed, reading, at)
        if self._held + len(data) + OVERHEAD > self._size:
            return False
        self._held += len(data) + OVERHEAD
        self._rows.setdefault(shard, {})[next(self._numbers)] = data
        return True

    async def replay(self, shard: ShardId, limit: int = 50) -> Sequence[Spooled]:
        """The oldest of this shard."""
        found = []
        for number, data in list(islice(self._rows.get(shard, {}).items(), limit)):
            found.append(Spooled(number, shard, *decode_reading(data)))
            # One takes milliseconds, and whoever else waits for the loop has its turn in between.
            await asyncio.sleep(0)
        return found

    async def forget(self, numbers: Sequence[int]) -> None:
        """Drops these; a number that is not there any more is no mistake."""
        gone = set(numbers)
        for shard, rows in list(self._rows.items()):
            for number in gone & rows.keys():
                self._held -= len(rows.pop(number)) + OVERHEAD
            if not rows:
                del self._rows[shard]

    async def shards(self) -> Mapping[ShardId, int]:
        return {shard: len(rows) for shard, rows in self._rows.items()}

    async def close(self) -> None:
        self._rows.clear()
        self._held = 0
