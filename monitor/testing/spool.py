"""`Spool` as a list of values: the same promises as a disk's, kept in one object that outlives its users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.model.feed import FeedSpec
from monitor.model.ids import ShardId
from monitor.model.units import Instant
from monitor.ports import Spooled
from monitor.state.spooling import encode_reading

if TYPE_CHECKING:
    from monitor.pipeline import Polled


@dataclass(slots=True)
class SpoolStore:
    """What a restart leaves behind."""

    rows: list[Spooled] = field(default_factory=list)
    number: int = 0


class ListSpool:
    """What a process has of it. `size`: bytes of all rows together."""

    def __init__(self, store: SpoolStore, size: int = 1 << 20) -> None:
        self.store, self.size = store, size
        self.calls: list[str] = []
        """What was asked for, in order."""

    async def append(self, shard: ShardId, feed: FeedSpec, reading: Polled, at: Instant) -> bool:
        self.calls.append("append")
        row = Spooled(self.store.number + 1, shard, feed, reading, at)
        if sum(map(_size, [*self.store.rows, row])) > self.size:
            return False
        self.store.number = row.number
        self.store.rows.append(row)
        return True

    async def replay(self, shard: ShardId, limit: int = 50) -> Sequence[Spooled]:
        self.calls.append("replay")
        return [row for row in self.store.rows if row.shard == shard][:limit]

    async def forget(self, numbers: Sequence[int]) -> None:
        self.calls.append("forget")
        self.store.rows = [row for row in self.store.rows if row.number not in numbers]

    async def shards(self) -> Mapping[ShardId, int]:
        return Counter(row.shard for row in self.store.rows)

    async def close(self) -> None:
        """Nothing is held."""


def _size(row: Spooled) -> int:
    return len(encode_reading(row.feed, row.reading, row.at))
