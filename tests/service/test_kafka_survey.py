"""What can be asked of a cluster from outside: brokers, requests they serve, members of a group, lags of sinks."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.lag import Lag, lags
from monitor.adapters.kafka.sink import KafkaSink
from monitor.adapters.kafka.survey import CALLS, members, survey, unserved
from monitor.errors import Unreachable
from tests.support.cluster import logged, make_topic
from tests.support.fixtures import Brokers
from tests.support.kafka import free_port

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


@pytest.fixture
def settings(kafka: Brokers) -> ClusterSettings:
    return ClusterSettings(kafka.bootstrap_servers)


async def test_a_cluster_of_today_serves_everything(settings: ClusterSettings) -> None:
    """No request is made that it has given up, and none that it does not know yet."""
    found = await survey(settings)
    assert found.brokers >= 1
    assert found.unserved == ()


def test_f13_a_request_that_nobody_serves_is_named() -> None:
    """By its name in Kafka's protocol: one that is unknown, and one whose versions we speak none of."""
    served = {key: range(100) for key in CALLS} | {24: range(50, 60)}
    del served[26]
    assert unserved(served) == ("AddPartitionsToTxn", "EndTxn")


async def test_members_of_a_group(settings: ClusterSettings, kafka: Brokers) -> None:
    """Those that are in it now: none before the first, none after the last has left."""
    group, topic = f"group-{uuid4().hex[:8]}", await make_topic(kafka)
    assert await members(settings, group) == 0
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=list(kafka.bootstrap_servers), group_id=group)
    await consumer.start()
    try:
        await consumer.getmany(timeout_ms=100)
        assert await members(settings, group) == 1
    finally:
        await consumer.stop()
    assert await members(settings, group) == 0


async def test_lag_of_a_sink_is_what_its_group_has_not_committed(settings: ClusterSettings, kafka: Brokers) -> None:
    """All of it before the first commit; the time and the records given up stand beside the offset."""
    group, topic = f"group-{uuid4().hex[:8]}", await make_topic(kafka, partitions=1)
    sink = KafkaSink("kafka", settings)
    await sink.write([logged(seq, topic) for seq in range(1, 6)])
    await sink.close()
    topics = re.compile(re.escape(topic))
    assert await lags(settings, topics, [group]) == {group: Lag(5, 0, None)}

    consumer = AIOKafkaConsumer(bootstrap_servers=list(kafka.bootstrap_servers), group_id=group)
    await consumer.start()
    try:
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        await consumer.commit({place: OffsetAndMetadata(3, "dead=2;at=1800000000.500")})
    finally:
        await consumer.stop()
    assert await lags(settings, topics, [group]) == {group: Lag(2, 2, 1_800_000_000.5)}


async def test_nobody_answers() -> None:
    """The place and the cause, as for every other question."""
    port = free_port()
    away = ClusterSettings((f"127.0.0.1:{port}",))
    for question in (survey(away), members(away, "any"), lags(away, re.compile("x"), ["any"])):
        with pytest.raises(Unreachable, match=f"no Kafka at 127.0.0.1:{port}"):
            await question
