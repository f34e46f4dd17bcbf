"""An idempotent producer whose every call ends.

The library goes on with wrong sequence numbers after a record was refused, and hangs in `stop` when brokers are gone.
Hence the rule for its users: after an outcome that is not clear, or not good, it is closed and a new one opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from monitor.adapters.kafka.causes import IDEMPOTENT, TRANSACTIONAL, outdated
from monitor.adapters.kafka.client import (
    CLOSE_LIMIT,
    ClusterSettings,
    Freshness,
    close_bounded,
    connection,
    starting,
)
from monitor.model.event import Record

CODEC = "zstd"
REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError)
"""Not this record, now or ever."""


class Producer:
    """An idempotent producer that is used until its first unclear outcome, and then closed."""

    def __init__(self, inner: AIOKafkaProducer, settings: ClusterSettings, freshness: Freshness) -> None:
        self._inner, self._settings, self._freshness = inner, settings, freshness

    @classmethod
    async def open(cls, settings: ClusterSettings) -> Producer:
        """Connects. Raises Unreachable with the cause, which the library only logs."""
        freshness = await Freshness.begin(settings)
        inner = AIOKafkaProducer(
            **await connection(settings),
            acks="all",
            enable_idempotence=True,
            compression_type=CODEC,
            max_request_size=settings.max_record,
            # More than one call hands over: then what a partition gets is one batch, written or refused as a whole.
            max_batch_size=settings.max_record,
        )
        await start_bounded(inner, settings)
        return cls(inner, settings, freshness)

    async def missing(self, topics: set[str]) -> set[str]:
        """Those of `topics` that do not exist or may not be seen. Raises one of FAULTS.

        The library is never told of single topics: it would then ask for them in a way that makes brokers of default
        settings create them. It asks for all topics instead, and what is not among them is not sent to.
        """
        return await missing_topics(self._inner, topics, self._settings.request_timeout * 2)

    async def send(self, records: Sequence[Record], *, stamped: bool = True) -> list[BaseException | None]:
        """Each record's outcome, None = acknowledged by all replicas in sync. Their topics have to be known.

        `stamped`: with the time of the event, else of now. Everything is handed over before anything is sent. Raises
        one of FAULTS when nothing is clear.
        """
        async with asyncio.timeout(self._settings.request_timeout):
            futures = [await self._hand_over(record, stamped) for record in records]
        await asyncio.wait(futures, timeout=self._settings.delivery_timeout)
        return [outcome(future) for future in futures]

    async def stale(self) -> bool:
        """Whether it is time for a new one: after a day, or when a certificate or password was replaced."""
        return await self._freshness.over()

    async def close(self) -> None:
        """Ends within its limit, whatever the brokers do: the library's own `stop` waits for them without end."""
        await end_producer(self._inner)

    async def _hand_over(self, record: Record, stamped: bool) -> asyncio.Future[Any]:
        try:
            future: asyncio.Future[Any] = await self._inner.send(
                record.topic,
                value=record.value,
                key=record.key.encode(),
                partition=record.partition,
                timestamp_ms=round(record.at * 1000) if stamped else None,
                headers=[(name, value.encode()) for name, value in record.headers],
            )
        except MessageSizeTooLargeError as error:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(error)
        return future


async def start_bounded(inner: AIOKafkaProducer, settings: ClusterSettings) -> None:
    """Connects and learns of every topic. Raises Unreachable with the cause; the producer is closed then."""
    async with starting(settings, partial(end_producer, inner)):
        await inner.start()
        await refresh(inner)
        needed = TRANSACTIONAL if inner._txn_manager.transactional_id else IDEMPOTENT
        if lacking := outdated(inner.client, needed):
            raise IncompatibleBrokerVersion(lacking)


async def missing_topics(inner: AIOKafkaProducer, topics: set[str], limit: float) -> set[str]:
    """Those of `topics` that are not there even after another look, which takes `limit` seconds at most."""
    if unknown(inner, topics):
        async with asyncio.timeout(limit):
            await refresh(inner)
    return unknown(inner, topics)


async def refresh(inner: AIOKafkaProducer) -> None:
    """Asks for all topics. Raises one of FAULTS."""
    if not await inner.client.force_metadata_update():
        raise KafkaError("no broker answers")


def unknown(inner: AIOKafkaProducer, topics: set[str]) -> set[str]:
    """Those of `topics` without partitions in what was learned last."""
    return {topic for topic in topics if not inner.client.cluster.partitions_for_topic(topic)}


async def end_producer(inner: AIOKafkaProducer) -> None:
    """Ends within three limits, whatever the brokers do: the library's own `stop` waits for them without end."""
    inner._closed = True
    await end_bounded(inner._sender.sender_task)
    await close_bounded(inner.client)
    # What the first cancellation waited for may have been an answer that cannot come any more.
    await end_bounded(inner._sender.sender_task)
    for batches in inner._message_accumulator._batches.values():
        for batch in batches:
            # Nobody asks what became of a batch that never left, and asyncio would complain of that in the log.
            if batch._drain_waiter.done():
                batch._drain_waiter.exception()


def outcome(future: asyncio.Future[Any]) -> BaseException | None:
    """None if acknowledged. What is late is cancelled: its record may still be written."""
    if not future.done():
        future.cancel()
        return TimeoutError("no acknowledgement in time")
    return future.exception()


async def end_bounded(task: asyncio.Task[None] | None) -> None:
    """Cancels, and gives up waiting after the limit."""
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CLOSE_LIMIT)
