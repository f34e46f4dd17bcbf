"""The kafka sink on a real broker: what a consumer of another library sees, through every fault a broker can have."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.sink import KafkaSink
from monitor.app.build.topics import echoes
from monitor.app.outbox import Outbox
from monitor.config.config import Config
from monitor.config.schema import SecuritySettings
from monitor.errors import Reject, Retry
from monitor.model.event import Logged, Record
from monitor.model.notes import Note, SinkFailed, SinkRejected
from monitor.testing.clock import ManualClock
from monitor.testing.ledger import MemoryEventLog, MemoryStore
from tests.support.cluster import (
    AT,
    assert_copies_alike,
    assert_in_order,
    delete_topics,
    insist,
    logged,
    make_topic,
)
from tests.support.fixtures import Brokers
from tests.support.kafka import KafkaCluster, free_port
from tests.support.reader import Message, read_topic, topics_of
from tests.support.service import configuration

pytestmark = [pytest.mark.service, pytest.mark.timeout(60)]

LIMIT = 4.0
"""Seconds closing may take at most, whatever the brokers do."""


@pytest.fixture(scope="module")
def own(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker these tests may hurt; it creates topics by use, as brokers of default settings do."""
    properties = {
        "auto.create.topics.enable": "true",
        "broker.session.timeout.ms": "1000",
        "broker.heartbeat.interval.ms": "200",
    }
    with KafkaCluster(tmp_path_factory.mktemp("own-kafka"), properties=properties) as cluster:
        yield cluster


@pytest.fixture
def broker(own: KafkaCluster) -> KafkaCluster:
    """`own`, running again whatever the test before did to it."""
    own.thaw()
    own.start()
    return own


SinkOn = Callable[..., KafkaSink]


@pytest.fixture
async def sink_on() -> AsyncIterator[SinkOn]:
    """Makes sinks of short patience; what a test leaves open is closed behind it."""
    made = []

    def make(brokers: Brokers | KafkaCluster, **changes: object) -> KafkaSink:
        quick = {"request_timeout": 2.0, "start_timeout": 4.0, "delivery_timeout": 3.0}
        made.append(KafkaSink("kafka", ClusterSettings(brokers.bootstrap_servers, **{**quick, **changes})))
        return made[-1]

    yield make
    for sink in made:
        await sink.close()


async def read(brokers: Brokers | KafkaCluster, topic: str) -> list[Message]:
    return await asyncio.to_thread(read_topic, brokers.bootstrap_servers, topic)


async def test_records_arrive_as_they_are(kafka: Brokers, sink_on: SinkOn) -> None:
    """Key, value, headers and time are the record's own; order holds per key; nothing comes twice."""
    topic = await make_topic(kafka)
    records = [logged(seq, topic) for seq in range(1, 501)]
    sink = sink_on(kafka)
    await sink.write(records)
    await sink.close()

    messages = await read(kafka, topic)

    expected = {(one.record.key, one.record.value, one.record.headers, round(AT * 1000)) for one in records}
    assert {(one.key, one.value, one.headers, one.timestamp) for one in messages} == expected
    assert len(messages) == len(records)
    assert len({(one.key, one.partition) for one in messages}) == 7
    assert_in_order(messages)


async def test_cluster_it_reads_from_is_refused_under_any_name(kafka: Brokers) -> None:
    """The sink of a Kafka ledger in the ledger's own topics would take its own records for new ones, for ever."""
    numbers = [server.rpartition(":")[2] for server in kafka.bootstrap_servers]
    alias = ClusterSettings(tuple(f"localhost:{number}" for number in numbers))
    sink = KafkaSink("again", alias, source=ClusterSettings(kafka.bootstrap_servers))
    with pytest.raises(Retry, match=r"is the cluster of the Kafka ledger.*leave the sink again out"):
        await sink.resume()


async def test_a_sink_on_the_cluster_of_the_ledger_is_found_before_the_start(kafka: Brokers) -> None:
    """By `doctor` and `check --online`, under any name; another cluster, or one that is away, is none of it."""

    def written_to(servers: list[str]) -> Config:
        ledger = f"ledger: {{kind: kafka, bootstrap_servers: {list(kafka.bootstrap_servers)}}}\n"
        sinks = f"sinks: [{{kind: kafka, name: again, bootstrap_servers: {servers}}}]\n"
        return configuration({"monitor.yaml": f"contact: tests@example.org\n{ledger}{sinks}"})

    alias = [f"localhost:{server.rpartition(':')[2]}" for server in kafka.bootstrap_servers]
    ((name, why),) = await echoes(written_to(alias))
    assert name == "again"
    assert "leave the sink again out" in why
    assert await echoes(written_to([f"127.0.0.1:{free_port()}"])) == []


async def test_log_keeps_the_cursor(kafka: Brokers, sink_on: SinkOn) -> None:
    """Kafka is not asked where to go on."""
    assert await sink_on(kafka).resume() is None


async def test_partition_of_the_record_wins(kafka: Brokers, sink_on: SinkOn) -> None:
    """A record that names its partition goes there."""
    topic = await make_topic(kafka)
    sink = sink_on(kafka)
    record = Record(topic, "key", b"value", (("ce_id", "event-1"),), "event-1", AT, partition=2)
    await sink.write([Logged(1, record)])
    await sink.close()

    assert [message.partition for message in await read(kafka, topic)] == [2]


async def test_record_made_by_a_clock_that_was_ahead(kafka: Brokers, sink_on: SinkOn) -> None:
    """Brokers refuse such times: it goes out with the time of sending, once, and others keep theirs."""
    topic = await make_topic(kafka)
    records = [logged(seq, topic) for seq in range(1, 10)]
    ahead = replace(records[4], record=replace(records[4].record, at=AT + 86_400))
    records[4] = ahead
    sink = sink_on(kafka)
    await sink.write(records)

    messages = await read(kafka, topic)

    assert Counter(one.id for one in messages) == Counter(one.record.id for one in records)
    assert all(one.timestamp < (time.time() + 60) * 1000 for one in messages)
    assert_in_order(messages)


async def test_f08_record_over_the_clients_limit(kafka: Brokers, sink_on: SinkOn) -> None:
    """The large record is refused by its number; the others are there once, also after the repeated call."""
    topic = await make_topic(kafka)
    records = [logged(1, topic), logged(2, topic, size=1 << 21), logged(3, topic)]
    sink = sink_on(kafka)

    with pytest.raises(Reject) as refused:
        await sink.write(records)
    await sink.write([records[0], records[2]])
    await sink.close()

    assert refused.value.seq == 2
    assert topic in str(refused.value)
    assert sorted(message.id for message in await read(kafka, topic)) == ["event-1", "event-3"]


async def test_f08_record_over_the_topics_limit(kafka: Brokers, sink_on: SinkOn) -> None:
    """Only the broker knows the limit: every record over it is refused by number, in order, the others come once."""
    topic = await make_topic(kafka, max_message_bytes="5000")
    sizes = {3: 6000, 8: 7000}
    records = [logged(seq, topic, size=sizes.get(seq, 300)) for seq in range(1, 13)]
    sink = sink_on(kafka)
    refused = []
    waiting = records
    for _ in range(3):
        try:
            await sink.write(waiting)
            break
        except Reject as error:
            refused.append(error.seq)
            waiting = [one for one in waiting if one.seq != error.seq]
    await sink.close()

    messages = await read(kafka, topic)

    assert refused == [3, 8]
    assert Counter(one.id for one in messages) == Counter(one.record.id for one in waiting)
    assert_in_order(messages)


async def test_topic_with_small_batches(kafka: Brokers, sink_on: SinkOn) -> None:
    """A topic that takes less than one call hands over gets it in smaller pieces; nothing is refused."""
    topic = await make_topic(kafka, max_message_bytes="40000")
    records = [logged(seq, topic, size=1000) for seq in range(1, 401)]
    sink = sink_on(kafka)
    await sink.write(records)
    await sink.close()

    messages = await read(kafka, topic)

    assert Counter(one.id for one in messages) == Counter(one.record.id for one in records)
    assert_in_order(messages)


async def test_f06_missing_topic_is_named_and_not_created(broker: KafkaCluster, sink_on: SinkOn) -> None:
    """Also where brokers create topics by use; once it is there the same records go through."""
    sink = sink_on(broker)
    missing = f"test.{uuid4().hex[:12]}"
    with pytest.raises(Retry, match=f"{missing}.*topics ensure"):
        await sink.write([logged(1, missing)])
    assert missing not in await asyncio.to_thread(topics_of, broker.bootstrap_servers)

    topic = await make_topic(broker)
    await sink.write([logged(1, topic)])
    await sink.close()

    assert [one.id for one in await read(broker, topic)] == ["event-1"]


async def test_f07_deleted_topic_is_not_created_again(broker: KafkaCluster, sink_on: SinkOn) -> None:
    """A topic deleted while the service runs gives Retry after Retry, and stays away."""
    topic = await make_topic(broker)
    sink = sink_on(broker)
    await sink.write([logged(1, topic)])
    await delete_topics(broker, [topic])

    for _ in range(2):
        with pytest.raises(Retry):
            await sink.write([logged(2, topic)])
    await sink.close()

    assert topic not in await asyncio.to_thread(topics_of, broker.bootstrap_servers)


async def test_f01_broker_down_at_start(broker: KafkaCluster, sink_on: SinkOn) -> None:
    """The cause is told, and the same sink delivers once the broker is there."""
    topic = await make_topic(broker)
    await asyncio.to_thread(broker.stop)
    sink = sink_on(broker)
    with pytest.raises(Retry, match=broker.bootstrap_servers[0]):
        await sink.write([logged(1, topic)])

    await asyncio.to_thread(broker.start)
    await insist(sink, [logged(1, topic)])
    await sink.close()

    assert [one.id for one in await read(broker, topic)] == ["event-1"]


@pytest.mark.parametrize("fault", ["stop", pytest.param("kill", marks=pytest.mark.soak)])
async def test_f02_broker_away_while_writing(broker: KafkaCluster, fault: str, sink_on: SinkOn) -> None:
    """Everything arrives in order per key; what comes twice has the same event id and the same bytes."""
    topic = await make_topic(broker)
    sink = sink_on(broker, delivery_timeout=1.0)  # less than a broker needs to come back
    records = [logged(seq, topic) for seq in range(1, 3001)]

    async def deliver() -> int:
        tries = 0
        for start in range(0, len(records), 50):
            tries += await insist(sink, records[start : start + 50])
            await asyncio.sleep(0.01)
        return tries

    delivering = asyncio.create_task(deliver())
    await asyncio.sleep(0.2)
    await asyncio.to_thread(getattr(broker, fault))
    under_way = not delivering.done()
    await asyncio.to_thread(broker.start)
    tries = await delivering
    await sink.close()

    messages = await read(broker, topic)

    assert under_way
    assert tries > 0
    assert {one.id for one in messages} == {one.record.id for one in records}
    assert_copies_alike(messages)
    assert_in_order(messages)


async def test_f02_outbox_moves_its_cursor_behind_kafka(broker: KafkaCluster, sink_on: SinkOn) -> None:
    """From the event log through an outage: the cursor ends at the head, with one dead letter for the large record."""
    topic = await make_topic(broker)
    store, clock = MemoryStore(), ManualClock()
    log = MemoryEventLog(store, clock)
    store.append([logged(seq, topic).record for seq in range(1, 1001)])
    store.append([logged(1001, topic, size=1 << 21).record])
    notes: list[Note] = []
    outbox = Outbox(sink_on(broker, delivery_timeout=1.0), log, clock, notes.append)
    await asyncio.to_thread(broker.stop)
    running = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.1)
    assert await log.cursor("kafka") is None
    await asyncio.to_thread(broker.start)
    store.append([logged(seq, topic).record for seq in range(1002, 1500)])
    store.ring()
    async with asyncio.timeout(30):
        while outbox.position < 1499:
            await asyncio.sleep(0.02)
    outbox.stop()
    await running

    messages = await read(broker, topic)
    cursor = await log.cursor("kafka")

    assert cursor is not None
    assert (cursor.seq, cursor.dead) == (1499, 1)
    assert {one.id for one in messages} == {f"event-{seq}" for seq in range(1, 1500) if seq != 1001}
    assert_copies_alike(messages)
    assert_in_order(messages)
    assert [type(note) for note in notes].count(SinkFailed) >= 1
    assert [note.seq for note in notes if isinstance(note, SinkRejected)] == [1001]


async def test_f03_frozen_broker(broker: KafkaCluster, sink_on: SinkOn) -> None:
    """A broker that answers nothing ends in Retry within the limit; after it woke up all is there, copies are alike."""
    topic = await make_topic(broker)
    sink = sink_on(broker)
    await sink.write([logged(1, topic)])
    broker.freeze()
    started = time.monotonic()
    with pytest.raises(Retry):
        await sink.write([logged(2, topic), logged(3, topic)])
    took = time.monotonic() - started
    broker.thaw()
    await insist(sink, [logged(2, topic, size=200), logged(3, topic)])
    await sink.close()

    assert took < 3.0 + LIMIT
    assert {one.id for one in await read(broker, topic)} == {"event-1", "event-2", "event-3"}


@pytest.mark.parametrize("fault", ["stop", "freeze"])
async def test_close_ends_without_a_broker(broker: KafkaCluster, fault: str, sink_on: SinkOn) -> None:
    """Also while a call is under way: that one is cut off, and closing keeps its limit."""
    topic = await make_topic(broker)
    sink = sink_on(broker, delivery_timeout=30.0)
    await sink.write([logged(1, topic)])
    getattr(broker, fault)()
    writing = asyncio.create_task(sink.write([logged(2, topic)]))
    await asyncio.sleep(0.2)
    writing.cancel()
    with suppress(asyncio.CancelledError, Retry):
        await writing

    started = time.monotonic()
    await sink.close()

    assert time.monotonic() - started < LIMIT


async def test_cut_off_write_is_not_lost(broker: KafkaCluster, sink_on: SinkOn) -> None:
    """A cancelled call leaves the sink usable, and the repeated records come after each other."""
    topic = await make_topic(broker)
    sink = sink_on(broker)
    await sink.write([logged(1, topic, key="one")])
    records = [logged(seq, topic, key="one") for seq in range(2, 200)]
    writing = asyncio.create_task(sink.write(records))
    await asyncio.sleep(0)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    await sink.write(records)
    await sink.close()

    messages = await read(broker, topic)

    assert {one.id for one in messages} == {f"event-{seq}" for seq in range(1, 200)}
    assert_copies_alike(messages)
    assert_in_order(messages)


async def test_f14_replaced_password_gives_a_new_client(kafka: Brokers, tmp_path: Path, sink_on: SinkOn) -> None:
    """The security files are looked at again while records flow; a change costs a new client and nothing else."""
    secret = tmp_path / "password"
    secret.write_text("one\n")
    topic = await make_topic(kafka)
    security = SecuritySettings(username="someone", password_file=str(secret))
    sink = sink_on(kafka, security=security, recheck=0.0)
    await sink.write([logged(1, topic)])
    before = sink._producer
    await sink.write([logged(2, topic)])
    kept = sink._producer
    os.utime(secret, (1, 1))
    await sink.write([logged(3, topic)])
    after = sink._producer
    await sink.close()

    assert before is kept
    assert after is not before
    assert len(await read(kafka, topic)) == 3
