"""Small steps on a cluster that several test modules take."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Protocol
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from monitor.model.event import Logged, Record

AT = time.time()


class Servers(Protocol):
    @property
    def bootstrap_servers(self) -> tuple[str, ...]: ...


async def make_topic(brokers: Servers, partitions: int = 3, **config: str) -> str:
    """A topic of a name nobody else has; keywords are settings with `_` for `.`."""
    name = f"test.{uuid4().hex[:12]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=list(brokers.bootstrap_servers))
    await admin.start()
    try:
        made = {key.replace("_", "."): value for key, value in config.items()}
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=made)])
    finally:
        await admin.close()
    return name


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
