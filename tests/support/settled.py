"""Reading what is committed in tests that have just committed it."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from monitor.adapters.kafka.client import ClusterSettings, connection
from monitor.adapters.kafka.restore import Kept, read_all

Ends = dict[TopicPartition, int]
LIMIT = 5.0
"""Seconds; a transaction that a test left open stays open."""


async def read_settled(settings: ClusterSettings, topic: str) -> list[Kept]:
    """What consumers see once no transaction is open: a coordinator answers before partitions know of an end."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LIMIT
    while loop.time() < until and await _ends(settings, topic, "read_committed") != await _ends(settings, topic):
        await asyncio.sleep(0.05)
    return await read_all(settings, topic)


async def _ends(settings: ClusterSettings, topic: str, isolation: str = "read_uncommitted") -> Ends:
    consumer = AIOKafkaConsumer(topic, **await connection(settings), isolation_level=isolation)
    try:
        await consumer.start()
        ends: Ends = await consumer.end_offsets(consumer.assignment())
        return ends
    finally:
        await consumer.stop()
