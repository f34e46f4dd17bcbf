"""Small steps on a cluster that several test modules take."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NodeNotReadyError

from monitor.errors import Retry
from monitor.model.event import Logged, Record
from monitor.ports import Sink
from tests.support.reader import Message

AT = time.time()


class Servers(Protocol):
    @property
    def bootstrap_servers(self) -> tuple[str, ...]: ...


async def make_topic(brokers: Servers, partitions: int = 3, replication: int = 1, **config: str) -> str:
    """A topic of a name nobody else has; keywords are settings with `_` for `.`."""
    name = f"test.{uuid4().hex[:12]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=list(brokers.bootstrap_servers))
    await admin.start()
    try:
        made = {key.replace("_", "."): value for key, value in config.items()}
        # Asked for again until it is there: a broker that has just started knows none at first, not even itself, and
        # one that has just come back may let the first request drop.
        for _ in range(100):
            with suppress(NodeNotReadyError):
                if name in await admin.list_topics():
                    return name
                await admin.create_topics([NewTopic(name, partitions, replication, topic_configs=made)])
            await asyncio.sleep(0.1)
        raise AssertionError(f"no topic {name} after 100 tries")
    finally:
        await admin.close()


async def delete_topics(brokers: Servers, names: Sequence[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=list(brokers.bootstrap_servers))
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()


def logged(seq: int, topic: str, key: str = "", size: int = 200) -> Logged:
    """A record of random, hence incompressible, bytes behind its number."""
    value = b"%06d" % seq + os.urandom(size - 6)
    headers = (("ce_specversion", "1.0"), ("ce_id", f"event-{seq}"))
    return Logged(seq, Record(topic, key or f"article-{seq % 7}", value, headers, f"event-{seq}", AT))


async def insist(sink: Sink, records: Sequence[Logged]) -> int:
    """Writes as the outbox does, until it is done; answers how often that had to be tried again."""
    for tries in range(200):
        with suppress(Retry):
            await sink.write(records)
            return tries
        await asyncio.sleep(0.05)
    raise AssertionError("still not delivered after 200 tries")


def assert_in_order(messages: Sequence[Message]) -> None:
    """First copies of each key come in order of `seq`."""
    first: dict[str, list[str]] = {}
    for message in messages:
        seen = first.setdefault(message.key, [])
        if message.id not in seen:
            seen.append(message.id)
    for ids in first.values():
        assert ids == sorted(ids, key=lambda one: int(one.removeprefix("event-")))


def assert_copies_alike(messages: Sequence[Message]) -> None:
    """Records of one event id differ in nothing a consumer reads."""
    distinct = {(message.id, message.key, message.value, message.headers, message.timestamp) for message in messages}
    assert len(distinct) == len({message.id for message in messages})
