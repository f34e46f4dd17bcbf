"""Reads topics with another library than the one under test."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition


@dataclass(frozen=True)
class Message:
    partition: int
    offset: int
    timestamp: int
    key: str
    value: bytes
    headers: tuple[tuple[str, str], ...]

    @property
    def id(self) -> str:
        return dict(self.headers)["ce_id"]


def read_topic(bootstrap_servers: Sequence[str], topic: str, limit: float = 10.0) -> list[Message]:
    """Everything in a topic as of now, in order of partition and offset, as a `read_committed` consumer sees it."""
    consumer = Consumer(
        {
            "bootstrap.servers": ",".join(bootstrap_servers),
            "group.id": "reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": False,
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=limit).topics[topic].partitions
        places = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions]
        missing = sum(_held(consumer, place, limit) for place in places)
        consumer.assign(places)
        messages = []
        while len(messages) < missing:
            batch = consumer.consume(min(missing - len(messages), 1000), timeout=limit)
            if not batch:
                raise AssertionError(f"{len(messages)} of {missing} records of {topic} read in {limit} s")
            messages.extend(batch)
    finally:
        consumer.close()
    return sorted(map(_message, messages), key=lambda message: (message.partition, message.offset))


def topics_of(bootstrap_servers: Sequence[str], limit: float = 10.0) -> set[str]:
    """Names of all topics, asked for in the way that creates none."""
    consumer = Consumer({"bootstrap.servers": ",".join(bootstrap_servers), "group.id": "reader"})
    try:
        return set(consumer.list_topics(timeout=limit).topics)
    finally:
        consumer.close()


def _held(consumer: Consumer, place: TopicPartition, limit: float) -> int:
    """Records in a partition, once it has a leader: a broker that just started may not know of it yet."""
    deadline = time.monotonic() + limit
    while True:
        try:
            low, high = consumer.get_watermark_offsets(place, limit)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return high - low


def _message(raw: object) -> Message:
    if raw.error():
        raise KafkaException(raw.error())
    headers = tuple((name, value.decode()) for name, value in raw.headers() or ())
    return Message(raw.partition(), raw.offset(), raw.timestamp()[1], raw.key().decode(), raw.value(), headers)
