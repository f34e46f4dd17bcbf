"""The ledger on Kafka: a shard is a partition of the registry and of the states, and the newest producer owns it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.hanging import take_over
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.kept import Contents, contents, fences
from monitor.adapters.kafka.restore import Follower, read_until
from monitor.adapters.kafka.shard import KafkaShard
from monitor.adapters.kafka.transaction import Transactional
from monitor.errors import Fenced
from monitor.model.ids import ShardId
from monitor.ports import Point, pass_by

PACE, PACE_PER_SHARD, LONGEST_PACE = 0.1, 0.02, 0.5
"""Seconds between two commits of a shard: brokers have work with each, and every shard of a process makes its own."""


class KafkaLedger:
    """`ports.Ledger`. A shard that failed is opened again only when it is still ours."""

    def __init__(
        self,
        settings: ClusterSettings,
        installation: Installation,
        *,
        confirm: Callable[[ShardId], Awaitable[bool]] | None = None,
        gate: Callable[[], Awaitable[None]] | None = None,
        point: Point = pass_by,
    ) -> None:
        """`confirm` tells whether a shard is ours by what is learned after it was asked; `gate` returns when the
        topics are there, or raises LedgerError."""
        self.settings, self.installation, self.point = settings, installation, point
        self._confirm, self._gate = confirm, gate
        self._open: set[KafkaShard] = set()
        self._failed: dict[ShardId, bool] = {}
        """Shards that are not open as they should be, and whether their next producer sends each record alone."""

    async def open(self, shard: ShardId) -> KafkaShard:
        """Fences the former owner, then reads what that one committed. Raises Fenced, LedgerError.

        One try, which ends: whoever wants the shard tries again, with growing pauses.
        """
        if self._gate is not None:
            await self._gate()
        if shard in self._failed and self._confirm is not None and not await self._confirm(shard):
            raise Fenced(f"nobody confirms that shard {shard} is still ours")
        alone = self._failed.setdefault(shard, False)
        name = self.installation.transactional_id(shard)
        producer = await take_over(self.settings, self.installation, name, alone=alone)
        try:
            found, offset = await self._restore(producer, shard)
        except BaseException:
            await producer.close()
            raise
        self._failed.pop(shard)
        return self._opened(shard, producer, found, offset)

    def pace(self) -> float:
        """Seconds between the beginnings of two commits of a shard."""
        return min(max(PACE, PACE_PER_SHARD * len(self._open)), LONGEST_PACE)

    def forget(self, shard: KafkaShard) -> None:
        """It was closed."""
        self._open.discard(shard)

    def note_fault(self, shard: ShardId, *, crowded: bool) -> None:
        """It has to be opened again; `crowded`: with a producer that sends each record alone."""
        self._failed[shard] = crowded

    async def _restore(self, producer: Transactional, shard: ShardId) -> tuple[Contents, int]:
        """What both partitions hold, and from where on the registry's is to be followed."""
        (_, registry_end), (_, state_end) = await producer.commit(fences(self.installation, shard))
        registry, states = await asyncio.gather(
            read_until(self.settings, self.installation.feeds, {shard: registry_end}),
            read_until(self.settings, self.installation.states, {shard: state_end}),
        )
        return contents(registry, states), max([registry_end, *(kept.offset for kept in registry)]) + 1

    def _opened(self, shard: ShardId, producer: Transactional, found: Contents, offset: int) -> KafkaShard:
        follower = Follower(self.settings, self.installation.feeds, shard, offset)
        opened = KafkaShard(self, shard, producer, found, follower)
        self._open.add(opened)
        return opened
