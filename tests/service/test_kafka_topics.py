"""`topics ensure` and `verify` on a real broker: each difference is a row with the command that mends it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest

from monitor.adapters.kafka import topics
from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.sink import KafkaSink
from monitor.model.ids import WatchId
from monitor.model.watch import Watch
from monitor.publish.topics import TopicSpec, TopicTable
from tests.support.cluster import logged, make_topic
from tests.support.fixtures import Brokers
from tests.support.kafka import free_port
from tests.support.reader import read_topic, topics_of

pytestmark = [pytest.mark.service, pytest.mark.timeout(60)]


def table() -> TopicTable:
    return TopicTable(prefix=f"t{uuid4().hex[:8]}.")


def plan(names: TopicTable) -> tuple[TopicSpec, ...]:
    return names.plan([Watch(WatchId("ukraine"), "x"), Watch(WatchId("drones"), "x")], replication=1, min_isr=1)


def states(rows: Sequence[topics.TopicRow]) -> set[str]:
    return {row.state for row in rows}


async def test_f06_ensure_creates_what_verify_misses(kafka: Brokers) -> None:
    """Missing with the command that creates it; created; then all is well, and a second `ensure` changes nothing."""
    settings, specs = ClusterSettings(kafka.bootstrap_servers), plan(table())

    before = await topics.verify(settings, specs)
    made = await topics.ensure(settings, specs)
    after = await topics.verify(settings, specs)
    again = await topics.ensure(settings, specs)

    assert [row.topic for row in before] == [spec.name for spec in specs]
    assert states(before) == {"missing"}
    assert not any(row.usable for row in before)
    for row in before:
        assert row.remedy.startswith(f"kafka-topics.sh --bootstrap-server {kafka.bootstrap_servers[0]} --create")
        assert f"--topic {row.topic} --partitions {row.partitions} --replication-factor 1" in row.remedy
    assert states(made) == {"created"}
    assert states(after) == states(again) == {"ok"}
    assert all(row.usable and not row.problem and not row.remedy for row in after)


async def test_verify_creates_nothing(kafka: Brokers) -> None:
    """Looking is not making."""
    names = table()
    await topics.verify(ClusterSettings(kafka.bootstrap_servers), plan(names))

    there = await asyncio.to_thread(topics_of, kafka.bootstrap_servers)

    assert not [name for name in there if name.startswith(names.prefix)]


async def test_ensured_topics_take_records(kafka: Brokers) -> None:
    """From `ensure` to a record that is read needs nothing else."""
    settings, names = ClusterSettings(kafka.bootstrap_servers), table()
    await topics.ensure(settings, plan(names))
    sink = KafkaSink("kafka", settings)
    await sink.write([logged(seq, names.articles) for seq in range(1, 4)])
    await sink.close()

    messages = await asyncio.to_thread(read_topic, kafka.bootstrap_servers, names.articles)

    assert {message.id for message in messages} == {"event-1", "event-2", "event-3"}


async def test_f06_too_few_partitions(kafka: Brokers) -> None:
    """Not usable: places of keys would differ from what was planned; the command adds partitions."""
    topic = await make_topic(kafka, partitions=2)
    spec = TopicSpec(topic, 3, 1, ())

    (row,) = await topics.ensure(ClusterSettings(kafka.bootstrap_servers), [spec])

    assert (row.state, row.usable, row.problem) == ("partitions", False, "2 partitions instead of 3")
    assert row.remedy.endswith(f"--alter --topic {topic} --partitions 3")


@pytest.mark.parametrize("wanted", [2, 4])
async def test_f06_partitions_of_the_registry_are_as_many_as_shards(kafka: Brokers, wanted: int) -> None:
    """Neither fewer nor more: the place of a feed follows from their number; the setting to change is named."""
    topic = await make_topic(kafka, partitions=3)
    spec = TopicSpec(topic, wanted, 1, (("cleanup.policy", "compact"),), sharded=True)

    (row,) = await topics.ensure(ClusterSettings(kafka.bootstrap_servers), [spec])

    assert (row.state, row.usable) == ("partitions", False)
    assert row.problem == f"3 partitions instead of {wanted}: there have to be ledger.shards of them, one a shard"
    assert row.remedy.startswith("set ledger.shards to 3")
    assert ("--alter" in row.remedy) == (wanted > 3)


async def test_f06_a_registry_that_would_be_deleted_by_age(kafka: Brokers) -> None:
    """Another policy of cleaning is no matter of taste there: feeds would be forgotten."""
    topic = await make_topic(kafka, retention_ms="86400000")
    spec = TopicSpec(topic, 3, 1, (("cleanup.policy", "compact"),), sharded=True)

    (row,) = await topics.verify(ClusterSettings(kafka.bootstrap_servers), [spec])

    assert (row.state, row.usable) == ("policy", False)
    assert row.problem.startswith("cleanup.policy is delete instead of compact")
    assert row.remedy.endswith(f"--entity-name {topic} --add-config cleanup.policy=compact")


async def test_topics_of_the_ledger_are_made_with_one_partition_a_shard(kafka: Brokers) -> None:
    """Registry, states and, with a spool, rescue; then all is as planned."""
    settings, specs = ClusterSettings(kafka.bootstrap_servers), table().ledger_plan(5, 1, 1, spool=True)

    made = await topics.ensure(settings, specs)
    after = await topics.verify(settings, specs)

    assert [(row.state, row.partitions) for row in made] == [("created", 5)] * 3
    assert states(after) == {"ok"}


async def test_other_settings_are_told_and_stop_nothing(kafka: Brokers) -> None:
    """An operator may keep records for longer; `verify` says so with the command for the plan's value."""
    topic = await make_topic(kafka, retention_ms="1000000")
    spec = TopicSpec(topic, 3, 1, (("cleanup.policy", "delete"), ("retention.ms", "86400000")))

    (row,) = await topics.verify(ClusterSettings(kafka.bootstrap_servers), [spec])

    assert (row.state, row.usable) == ("settings", True)
    assert row.problem == "retention.ms is 1000000 instead of 86400000"
    assert row.remedy.endswith(f"--entity-name {topic} --add-config retention.ms=86400000")


async def test_more_replicas_than_brokers(kafka: Brokers) -> None:
    """The three replicas of the default on a single broker: refused with the setting to change, nothing is made."""
    (spec, *_) = plan(table())

    (row,) = await topics.ensure(ClusterSettings(kafka.bootstrap_servers), [replace(spec, replication=99)])

    assert (row.state, row.usable) == ("missing", False)
    assert "topics.replication" in row.remedy


async def test_name_that_kafka_refuses(kafka: Brokers) -> None:
    """One bad name is told beside the rest, which is made."""
    settings, good = ClusterSettings(kafka.bootstrap_servers), plan(table())[0]

    rows = await topics.ensure(settings, [replace(good, name="news.ukraine war"), good])

    assert [row.state for row in rows] == ["name", "created"]
    assert not rows[0].usable


async def test_no_broker_is_a_value() -> None:
    """Rows, not an exception; the cause names the place."""
    port = free_port()
    specs = plan(table())

    rows = await topics.verify(ClusterSettings((f"127.0.0.1:{port}",)), specs)

    assert states(rows) == {"unknown"}
    assert all(f"no Kafka at 127.0.0.1:{port}: Unable connect" in row.problem for row in rows)
