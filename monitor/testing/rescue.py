"""`Rescue` as one list per shard, which outlives its users."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.errors import LedgerError
from monitor.model.ids import FeedId, ShardId
from monitor.ports import Spooled


@dataclass(slots=True)
class MemoryRescue:
    """`where`: the shard each feed is in; others are in none."""

    where: Mapping[FeedId, ShardId] = field(default_factory=dict)
    kept: dict[ShardId, list[Spooled | None]] = field(default_factory=dict)
    failing: LedgerError | None = None
    """What `homes` and `put` raise, until it is None again."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def homes(self, row: Spooled) -> frozenset[ShardId]:
        if self.failing is not None:
            raise self.failing
        home = self.where.get(row.feed.id)
        return frozenset() if home is None else frozenset({home})

    async def put(self, rows: Sequence[tuple[ShardId, Spooled]]) -> None:
        if self.failing is not None:
            raise self.failing
        for shard, row in rows:
            self.kept.setdefault(shard, []).append(row)
        self.news.set()
        self.news = asyncio.Event()

    async def rows(self, shard: ShardId, position: int) -> AsyncGenerator[Sequence[tuple[int, Spooled | None]], None]:
        while True:
            news, found = self.news, self.kept.get(shard, [])[position:]
            if found:
                yield list(enumerate(found, position + 1))
                position += len(found)
            else:
                await news.wait()

    async def close(self) -> None:
        """Nothing is open."""
