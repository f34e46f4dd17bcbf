"""One membership in the group that shares the shards out: a consumer whose records nobody reads.

The library starts and ends heartbeats by itself; here each acknowledged one is noted, and one can be asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.client import ConnectionGroup
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.protocol.group import LeaveGroupRequest
from aiokafka.structs import TopicPartition

from monitor.adapters.kafka.client import (
    FAULTS,
    ClusterSettings,
    Stamps,
    close_bounded,
    connection,
    ended,
    stamps,
    starting,
)
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.producer import end_bounded
from monitor.errors import Unreachable
from monitor.model.ids import ShardId

HEARTBEATS = 4
"""In one session timeout, at least."""
LONGEST_BEAT = 1.0
"""Seconds between two: a member learns of a rebalance by its next one, and until then nobody gets a shard."""
LEAVE_LIMIT, LAST_WORD = 1.0, 0.5
"""Seconds the library has for leaving the group, then we ourselves for saying so."""
Assignor = type[StickyPartitionAssignor]


def assignor() -> Assignor:
    """A sticky assignor with a memory of its own: the library keeps it in the attributes of the class."""

    class Sticky(StickyPartitionAssignor):  # type: ignore[misc]
        pass

    return Sticky


class Member(ConsumerRebalanceListener):  # type: ignore[misc]
    """A consumer in the group, until it is closed. Times are those of the running loop."""

    def __init__(
        self,
        inner: AIOKafkaConsumer,
        kind: Assignor,
        rim: tuple[ClusterSettings, Stamps],
        place: Installation,
        told: Callable[[], None],
    ) -> None:
        self._inner, self._kind, self._installation, self._told = inner, kind, place, told
        self._settings, self._seen = rim
        self._checked = asyncio.get_running_loop().time()
        self.shards: frozenset[ShardId] | None = None
        """As of the last rebalance; None before the first."""
        self.joining = True
        """A rebalance is under way: heartbeats pause, the assignment may change."""
        self.acked = asyncio.get_running_loop().time()
        """When the last request was sent by whose answer we know that we are in the group."""

    @classmethod
    async def open(
        cls, settings: ClusterSettings, installation: Installation, kind: Assignor, told: Callable[[], None]
    ) -> Member:
        """Connects and begins to join; `told` is called before and after each rebalance. Raises Unreachable."""
        seen = await asyncio.to_thread(stamps, settings.security)
        beat = min(installation.session_timeout / HEARTBEATS, LONGEST_BEAT)
        inner = AIOKafkaConsumer(
            **await connection(settings),
            group_id=installation.pollers,
            partition_assignment_strategy=(kind,),
            session_timeout_ms=round(installation.session_timeout * 1000),
            heartbeat_interval_ms=round(beat * 1000),
            enable_auto_commit=False,
            auto_offset_reset="latest",
            isolation_level="read_committed",
        )
        self = cls(inner, kind, (settings, seen), installation, told)
        async with starting(settings, self.close):
            await inner.start()
            await self._join()
        return self

    async def _join(self) -> None:
        """Asks for all topics first: a name that is unknown would make brokers of default settings create it."""
        feeds, wanted = self._installation.feeds, self._installation.shards
        cluster = await self._inner._client.fetch_all_metadata()
        found = len(cluster.partitions_for_topic(feeds) or ())
        if found != wanted:
            raise Unreachable(f"topic {feeds} has {found} partitions, the configuration says {wanted} shards")
        coordinator = self._inner._coordinator
        coordinator._do_heartbeat = self._noting(coordinator._do_heartbeat)
        self._inner.subscribe([feeds], listener=self)

    def _noting(self, send: Callable[[], Any]) -> Callable[[], Any]:
        """The library's heartbeat, whose acknowledgement is noted with the time at which it was sent."""

        async def beat() -> bool:
            sent = asyncio.get_running_loop().time()
            acknowledged = bool(await send())
            if acknowledged:
                self.acked = sent
            return acknowledged

        return beat

    def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        """Nothing stops: only what goes to somebody else in the end is given up."""
        self._told()
        self.joining = True

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Only notes: heartbeats wait for the end of this call."""
        # The library forgets to: without it a member that comes back from the dead claims what others have by now.
        self._kind.on_generation_assignment(self._inner._coordinator.generation)
        self.shards = frozenset(ShardId(one.partition) for one in assigned)
        self.joining, self.acked = False, asyncio.get_running_loop().time()
        self._told()

    async def poll(self, seconds: float) -> None:
        """Keeps the library believing that somebody reads. Raises one of FAULTS when the client has to be replaced."""
        with suppress(*FAULTS):
            self._inner.pause(*self._inner.assignment())
        # What takes too long says nothing, least of all in a process that was frozen: only heartbeats count.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * 4):
                await self._inner.getmany(timeout_ms=round(seconds * 1000))

    async def stale(self) -> bool:
        """Whether a certificate or password was replaced: a client keeps to those it was started with."""
        now = asyncio.get_running_loop().time()
        if now - self._checked < self._settings.recheck:
            return False
        self._checked = now
        return self._seen != await asyncio.to_thread(stamps, self._settings.security)

    async def confirmed(self, shard: ShardId) -> bool | None:
        """Whether a shard is ours by a heartbeat sent now; None if the group is not settled or does not answer."""
        coordinator = self._inner._coordinator
        generation, asked = coordinator.generation, asyncio.get_running_loop().time()
        if not self._settled(generation):
            return None
        with suppress(*FAULTS):
            async with asyncio.timeout(self._installation.session_timeout / HEARTBEATS):
                await coordinator._do_heartbeat()
        if self.acked < asked or not self._settled(generation):
            return None
        return shard in (self.shards or ())

    def _settled(self, generation: int) -> bool:
        coordinator = self._inner._coordinator
        rejoining = self.joining or coordinator._rejoin_needed_fut.done()
        return self.shards is not None and not rejoining and coordinator.generation == generation

    async def close(self) -> None:
        """Leaves the group and ends, within 2 s or little more, whatever the brokers do."""
        if await ended(self._inner.stop(), LEAVE_LIMIT):
            return
        if (coordinator := self._inner._coordinator) is not None:
            await end_bounded(coordinator._coordination_task)
            await self._say_that_we_leave(coordinator)
            await asyncio.gather(*map(end_bounded, (coordinator._heartbeat_task, coordinator._commit_refresh_task)))
        if (fetcher := self._inner._fetcher) is not None:
            await ended(fetcher.close(), LAST_WORD)
        await close_bounded(self._inner._client)

    async def _say_that_we_leave(self, coordinator: Any) -> None:
        """Over a connection of its own: on the usual one brokers answer nothing until the rebalance is over."""
        request = LeaveGroupRequest(coordinator.group_id, coordinator.member_id)
        if coordinator.coordinator_id is None or not coordinator.member_id:
            return
        with suppress(*FAULTS):
            async with asyncio.timeout(LAST_WORD):
                await self._inner._client.send(coordinator.coordinator_id, request, group=ConnectionGroup.DEFAULT)
