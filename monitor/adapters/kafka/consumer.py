"""Consumers of single partitions, without a group: what is committed, and every wait with an end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from monitor.adapters.kafka.client import (
    CLOSE_LIMIT,
    ClusterSettings,
    close_bounded,
    connection,
    starting,
)
from monitor.adapters.kafka.producer import end_bounded

PATIENCE = 500
"""Milliseconds a broker keeps a question for records that are not there yet."""


async def open_consumer(settings: ClusterSettings, **options: Any) -> AIOKafkaConsumer:
    """Connects and learns of every topic; nothing is assigned yet. Raises Unreachable with the cause.

    A default broker creates a topic that a client asks for by name, so all are asked for, and `partitions_for_topic`
    tells whether one is there before it is assigned.
    """
    consumer = AIOKafkaConsumer(
        **await connection(settings),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=PATIENCE,
        **options,
    )
    async with starting(settings, partial(close_consumer, consumer)):
        await consumer.start()
        if not await consumer._client.force_metadata_update():
            raise KafkaError("no broker answers")
    return consumer


def assign(consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, int]) -> None:
    """Reads these partitions from these offsets on; from the oldest record if one is not there any more."""
    consumer.assign(list(places))
    for place, offset in places.items():
        consumer.seek(place, offset)


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Ends within three limits, whatever the brokers do.

    In a task of its own: the library cancels its fetches and lets that cancellation out as if it were ours.
    """
    stopping = asyncio.ensure_future(consumer.stop())
    try:
        await asyncio.wait({stopping}, timeout=CLOSE_LIMIT)
    finally:
        await close_bounded(consumer._client)
        await end_bounded(stopping)
        if not stopping.cancelled() and stopping.done():
            stopping.exception()
