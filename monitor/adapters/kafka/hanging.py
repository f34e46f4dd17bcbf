"""Taking over a transactional id, and ending what brokers themselves have left open of its last transaction.

A coordinator that loads while partitions have no leader takes those for deleted and ends a transaction without them
(KAFKA-20734; seen with Kafka 4.4.0). Its records stay open there: consumers get no further, and the next commit of the
same producer publishes them, although they were aborted and written again since. So a new owner asks how the last
transaction ended, looks where records of it are still open (KIP-664), and ends them there in the same way.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from enum import Enum
from typing import Any

from aiokafka import AIOKafkaClient, TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    LeaderNotAvailableError,
    TransactionalIdAuthorizationFailed,
    for_code,
)

from monitor.adapters.kafka.client import FAULTS, ClusterSettings, close_bounded, connection, starting
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.questions import UNKNOWN_ID, DescribeProducers, DescribeTransactions
from monitor.adapters.kafka.rights import lacking
from monitor.adapters.kafka.survey import PAUSE, patiently
from monitor.adapters.kafka.transaction import Transactional
from monitor.errors import LedgerError, Unreachable

NO_RIGHT = 29
"""TOPIC_AUTHORIZATION_FAILED: what we may not read we cannot look into."""


class End(Enum):
    """How the last transaction of an id ended, or will end once its producer is fenced."""

    ABORTED = "aborted"
    COMMITTED = "committed"
    UNKNOWN = "unknown"
    """There was none, or a successor has come and gone since without another."""


ENDS = {
    "Ongoing": End.ABORTED,
    "PrepareAbort": End.ABORTED,
    "PrepareEpochFence": End.ABORTED,
    "CompleteAbort": End.ABORTED,
    "PrepareCommit": End.COMMITTED,
    "CompleteCommit": End.COMMITTED,
}
"""By the states of a transaction as coordinators name them."""


async def take_over(
    settings: ClusterSettings, installation: Installation, transactional_id: str, *, alone: bool = False
) -> Transactional:
    """Fences whoever had this id; nothing of its transactions is open afterwards. Raises LedgerError with the cause."""
    last = await last_end(settings, transactional_id)
    producer = await Transactional.open(settings, transactional_id, installation.transaction_timeout, alone=alone)
    try:
        await end_hanging(settings, installation, producer, last)
    except BaseException:
        await producer.close()
        raise
    return producer


async def end_hanging(
    settings: ClusterSettings, installation: Installation, producer: Transactional, last: End
) -> tuple[TopicPartition, ...]:
    """Ends what is open of the last transaction as that one ended; the places. Raises LedgerError.

    Unknown counts as committed: what comes twice can be told by its id, what is lost cannot.
    """
    places = await hanging(settings, installation, producer.id)
    if places:
        await producer.end_open(places, commit=last is not End.ABORTED)
        await _see_closed(settings, installation, producer.id)
    return places


async def _see_closed(settings: ClusterSettings, installation: Installation, producer_id: int) -> None:
    """A coordinator answers once an end is decided; the partitions hear of it a moment later."""
    until = asyncio.get_running_loop().time() + settings.request_timeout
    while places := await hanging(settings, installation, producer_id):
        if asyncio.get_running_loop().time() > until:
            raise LedgerError(f"an earlier transaction stays open in {', '.join(map(str, places))}")
        await asyncio.sleep(PAUSE)


async def last_end(settings: ClusterSettings, transactional_id: str) -> End:
    """What the coordinator remembers of an id. Raises LedgerError."""
    with suppress(IncompatibleBrokerVersion):
        async with _asking(settings) as client:
            return ENDS.get(await patiently(lambda: _state(client, transactional_id)), End.UNKNOWN)
    return End.UNKNOWN


async def _state(client: AIOKafkaClient, transactional_id: str) -> str:
    try:
        node = await client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id)
    except TransactionalIdAuthorizationFailed as error:
        raise TransactionalIdAuthorizationFailed(transactional_id) from error  # the library does not say which
    ((code, _, state, *_),) = (await client.send(node, DescribeTransactions([transactional_id]))).states
    if code not in (0, UNKNOWN_ID):
        raise for_code(code)(transactional_id)
    return str(state)


async def hanging(
    settings: ClusterSettings, installation: Installation, producer_id: int
) -> tuple[TopicPartition, ...]:
    """Partitions of an installation in which a transaction of this producer is open. Raises LedgerError.

    Partitions without a leader are a reason to wait: nothing can be written there, or ended. Brokers learn a moment
    later than their clients what they lead.
    """
    with suppress(IncompatibleBrokerVersion):
        async with _asking(settings) as client:
            return await patiently(lambda: _look(client, installation, producer_id), settings.request_timeout)
    return ()


async def _look(client: AIOKafkaClient, installation: Installation, producer_id: int) -> tuple[TopicPartition, ...]:
    led = _by_leader(await client.fetch_all_metadata(), installation)
    found = await asyncio.gather(*(_open_at(client, node, places, producer_id) for node, places in led.items()))
    return tuple(sorted(place for places in found for place in places))


def _by_leader(cluster: ClusterMetadata, installation: Installation) -> Mapping[int, Sequence[TopicPartition]]:
    led: dict[int, list[TopicPartition]] = defaultdict(list)
    for topic in filter(installation.owns, cluster.topics()):
        for number in cluster.partitions_for_topic(topic) or ():
            place = TopicPartition(topic, number)
            leader = cluster.leader_for_partition(place)
            if leader is None or leader < 0:
                raise LeaderNotAvailableError(f"{topic}, partition {number}")
            led[leader].append(place)
    return led


async def _open_at(
    client: AIOKafkaClient, node: int, places: Iterable[TopicPartition], producer_id: int
) -> list[TopicPartition]:
    answer = await client.send(node, DescribeProducers(places))
    rows = [(TopicPartition(topic, row[0]), row) for topic, partitions, _ in answer.topics for row in partitions]
    for place, row in rows:
        if row[1] not in (0, NO_RIGHT):
            raise for_code(row[1])(place)
    return [place for place, row in rows if any(_is_open(one, producer_id) for one in row[3])]


def _is_open(active: Any, producer_id: int) -> bool:
    """Producer, epoch, sequence, timestamp, coordinator's epoch, first offset of its transaction or -1."""
    return bool(active[0] == producer_id and active[5] >= 0)


@asynccontextmanager
async def _asking(settings: ClusterSettings) -> AsyncIterator[AIOKafkaClient]:
    """A connection for some questions. Raises LedgerError with the cause.

    Raises IncompatibleBrokerVersion for brokers before 3.0, which do not know the questions, and have not the fault.
    """
    try:
        client = AIOKafkaClient(**await connection(settings))
        async with starting(settings, lambda: close_bounded(client)):
            await client.bootstrap()
    except Unreachable as error:
        raise LedgerError(lacking(settings, error.__cause__) or str(error)) from error
    try:
        async with asyncio.timeout(settings.start_timeout):
            yield client
    except IncompatibleBrokerVersion:
        raise
    except FAULTS as error:
        cause = lacking(settings, error) or str(error) or type(error).__name__
        raise LedgerError(f"what is left of earlier transactions cannot be seen: {cause}") from error
    finally:
        await close_bounded(client)
