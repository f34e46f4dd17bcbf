"""The kafka sink on three brokers: a leader dies, all restart one by one; producers on two replicas in sync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.sink import KafkaSink
from tests.support.cluster import assert_copies_alike, assert_in_order, insist, logged, make_topic
from tests.support.kafka import KafkaCluster
from tests.support.reader import read_topic

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def three(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    with KafkaCluster(tmp_path_factory.mktemp("three"), nodes=3) as cluster:
        yield cluster


async def deliver_through(three: KafkaCluster, trouble: Callable[[], None]) -> None:
    """Writes while `trouble` happens; everything is there in order afterwards, copies are alike."""
    topic = await make_topic(three, replication=3)
    sink = KafkaSink("kafka", ClusterSettings(three.bootstrap_servers, request_timeout=2.0))
    over = asyncio.Event()
    records = [logged(1, topic)]
    await insist(sink, records)

    async def deliver() -> None:
        while not over.is_set() or len(records) < 200:
            start = len(records) + 1
            chunk = [logged(seq, topic) for seq in range(start, start + 20)]
            records.extend(chunk)
            await insist(sink, chunk)
            await asyncio.sleep(0.01)

    delivering = asyncio.create_task(deliver())
    await asyncio.sleep(0.3)
    before = len(records)
    await asyncio.to_thread(trouble)
    over.set()
    await delivering
    await sink.close()

    messages = await asyncio.to_thread(read_topic, three.bootstrap_servers, topic)

    assert before < len(records)
    assert {one.id for one in messages} == {one.record.id for one in records}
    assert_copies_alike(messages)
    assert_in_order(messages)


async def test_f05_leader_dies(three: KafkaCluster) -> None:
    """One of three is killed and comes back: each partition finds another leader."""

    def trouble() -> None:
        three.kill(0)
        three.start(0)

    await deliver_through(three, trouble)


@pytest.mark.soak
async def test_f04_rolling_restart(three: KafkaCluster) -> None:
    """All three, one after the other, as an upgrade does."""

    def trouble() -> None:
        for node in range(3):
            three.restart(node)

    await deliver_through(three, trouble)
