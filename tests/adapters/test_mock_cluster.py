"""The mock cluster answers as it is told, and clients of the library meet it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, KafkaConnectionError, ProducerFenced, TopicAuthorizationFailedError

from tests.support.mock_cluster import Api, MockCluster

TRANSACTION = "mock-0"


@pytest.fixture
def mock() -> Iterator[MockCluster]:
    with MockCluster(3) as cluster:
        yield cluster


@pytest.fixture
async def producer(mock: MockCluster) -> AsyncIterator[AIOKafkaProducer]:
    async with plain(mock) as producer:
        yield producer


def plain(mock: MockCluster, **settings: object) -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers=list(mock.bootstrap_servers), retry_backoff_ms=20, **settings)


async def test_record_is_taken(producer: AIOKafkaProducer) -> None:
    """Without errors it is a broker like others."""
    placed = await producer.send_and_wait("news", b"one")

    assert (placed.topic, placed.offset) == ("news", 0)


async def test_producer_meets_the_error(mock: MockCluster, producer: AIOKafkaProducer) -> None:
    """Once for each code, then records go through again."""
    mock.push_errors(Api.PRODUCE, TopicAuthorizationFailedError.errno)
    with pytest.raises(TopicAuthorizationFailedError):
        await producer.send_and_wait("news", b"one")

    await producer.send_and_wait("news", b"two")


async def test_errors_are_forgotten(mock: MockCluster, producer: AIOKafkaProducer) -> None:
    """What was pushed and not met does not strike later."""
    mock.push_errors(Api.PRODUCE, TopicAuthorizationFailedError.errno)
    mock.clear_errors(Api.PRODUCE)

    await producer.send_and_wait("news", b"one")


async def test_transaction_meets_the_error(mock: MockCluster) -> None:
    """Each step of a transaction can fail."""
    async with plain(mock, transactional_id=TRANSACTION) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait("news", b"one")
        mock.push_errors(Api.END_TXN, InvalidProducerEpoch.errno)
        with pytest.raises(ProducerFenced):
            await producer.commit_transaction()


async def test_requests_are_seen(mock: MockCluster) -> None:
    """In the order in which they came."""
    mock.create("news", 1, 3)
    with mock.watched() as requests:
        async with plain(mock, transactional_id=TRANSACTION) as producer:
            await producer.begin_transaction()
            await producer.send_and_wait("news", b"one")
            await producer.commit_transaction()
        seen = [kind for kind in requests() if kind in {Api.INIT_PRODUCER_ID, Api.PRODUCE, Api.END_TXN}]

    assert seen == [Api.INIT_PRODUCER_ID, Api.PRODUCE, Api.END_TXN]


async def test_leader_and_coordinator_move(mock: MockCluster) -> None:
    """Both are found again."""
    mock.create("news", 1, 3)
    async with plain(mock, transactional_id=TRANSACTION) as producer:
        for broker in (1, 2, 3):
            mock.lead("news", 0, broker)
            mock.coordinate("transaction", TRANSACTION, broker)
            await producer.begin_transaction()
            assert (await producer.send_and_wait("news", b"one")).topic == "news"
            await producer.commit_transaction()


async def test_brokers_go_and_come(mock: MockCluster) -> None:
    """Down means a closed port."""
    mock.down()
    absent = plain(mock, request_timeout_ms=1000)
    with pytest.raises(KafkaConnectionError):
        await absent.start()
    await absent.stop()
    mock.up()
    async with plain(mock) as producer:
        await producer.send_and_wait("news", b"one")


async def test_answers_take_their_time(mock: MockCluster, producer: AIOKafkaProducer) -> None:
    """As over a long way; not yet applied to what is under way."""
    await producer.send_and_wait("news", b"one")
    loop = asyncio.get_running_loop()
    before = loop.time()
    mock.delay(300)
    await producer.send_and_wait("news", b"two")

    assert loop.time() - before >= 0.29


async def test_unknown_topic_is_told(mock: MockCluster) -> None:
    """A topic that is there twice is refused with the code's text."""
    mock.create("news")
    with pytest.raises(OSError, match="TOPIC_ALREADY_EXISTS"):
        mock.create("news")
