"""Records that brokers leave open though they have ended their transaction: a successor ends them, and as that ended.

The fault is the broker's own: it ends a transaction that is overdue while it starts and leads no partition yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator

import pytest
from aiokafka import TopicPartition

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.hanging import End, end_hanging, hanging, last_end, take_over
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.topics import ensure
from monitor.adapters.kafka.transaction import Entry, Transactional
from monitor.errors import LedgerError
from monitor.publish.topics import TopicTable
from tests.support.backends import KafkaBackEnd
from tests.support.fixtures import Brokers
from tests.support.kafka import KafkaCluster
from tests.support.settled import read_settled

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]

ID = "hanging-0"


@pytest.fixture
def own(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker these tests may hurt."""
    with KafkaCluster(tmp_path_factory.mktemp("own-kafka")) as cluster:
        yield cluster


@pytest.fixture
async def back_end(kafka: Brokers) -> AsyncIterator[KafkaBackEnd]:
    """An installation with one shard on brokers that stay up."""
    back_end = KafkaBackEnd(kafka.bootstrap_servers)
    await back_end.start()
    yield back_end
    await back_end.close()


async def left_open(own: KafkaCluster, settings: ClusterSettings, place: Installation) -> None:
    """Two records are sent and not committed; then the broker is away until their transaction is overdue."""
    table = TopicTable(place.prefix)
    rows = await ensure(settings, [*table.plan((), 1, 1), *table.ledger_plan(1, 1, 1)])
    assert all(row.usable for row in rows), rows
    writer = await Transactional.open(settings, ID, place.transaction_timeout)
    await writer.commit([entry(table, "before")])

    def cut() -> None:
        raise LedgerError("cut off between sending and committing")

    with pytest.raises(LedgerError):
        await writer.commit([entry(table, "first"), entry(table, "second")], cut)
    await asyncio.to_thread(own.kill)
    await writer.close()
    await asyncio.sleep(place.transaction_timeout)
    await asyncio.to_thread(own.start)


def entry(table: TopicTable, value: str) -> Entry:
    return Entry(table.articles, b"key", value.encode(), 0)


class Late(Transactional):
    """Partitions hear of an end a second after the producer was told of it; a coordinator takes its time as well."""

    async def end_open(self, places: Iterable[TopicPartition], *, commit: bool) -> None:
        self._dead = True
        self.ending = asyncio.create_task(self._end_late(tuple(places), commit))

    async def _end_late(self, places: tuple[TopicPartition, ...], commit: bool) -> None:
        await asyncio.sleep(1.0)
        await super().end_open(places, commit=commit)


async def values(settings: ClusterSettings, topic: str) -> list[str]:
    """What a consumer sees."""
    return [(kept.value or b"").decode() for kept in await read_settled(settings, topic)]


@pytest.mark.parametrize("committed", [False, True], ids=["aborted", "committed"])
async def test_f09_what_brokers_left_open_ends_as_its_transaction_ended(own: KafkaCluster, committed: bool) -> None:
    """Aborted records stay unseen although the next commit is of the same producer; committed ones come."""
    settings = ClusterSettings(own.bootstrap_servers)
    place = Installation("hanging", shards=1, transaction_timeout=2.0)
    table = TopicTable(place.prefix)
    await left_open(own, settings, place)
    assert await last_end(settings, ID) is End.ABORTED
    if committed:
        # As if the coordinator had been cut off while it committed: the log of the partition is the same.
        writer = await Late.open(settings, ID, place.transaction_timeout)
        ended = await end_hanging(settings, place, writer, End.COMMITTED)
    else:
        writer = await take_over(settings, place, ID)
        ended = ()
    try:
        assert ended == ((TopicPartition(table.articles, 0),) if committed else ())
        assert await hanging(settings, place, writer.id) == ()
        await writer.commit([entry(table, "after")])
    finally:
        await writer.close()

    seen = ["before", *(["first", "second"] if committed else []), "after"]
    assert await values(settings, table.articles) == seen


async def test_the_fault_of_brokers_is_still_there(own: KafkaCluster) -> None:
    """Without the care taken here aborted records are published: once this fails, the care can go."""
    settings = ClusterSettings(own.bootstrap_servers)
    place = Installation("hanging", shards=1, transaction_timeout=2.0)
    await left_open(own, settings, place)
    writer = await Transactional.open(settings, ID, place.transaction_timeout)
    try:
        assert await hanging(settings, place, writer.id) == (TopicPartition("news.articles", 0),)
        await writer.commit([entry(TopicTable(place.prefix), "after")])
    finally:
        await writer.close()

    assert await values(settings, "news.articles") == ["before", "first", "second", "after"]


async def test_the_end_of_a_transaction_is_known_until_the_next_owner(back_end: KafkaBackEnd) -> None:
    """Never used, taken, committed, left open, taken over: what a coordinator says of an id."""
    settings, name = back_end.settings, f"{back_end.installation.app}-9"
    assert await last_end(settings, name) is End.UNKNOWN
    writer = await take_over(settings, back_end.installation, name)
    assert await last_end(settings, name) is End.UNKNOWN
    await writer.commit([entry(back_end.table, "one")])
    assert await last_end(settings, name) is End.COMMITTED

    def cut() -> None:
        raise LedgerError("cut off")

    with pytest.raises(LedgerError):
        await writer.commit([entry(back_end.table, "two")], cut)
    place = TopicPartition(back_end.table.articles, 0)
    assert await last_end(settings, name) is End.ABORTED
    assert await hanging(settings, back_end.installation, writer.id) == (place,)
    await writer.close()
    heir = await take_over(settings, back_end.installation, name)
    assert heir.id == writer.id
    assert await hanging(settings, back_end.installation, heir.id) == ()
    assert await last_end(settings, name) is End.UNKNOWN
    await heir.close()


async def test_no_broker_is_told_with_its_address() -> None:
    """The question has an end, and a cause."""
    settings = ClusterSettings(("127.0.0.1:1",), start_timeout=2.0)
    with pytest.raises(LedgerError, match=r"no Kafka at 127\.0\.0\.1:1"):
        await take_over(settings, Installation(), ID)
