"""Transactions on a real broker: all or nothing, one owner, and an end to every wait."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder, MessageBatch
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.restore import Follower, Kept, read_all, read_until
from monitor.adapters.kafka.transaction import Entry, Transactional
from monitor.config.schema import SecuritySettings
from monitor.errors import Fenced, LedgerError, Refused
from monitor.schedule.placement import murmur2
from tests.support.cluster import delete_topics, make_topic
from tests.support.fixtures import Brokers
from tests.support.kafka import KafkaCluster, Secured
from tests.support.reader import topics_of
from tests.support.secrets import write_certificates
from tests.support.settled import read_settled

pytestmark = [pytest.mark.service, pytest.mark.timeout(60)]

USER, PASSWORD = "news", "correct horse"
LIMIT = 2.5
"""Seconds closing may take at most, whatever the brokers do."""


class Writers:
    """Producers of one transactional id that nobody else has; all end with the test."""

    def __init__(self, settings: ClusterSettings) -> None:
        self.settings, self.id = settings, f"test-{uuid4().hex[:12]}"
        self._made: list[Transactional] = []

    async def open(self, settings: ClusterSettings | None = None, *, alone: bool = False) -> Transactional:
        """The newest; whoever was before is fenced."""
        made = await Transactional.open(settings or self.settings, self.id, 30.0, alone=alone)
        self._made.append(made)
        return made

    async def close(self) -> None:
        for made in self._made:
            await made.close()


@pytest.fixture
async def writers(kafka: Brokers) -> AsyncIterator[Writers]:
    writers = Writers(ClusterSettings(kafka.bootstrap_servers))
    yield writers
    await writers.close()


@pytest.fixture
async def topic(kafka: Brokers) -> str:
    return await make_topic(kafka)


def values(kept: list[Kept]) -> list[str]:
    """What the records say, in the order of their places."""
    return [(one.value or b"").decode() for one in kept]


async def test_committed_records_come_back_with_every_byte(writers: Writers, topic: str) -> None:
    """Key, value, tombstone and headers; the places are told as they are, partitions follow Kafka's own rule."""
    writer, before = await writers.open(), time.time()
    entries = [
        Entry(topic, b"a", bytes(range(256)), 2, (("state", b"\xff\x00"), ("empty", b""))),
        Entry(topic, b"b", None, 2),
        Entry(topic, b"article-1", b"by key"),
    ]
    places = await writer.commit(entries)

    kept = await read_settled(writers.settings, topic)

    by_key = (murmur2(b"article-1") & 0x7FFFFFFF) % 3
    assert [partition for partition, _ in places] == [2, 2, by_key]
    there = {(one.partition, one.offset): (one.key, one.value, dict(one.headers)) for one in kept}
    assert [there[place] for place in places] == [
        ("a", bytes(range(256)), {"state": b"\xff\x00", "empty": b""}),
        ("b", None, {}),
        ("article-1", b"by key", {}),
    ]
    assert await written_at(writers.settings, topic) >= before - 1


async def written_at(settings: ClusterSettings, topic: str) -> float:
    """The oldest time stamp of a topic, seconds."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=list(settings.bootstrap_servers), auto_offset_reset="earliest")
    await consumer.start()
    try:
        return (await consumer.getone()).timestamp / 1000
    finally:
        await consumer.stop()


async def test_nothing_to_write_is_no_transaction(writers: Writers) -> None:
    writer = await writers.open()

    assert await writer.commit([]) == []
    assert not writer.dead


async def test_a_zombie_commits_nothing_after_it_was_fenced(writers: Writers, topic: str) -> None:
    """It writes as fast as it can while another opens: what was acknowledged is there, and nothing comes later."""
    for round_ in range(5):
        zombie = await writers.open()
        acknowledged: list[str] = []
        task = asyncio.create_task(commit_on_and_on(zombie, topic, f"{round_}", acknowledged))
        while len(acknowledged) < 3:
            await asyncio.sleep(0.01)
        owner = await writers.open()
        ((_, end),) = await owner.commit([Entry(topic, b"~fence", b"", 0)])
        restored = values(await read_until(writers.settings, topic, {0: end}))
        with pytest.raises(Fenced):
            await task
        assert zombie.dead

        assert set(acknowledged) <= set(restored)
        assert len(restored) == len(set(restored) - {""}) + round_ + 1
        assert values(await read_settled(writers.settings, topic)) == restored


async def commit_on_and_on(writer: Transactional, topic: str, name: str, acknowledged: list[str]) -> None:
    number = 0
    while True:
        number += 1
        await writer.commit([Entry(topic, b"z", f"{name}-{number}".encode(), 0)])
        acknowledged.append(f"{name}-{number}")


async def test_cut_between_sending_and_committing_leaves_nothing(writers: Writers, topic: str) -> None:
    """Acknowledged is not committed: the successor ends the transaction, and no reader ever sees it."""
    writer = await writers.open()

    def cut() -> None:
        raise InterruptedError("here it ends")

    with pytest.raises(LedgerError, match="here it ends"):
        await writer.commit([Entry(topic, b"a", b"lost", 0), Entry(topic, b"b", b"lost", 1)], cut)
    await writer.close()
    after = await writers.open()
    await after.commit([Entry(topic, b"a", b"kept", 0)])

    assert values(await read_settled(writers.settings, topic)) == ["kept"]


async def test_a_cancelled_commit_is_wholly_there_or_absent(writers: Writers, topic: str) -> None:
    """Cancelled at every stage; the producer is dead, and reading tells which it was."""
    outcomes = set()
    for number in range(12):
        writer = await writers.open()
        entries = [Entry(topic, b"k", f"{number}".encode(), partition) for partition in range(3)]
        task = asyncio.create_task(writer.commit(entries))
        await asyncio.sleep(number * 0.004)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert writer.dead == task.cancelled()
        after = await writers.open()
        ends = dict(await after.commit([Entry(topic, b"~fence", b"", partition) for partition in range(3)]))

        count = values(await read_until(writers.settings, topic, ends)).count(f"{number}")

        assert count in (0, 3)
        outcomes.add(count)
    assert 0 in outcomes


async def test_a_record_over_our_limit_is_refused_by_name_and_nothing_is_sent(writers: Writers, topic: str) -> None:
    """Sizes are looked at before anything begins; the producer is dead all the same."""
    writer = await writers.open(replace(writers.settings, max_record=10_000))
    entries = [Entry(topic, b"a", b"small", id="small"), Entry(topic, b"b", os.urandom(10_000), id="large")]

    with pytest.raises(Refused) as caught:
        await writer.commit(entries)

    assert caught.value.records == ("large",)
    with pytest.raises(LedgerError, match="open it again"):
        await writer.commit(entries[:1])
    assert await read_settled(writers.settings, topic) == []


async def test_a_record_over_the_limit_of_its_topic_is_found(kafka: Brokers, writers: Writers, topic: str) -> None:
    """A batch of several is refused as one: sent each alone they show which it is. Nothing is published meanwhile."""
    strict = await make_topic(kafka, 1, max_message_bytes="2000")
    entries = [
        Entry(topic, b"a", b"elsewhere", id="elsewhere"),
        Entry(strict, b"a", b"small", id="small"),
        Entry(strict, b"b", os.urandom(5_000), id="large"),
    ]
    crowd = await writers.open()
    with pytest.raises(LedgerError, match="a batch is larger") as unclear:
        await crowd.commit(entries)
    alone = await writers.open(alone=True)
    with pytest.raises(Refused) as caught:
        await alone.commit(entries)

    assert (crowd.crowded, type(unclear.value), caught.value.records) == (True, LedgerError, ("large",))
    assert [await read_all(writers.settings, name) for name in (topic, strict)] == [[], []]
    await (await writers.open()).commit(entries[:2])
    assert values(await read_settled(writers.settings, strict)) == ["small"]


async def test_a_missing_topic_is_named_and_not_made(kafka: Brokers, writers: Writers, topic: str) -> None:
    """Nothing is published without it; topics come from their table alone."""
    writer = await writers.open()

    with pytest.raises(LedgerError, match=r"missing\.topic .*topics ensure"):
        await writer.commit([Entry(topic, b"a", b"x"), Entry("missing.topic", b"a", b"x")])

    assert await read_settled(writers.settings, topic) == []
    assert "missing.topic" not in await asyncio.to_thread(topics_of, kafka.bootstrap_servers)


async def test_a_producer_ends_with_its_secrets(writers: Writers, tmp_path: Path) -> None:
    """Another password or certificate on disk, or a day: it is time for a new one."""
    file = tmp_path / "ca.pem"
    file.write_text("one")
    security = SecuritySettings(ca_file=str(file))
    eager = await writers.open(replace(writers.settings, security=security, recheck=0.0))
    patient = await writers.open(replace(writers.settings, security=security))
    assert not await eager.stale()
    os.utime(file, (1, 1))

    assert (await eager.stale(), await patient.stale()) == (True, False)


async def test_a_fenced_producer_leaves_no_complaint(writers: Writers, topic: str) -> None:
    """What the library was told and nobody asks for stays out of the log of the service."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    first = await writers.open()
    await writers.open()
    with pytest.raises(Fenced):
        await first.commit([Entry(topic, b"a", b"x", 0)])
    await writers.close()
    del first
    writers._made.clear()
    gc.collect()
    await asyncio.sleep(0)

    assert complaints == []


async def test_private_names_of_the_library_are_where_they_were() -> None:
    """Closing in time touches these: a new version of the library that moves one has to be looked at."""
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", transactional_id="nobody")
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")

    assert (producer._closed, producer._sender.sender_task) == (False, None)
    assert producer._txn_manager.wait_for_transaction_end() is None
    assert producer._txn_manager.producer_id == -1
    assert callable(producer._txn_manager.maybe_add_partition_to_txn)
    assert dict(producer._message_accumulator._batches) == {}
    assert not MessageBatch(("topic", 0), BatchBuilder(1, 0), 1.0, 0.0)._drain_waiter.done()
    assert consumer._client.cluster is not None
    producer._closed = True
    await producer.client.close()
    await consumer.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates, and the password in a file."""
    folder = tmp_path_factory.mktemp("secrets")
    write_certificates(folder)
    (folder / "password").write_text(f"{PASSWORD}\n")
    return folder


@pytest.fixture(scope="module")
def own(kafka_jars: None, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker these tests may hurt; on its second listener it asks who you are and what you may."""
    secured = Secured(folder / "server.pem", {USER: PASSWORD})
    with KafkaCluster(tmp_path_factory.mktemp("own-kafka"), secured=secured) as cluster:
        yield cluster


@pytest.fixture
async def hurt(own: KafkaCluster) -> AsyncIterator[Writers]:
    """Producers on the broker that is hurt; it is well again after each test."""
    settings = ClusterSettings(own.bootstrap_servers, request_timeout=1.0, start_timeout=3.0, delivery_timeout=3.0)
    writers = Writers(settings)
    yield writers
    await writers.close()
    own.thaw()
    await asyncio.to_thread(own.start)


async def grant(own: KafkaCluster, kind: ResourceType, name: str, *operations: AclOperation) -> None:
    """Rights for our user, given by the plain listener's super user."""
    admin = AdminClient({"bootstrap.servers": ",".join(own.bootstrap_servers)})
    pattern, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    made = [AclBinding(kind, name, pattern, f"User:{USER}", "*", operation, allow) for operation in operations]
    for done in admin.create_acls(made).values():
        await asyncio.to_thread(done.result, 10)


async def test_the_denied_topic_is_blamed_not_the_others(own: KafkaCluster, folder: Path, hurt: Writers) -> None:
    """The records of the topics that are ours fail too, with another word; nothing of any is published."""
    ours, denied = await make_topic(own), await make_topic(own)
    security = SecuritySettings(
        "sasl_ssl", "SCRAM-SHA-256", USER, str(folder / "password"), ca_file=str(folder / "ca.pem")
    )
    secured = replace(hurt.settings, bootstrap_servers=own.secured_servers, security=security, start_timeout=10.0)
    await grant(own, ResourceType.TOPIC, ours, AclOperation.WRITE)
    await grant(own, ResourceType.TOPIC, denied, AclOperation.DESCRIBE)
    with pytest.raises(LedgerError, match=r"no right to transactional id .*kafka-acls.sh .* --operation Write"):
        await hurt.open(secured)
    await grant(own, ResourceType.TRANSACTIONAL_ID, hurt.id, AclOperation.WRITE)
    writer = await hurt.open(secured)

    with pytest.raises(LedgerError, match=rf"no right to topic {denied}: .*--operation Write --topic {denied}"):
        await writer.commit([Entry(ours, b"a", b"x"), Entry(denied, b"a", b"x"), Entry(ours, b"b", b"x")])

    assert await read_settled(hurt.settings, ours) == []


@pytest.mark.parametrize("fault", ["freeze", "kill"])
async def test_every_wait_ends_with_the_broker_gone(own: KafkaCluster, hurt: Writers, fault: str) -> None:
    """A commit under way, opening, reading, following and closing: all end by their limits, and say why."""
    topic = await make_topic(own)
    writer = await Transactional.open(hurt.settings, hurt.id, 2.0)
    follower = Follower(hurt.settings, topic, 0, 0)
    await writer.commit([Entry(topic, b"a", b"before", 0)])
    assert (await anext(follower)).value == b"before"
    following = asyncio.ensure_future(anext(follower))
    await asyncio.to_thread(getattr(own, fault))

    began = time.monotonic()
    with pytest.raises(LedgerError):
        await writer.commit([Entry(topic, b"a", b"unclear", 0)])
    assert time.monotonic() - began < 2.0 + 0.5
    assert writer.dead
    assert await seconds(writer.close()) < LIMIT
    assert await seconds(follower.close()) < LIMIT
    with pytest.raises(StopAsyncIteration):
        await following
    for unreachable in (hurt.open(), read_until(hurt.settings, topic, {0: 0})):
        with pytest.raises(LedgerError, match="no Kafka at"):
            await unreachable


async def seconds(closing: Awaitable[None]) -> float:
    began = time.monotonic()
    await closing
    return time.monotonic() - began


async def test_a_topic_deleted_under_the_producer_ends_by_the_bound(own: KafkaCluster, hurt: Writers) -> None:
    """The library would wait for it without end."""
    topic, other = await make_topic(own), await make_topic(own)
    writer = await Transactional.open(hurt.settings, hurt.id, 4.0)
    await writer.commit([Entry(topic, b"a", b"x", 0)])
    await delete_topics(own, [topic])
    await asyncio.sleep(0.5)

    with pytest.raises(LedgerError):
        await writer.commit([Entry(other, b"a", b"x", 0), Entry(topic, b"a", b"x", 0)])
    await writer.close()

    assert await read_settled(hurt.settings, other) == []


async def test_a_follower_goes_on_after_the_broker_came_back(own: KafkaCluster, hurt: Writers) -> None:
    """Killed and started again: nothing is missed, nothing comes twice."""
    topic = await make_topic(own)
    follower = Follower(hurt.settings, topic, 0, 0)
    await (await hurt.open()).commit([Entry(topic, b"a", b"before", 0)])
    assert (await anext(follower)).value == b"before"
    following = asyncio.ensure_future(anext(follower))
    await asyncio.to_thread(own.kill)
    await asyncio.to_thread(own.start)
    async with asyncio.timeout(40):
        while True:
            with suppress(LedgerError):
                await (await hurt.open()).commit([Entry(topic, b"a", b"after", 0)])
                break
        assert (await following).value == b"after"
    await follower.close()
