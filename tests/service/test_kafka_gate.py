"""The gate before a shard: topics are made at the start, judged later, and never made again behind somebody's back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from monitor.adapters.kafka import topics
from monitor.adapters.kafka.client import ClusterSettings, close_bounded, open_admin
from monitor.adapters.kafka.gate import TopicGate
from monitor.app.build.topics import faults_of
from monitor.config.config import Config
from monitor.errors import LedgerError, UsageError
from monitor.model.ids import WatchId
from monitor.model.notes import Note, TopicDiffers
from monitor.model.watch import Watch
from monitor.publish.topics import TopicSpec, TopicTable
from tests.support.cluster import make_topic
from tests.support.fixtures import Brokers
from tests.support.kafka import free_port
from tests.support.reader import topics_of
from tests.support.service import configuration

pytestmark = [pytest.mark.service, pytest.mark.timeout(60)]


def plan(shards: int = 2) -> tuple[TopicSpec, ...]:
    """Topics of a whole installation nobody else has."""
    names = TopicTable(prefix=f"g{uuid4().hex[:8]}.")
    watches = [Watch(WatchId("ukraine"), "x")]
    return (*names.ledger_plan(shards, 1, 1), *names.plan(watches, replication=1, min_isr=1))


@asynccontextmanager
async def admin_of(kafka: Brokers) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = await open_admin(ClusterSettings(kafka.bootstrap_servers))
    try:
        yield admin
    finally:
        await close_bounded(admin)


async def delete(kafka: Brokers, name: str) -> None:
    """Returns when no broker tells of it any more."""
    async with admin_of(kafka) as admin:
        await admin.delete_topics([name])
        async with asyncio.timeout(20):
            while name in {topic["topic"] for topic in await admin.describe_topics()}:
                await asyncio.sleep(0.05)


def gate(kafka: Brokers, specs: Sequence[TopicSpec], *, ensure: bool, heard: list[Note] | None = None) -> TopicGate:
    """One that asks every time."""
    settings, notes = ClusterSettings(kafka.bootstrap_servers), [] if heard is None else heard
    return TopicGate(settings, lambda: specs, ensure=ensure, observe=notes.append, fresh=0.0)


async def test_f06_what_lacks_at_the_start_is_made(kafka: Brokers) -> None:
    """With `ensure` one pass makes all of it, and the next finds it."""
    specs = plan()
    door = gate(kafka, specs, ensure=True)

    await door.admit()
    await door.admit()

    rows = await topics.verify(ClusterSettings(kafka.bootstrap_servers), specs)
    assert {row.state for row in rows} == {"ok"}


async def test_f06_what_lacks_without_ensure_ends_the_start(kafka: Brokers) -> None:
    """Every topic with the command that makes it; nothing is made."""
    specs = plan()

    with pytest.raises(UsageError) as caught:
        await gate(kafka, specs, ensure=False).admit()

    told = str(caught.value)
    assert told.startswith(f"{len(specs)} of {len(specs)} topics cannot be used")
    for spec in specs:
        assert f"--create --topic {spec.name} --partitions {spec.partitions}" in told
    there = await asyncio.to_thread(topics_of, kafka.bootstrap_servers)
    assert not {spec.name for spec in specs} & set(there)


@pytest.mark.parametrize("shards", [1, 3])
async def test_f06_another_number_of_shards_ends_the_start(kafka: Brokers, shards: int) -> None:
    """Also one that could be reached by adding partitions: feeds would be looked for in the wrong one."""
    specs = plan(shards=2)
    await gate(kafka, specs, ensure=True).admit()
    others = [TopicSpec(spec.name, shards, 1, spec.config, sharded=True) if spec.sharded else spec for spec in specs]

    with pytest.raises(UsageError, match=r"set ledger\.shards to 2") as caught:
        await gate(kafka, others, ensure=True).admit()

    assert str(caught.value).startswith(f"2 of {len(specs)} topics")


async def test_f07_a_topic_deleted_while_running_is_not_made_again(kafka: Brokers) -> None:
    """The shard stays shut and says which command makes it; once somebody ran that, it opens."""
    specs = plan()
    door = gate(kafka, specs, ensure=True)
    await door.admit()
    lost = specs[-1]
    await delete(kafka, lost.name)

    for _ in range(2):
        with pytest.raises(LedgerError, match=f"{lost.name}: not there") as caught:
            await door.admit()
        assert f"--create --topic {lost.name}" in str(caught.value)
    assert lost.name not in await asyncio.to_thread(topics_of, kafka.bootstrap_servers)

    await topics.ensure(ClusterSettings(kafka.bootstrap_servers), [lost])
    await door.admit()


async def test_what_is_asked_for_may_change(kafka: Brokers) -> None:
    """The plan is that of the watches in force; only what it names now can keep a shard shut."""
    specs = list(plan())
    door = TopicGate(ClusterSettings(kafka.bootstrap_servers), lambda: specs, ensure=True, fresh=0.0)
    await door.admit()
    await delete(kafka, specs[-1].name)
    specs.pop()

    await door.admit()


async def test_other_settings_are_told_once(kafka: Brokers) -> None:
    """Longer retention is an operator's choice: one note with the command for the plan's value, and the shard opens."""
    topic = await make_topic(kafka, retention_ms="1000000")
    spec = TopicSpec(topic, 3, 1, (("cleanup.policy", "delete"), ("retention.ms", "86400000")))
    heard: list[Note] = []
    door = gate(kafka, [spec], ensure=True, heard=heard)

    await door.admit()
    await door.admit()

    (note,) = heard
    assert isinstance(note, TopicDiffers)
    assert note.problem == "retention.ms is 1000000 instead of 86400000"
    assert note.remedy.endswith("--add-config retention.ms=86400000")


async def test_shards_that_open_together_ask_once(kafka: Brokers) -> None:
    """An answer is good for some seconds, for the twelve of a start and for one that comes back."""
    asked, specs = 0, plan()

    def counted() -> Sequence[TopicSpec]:
        nonlocal asked
        asked += 1
        return specs

    door = TopicGate(ClusterSettings(kafka.bootstrap_servers), counted, ensure=True, fresh=60.0)
    await asyncio.gather(*(door.admit() for _ in range(12)))

    assert asked == 1


async def test_f01_no_broker_is_tried_again() -> None:
    """No end of the process: it may come up at any time."""
    port = free_port()
    door = TopicGate(ClusterSettings((f"127.0.0.1:{port}",)), plan, ensure=True)

    with pytest.raises(LedgerError, match=f"no Kafka at 127.0.0.1:{port}"):
        await door.admit()


def on_kafka(kafka: Brokers, *, ensure: bool) -> Config:
    """A configuration of two watches whose topics nobody has made."""
    settings = {
        "contact": "tests@example.org",
        "ledger": {"kind": "kafka", "bootstrap_servers": list(kafka.bootstrap_servers), "shards": 2},
        "topics": {"prefix": f"g{uuid4().hex[:8]}.", "replication": 1, "min_insync_replicas": 1, "ensure": ensure},
    }
    watches = {f"watches/{name}.yaml": f"id: {name}\nkeywords: [x]\n" for name in ("rain", "wind")}
    return configuration({"monitor.yaml": json.dumps(settings), **watches})


async def test_a_new_watch_is_told_what_its_topic_lacks(kafka: Brokers) -> None:
    """The command that makes it; only topics that were asked for are looked at, and none is made."""
    config = on_kafka(kafka, ensure=False)
    topic = f"{config.settings.topics.prefix}alerts.rain"
    ask = faults_of(config, lambda: config.watches)

    faults = await ask({topic})

    assert faults.keys() == {topic}
    assert f"kafka-topics.sh --bootstrap-server {kafka.bootstrap_servers[0]} --create --topic {topic}" in faults[topic]


async def test_a_new_watch_has_its_topic_made(kafka: Brokers) -> None:
    """Where the service may: its own and no other."""
    config = on_kafka(kafka, ensure=True)
    prefix = config.settings.topics.prefix

    assert await faults_of(config, lambda: config.watches)({f"{prefix}alerts.rain"}) == {}

    there = await asyncio.to_thread(topics_of, kafka.bootstrap_servers)
    assert {name for name in there if name.startswith(prefix)} == {f"{prefix}alerts.rain"}


async def test_a_new_watch_waits_for_brokers_that_are_away() -> None:
    """The reason is theirs."""
    config = on_kafka(Brokers((f"127.0.0.1:{free_port()}",)), ensure=True)
    topic = f"{config.settings.topics.prefix}alerts.wind"
    faults = await faults_of(config, lambda: config.watches)({topic})
    assert faults[topic].startswith("no Kafka at 127.0.0.1:")
