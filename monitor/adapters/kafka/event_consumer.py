"""A consumer of committed events whose every call ends, by itself or as one of a group."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from sys import intern
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from monitor.adapters.kafka.client import (
    CLOSE_LIMIT,
    ClusterSettings,
    Stamps,
    close_bounded,
    connection,
    ended,
    stamps,
    starting,
)
from monitor.adapters.kafka.event_places import Part, Places
from monitor.adapters.kafka.event_ring import Read
from monitor.model.event import Record

LONG_POLL = 500
"""Milliseconds brokers keep a question; they answer at once when something is committed."""
PART_BYTES, FETCH_BYTES = 1 << 20, 4 << 20
"""Of one partition and one answer: an answer is unpacked in one go, and nothing else runs meanwhile."""
NEVER = (1 << 31) - 1
"""Milliseconds: a sink may wait long for its target, and is a member of its group all the same."""
SHARED = frozenset(
    {"ce_specversion", "ce_type", "ce_dataschema", "content-type", "ce_source", "ce_watch", "ce_severity"}
)
"""Headers of few values: one text in memory serves all records."""


class Renewed(KafkaError):  # type: ignore[misc]
    """A certificate or password was replaced on disk: time for another client."""


class EventConsumer:
    """A connected client until its first failure; then it is closed and another one opened."""

    def __init__(self, inner: AIOKafkaConsumer, settings: ClusterSettings, seen: Stamps) -> None:
        self._inner, self._settings, self._seen = inner, settings, seen
        self._checked = asyncio.get_running_loop().time()
        self.patience = settings.request_timeout
        """Seconds a question may take."""

    @classmethod
    async def open(
        cls,
        settings: ClusterSettings,
        group: str | None = None,
        session_timeout: float = 10.0,
    ) -> EventConsumer:
        """Connects and learns of all topics. Raises Unreachable with the cause, which the library only logs."""
        seen = await asyncio.to_thread(stamps, settings.security)
        inner = AIOKafkaConsumer(
            **await connection(settings),
            group_id=group,
            session_timeout_ms=round(session_timeout * 1000),
            heartbeat_interval_ms=round(session_timeout * 1000 / 4),
            max_poll_interval_ms=NEVER,
            isolation_level="read_committed",
            auto_offset_reset="none",
            enable_auto_commit=False,
            fetch_max_wait_ms=LONG_POLL,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PART_BYTES,
        )
        self = cls(inner, settings, seen)
        async with starting(settings, self.close):
            await inner.start()
            await self.refresh()
        return self

    async def refresh(self) -> None:
        """Learns of new topics and leaders. Raises one of FAULTS when no broker answers, Renewed when it is time to."""
        await self._check()
        async with asyncio.timeout(self.patience):
            if not await self._inner._client.force_metadata_update():
                raise KafkaError("no broker answers")

    def parts(self, topics: re.Pattern[str]) -> set[TopicPartition]:
        """All partitions of these topics, as of the last refresh."""
        cluster = self._inner._client.cluster
        return {
            TopicPartition(topic, number)
            for topic in cluster.topics()
            if topics.match(topic)
            for number in cluster.partitions_for_topic(topic) or ()
        }

    def assign(self, places: Places) -> None:
        """Reads these partitions, from there."""
        self._inner.assign([TopicPartition(*part) for part in places])
        # All topics are asked for, never single ones: brokers of default settings would create one that was deleted.
        self._inner._client.set_topics(())
        self.seek(places)

    def subscribe(self, topics: re.Pattern[str], changed: Callable[[bool], None]) -> None:
        """Shares these topics with the group; `changed` is called when that begins (False) and when it is done."""
        self._inner.subscribe(pattern=topics, listener=_Listener(changed))

    def assigned(self) -> frozenset[TopicPartition]:
        """The partitions that are ours now."""
        return frozenset(self._inner.assignment())

    def seek(self, places: Places) -> None:
        """Goes on from there. Raises one of FAULTS for a partition that is not ours any more."""
        for part, offset in places.items():
            self._inner.seek(TopicPartition(*part), offset)

    async def starts(self, parts: Collection[Part]) -> dict[Part, int]:
        """The oldest offset of each partition."""
        return await self._bounds(self._inner.beginning_offsets, parts)

    async def ends(self, parts: Collection[Part]) -> dict[Part, int]:
        """The offset behind what is committed in each partition."""
        return await self._bounds(self._inner.end_offsets, parts)

    async def fetch(self, seconds: float) -> Mapping[TopicPartition, Sequence[Any]]:
        """What came, waiting for it for so long. Raises one of FAULTS."""
        async with asyncio.timeout(seconds + self.patience):
            found: Mapping[TopicPartition, Sequence[Any]] = await self._inner.getmany(timeout_ms=round(seconds * 1000))
        return found

    async def positions(self, parts: Collection[Part]) -> dict[Part, int]:
        """The next offset of each, behind the marks of transactions too."""
        async with asyncio.timeout(self.patience):
            return {part: await self._inner.position(TopicPartition(*part)) for part in parts}

    async def committed(self, parts: Collection[Part]) -> dict[Part, tuple[int, str]]:
        """What the group has committed of these, each with the text beside it."""
        coordinator, wanted = self._inner._coordinator, [TopicPartition(*part) for part in parts]
        async with asyncio.timeout(self.patience):
            found = await coordinator.fetch_committed_offsets(wanted)
        return {part: (one.offset, one.metadata or "") for part, one in found.items() if one.offset >= 0}

    async def commit(self, offsets: Mapping[Part, tuple[int, str]]) -> None:
        """Durable on return. Raises one of FAULTS, also when the group has given a partition to another."""
        async with asyncio.timeout(self.patience):
            await self._inner.commit({TopicPartition(*part): what for part, what in offsets.items()})

    async def close(self) -> None:
        """Leaves the group and ends, each step within its limit, whatever the brokers do."""
        inner = self._inner
        if await ended(inner.stop(), CLOSE_LIMIT):
            return
        if (coordinator := inner._coordinator) is not None:
            await ended(coordinator.close(), CLOSE_LIMIT / 2)
            if inner._group_id is not None:
                await ended(coordinator._stop_heartbeat_task(), CLOSE_LIMIT / 2)
                await ended(coordinator._stop_commit_offsets_refresh_task(), CLOSE_LIMIT / 2)
        if inner._fetcher is not None:
            await ended(inner._fetcher.close(), CLOSE_LIMIT / 2)
        await close_bounded(inner._client)

    async def _check(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._checked > self._settings.recheck:
            self._checked = now
            if self._seen != await asyncio.to_thread(stamps, self._settings.security):
                raise Renewed

    async def _bounds(
        self, ask: Callable[[Sequence[TopicPartition]], Awaitable[dict[Part, int]]], parts: Collection[Part]
    ) -> dict[Part, int]:
        if not parts:
            return {}
        async with asyncio.timeout(self.patience):
            return dict(await ask([TopicPartition(*part) for part in parts]))


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Only notes: the library stops heartbeats while this is called."""

    def __init__(self, changed: Callable[[bool], None]) -> None:
        self._changed = changed

    def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        """What is read until the next assignment is not believed."""
        self._changed(False)

    def on_partitions_assigned(self, _assigned: Collection[TopicPartition]) -> None:
        """Where to read is asked of the brokers in the loop that reads."""
        self._changed(True)


def read_of(found: Any) -> Read:
    """A record of the library as ours, with its offset. What is no UTF-8 in key or headers stands as U+FFFD."""
    headers = tuple(_header(name, value) for name, value in found.headers)
    event = next((text for name, text in headers if name == "ce_id"), "")
    key = "" if found.key is None else found.key.decode("utf-8", "replace")
    record = Record(found.topic, key, found.value or b"", headers, event, found.timestamp / 1000, found.partition)
    return record, found.offset


def _header(name: str, value: bytes | None) -> tuple[str, str]:
    text = "" if value is None else value.decode("utf-8", "replace")
    return intern(name), intern(text) if name in SHARED else text
