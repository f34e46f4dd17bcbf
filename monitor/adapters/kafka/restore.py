"""Reading compacted topics back: up to a record of one's own, up to now, or on and on.

An owner never reads to the end that a leader names: one that was frozen and woke up names a stale one. It writes a
record itself and reads until that has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError

from monitor.adapters.kafka.client import FAULTS, ClusterSettings
from monitor.adapters.kafka.consumer import assign, close_consumer, open_consumer
from monitor.adapters.kafka.rights import lacking
from monitor.errors import LedgerError, Unreachable

LOOK = 100
"""Milliseconds between two looks at how far a reader has come, when it gets no records."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 5.0
"""Seconds before a follower connects again; doubled up to the longest."""
TROUBLED = 30.0
"""Seconds without an answer after which a follower's connection is made anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as a topic has it; None = a tombstone."""

    partition: int
    offset: int
    key: str
    value: bytes | None
    headers: Mapping[str, bytes]


async def read_until(settings: ClusterSettings, topic: str, ends: Mapping[int, int]) -> list[Kept]:
    """What is committed in these partitions, in order, at least until the given offsets have passed.

    Raises LedgerError when that goes no further for `delivery_timeout`.
    """
    try:
        consumer = await open_consumer(settings)
    except Unreachable as error:
        raise LedgerError(str(error)) from error
    try:
        _partitions(consumer, topic)
        goals = {TopicPartition(topic, partition): end + 1 for partition, end in ends.items()}
        return await _collect(consumer, goals, settings.delivery_timeout)
    except FAULTS as error:
        raise _unreadable(settings, topic, error) from error
    finally:
        await close_consumer(consumer)


async def read_all(settings: ClusterSettings, topic: str) -> list[Kept]:
    """What is committed now, partition by partition in order. Fences nobody. Raises Unreachable, LedgerError."""
    consumer = await open_consumer(settings)
    try:
        places = [TopicPartition(topic, number) for number in _partitions(consumer, topic)]
        async with asyncio.timeout(settings.request_timeout * 2):
            goals = await consumer.end_offsets(places)
        return await _collect(consumer, goals, settings.delivery_timeout)
    except FAULTS as error:
        raise _unreadable(settings, topic, error) from error
    finally:
        await close_consumer(consumer)


def _unreadable(settings: ClusterSettings, topic: str, error: BaseException) -> LedgerError:
    cause = lacking(settings, error) or str(error) or type(error).__name__
    return LedgerError(f"{topic} cannot be read: {cause}")


class Follower:
    """The records of one partition from an offset on, as they come; broker trouble only delays them."""

    def __init__(self, settings: ClusterSettings, topic: str, partition: int, offset: int) -> None:
        self._settings, self._place, self._offset = settings, TopicPartition(topic, partition), offset
        self._consumer: AIOKafkaConsumer | None = None
        self._waiting: list[Kept] = []
        self._wait = FIRST_WAIT
        self._closed = asyncio.Event()

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> Kept:
        """Ends when it is closed."""
        while not self._waiting and not self._closed.is_set():
            self._waiting = await self._more()
        if self._closed.is_set():
            raise StopAsyncIteration
        kept = self._waiting.pop(0)
        self._offset = kept.offset + 1
        return kept

    async def close(self) -> None:
        """Ends within its limit, whatever the brokers do."""
        self._closed.set()
        await self._drop()

    async def _more(self) -> list[Kept]:
        try:
            if self._consumer is None:
                self._consumer = await self._opened()
            found = await self._fetched(self._consumer)
        except (*FAULTS, ConsumerStoppedError, Unreachable, LedgerError):
            await self._drop()
            await self._pause()
            return []
        self._wait = FIRST_WAIT
        if self._closed.is_set():
            # It was closed while the connection was being made.
            await self._drop()
        return found

    async def _opened(self) -> AIOKafkaConsumer:
        consumer = await open_consumer(self._settings)
        try:
            _partitions(consumer, self._place.topic)
            assign(consumer, {self._place: self._offset})
        except BaseException:
            await close_consumer(consumer)
            raise
        return consumer

    async def _fetched(self, consumer: AIOKafkaConsumer) -> list[Kept]:
        """What has come. Raises TimeoutError when the broker has not answered for long, records or not."""
        loop = asyncio.get_running_loop()
        answered, since = consumer.last_poll_timestamp(self._place), loop.time()
        while not self._closed.is_set():
            found = await consumer.getmany(self._place, timeout_ms=1000)
            if found:
                return [_kept(record) for records in found.values() for record in records]
            if (latest := consumer.last_poll_timestamp(self._place)) != answered:
                answered, since = latest, loop.time()
            if loop.time() - since > TROUBLED:
                raise TimeoutError
        return []

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await close_consumer(consumer)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait):
                await self._closed.wait()
        self._wait = min(self._wait * 2, LONGEST_WAIT)


def _partitions(consumer: AIOKafkaConsumer, topic: str) -> Iterable[int]:
    partitions = consumer.partitions_for_topic(topic)
    if not partitions:
        raise LedgerError(f"not there, or not ours to see: {topic} (news-monitor topics ensure creates it)")
    return sorted(partitions)


async def _collect(consumer: AIOKafkaConsumer, goals: Mapping[TopicPartition, int], patience: float) -> list[Kept]:
    """Everything from the beginning until each position has reached its goal. Raises TimeoutError without progress."""
    kept: list[Kept] = []
    assign(consumer, dict.fromkeys(goals, 0))
    behind = {place: 0 for place, goal in goals.items() if goal > 0}
    loop = asyncio.get_running_loop()
    moved = loop.time()
    while behind:
        async with asyncio.timeout(patience):
            found = await consumer.getmany(*behind, timeout_ms=LOOK)
            positions = {place: await consumer.position(place) for place in behind}
        kept += [_kept(record) for records in found.values() for record in records]
        if positions != behind:
            moved = loop.time()
        elif loop.time() - moved > patience:
            raise TimeoutError(f"no progress for {patience:.0f} s")
        behind = {place: position for place, position in positions.items() if position < goals[place]}
    return sorted(kept, key=lambda one: (one.partition, one.offset))


def _kept(record: Any) -> Kept:
    key = (record.key or b"").decode(errors="replace")
    return Kept(record.partition, record.offset, key, record.value, dict(record.headers))
