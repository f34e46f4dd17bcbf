"""What a cluster says of itself and of the members of a group: for commands that look and change nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from aiokafka import AIOKafkaClient
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, NoError, for_code
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.api import RequestStruct

from monitor.adapters.kafka.client import (
    FAULTS,
    ClusterSettings,
    close_bounded,
    connection,
    open_admin,
    overhearing,
    unreachable,
)

CALLS = {
    0: "Produce",
    1: "Fetch",
    2: "ListOffsets",
    3: "Metadata",
    10: "FindCoordinator",
    11: "JoinGroup",
    12: "Heartbeat",
    14: "SyncGroup",
    22: "InitProducerId",
    24: "AddPartitionsToTxn",
    26: "EndTxn",
}
"""The requests that a ledger or a sink cannot do without, by their numbers in Kafka's protocol."""

PAUSE = 0.2
"""Seconds between two questions for a group while the cluster makes ready."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Survey:
    """How many brokers there are, and which of our requests they take in no version that we speak."""

    brokers: int
    unserved: tuple[str, ...]


async def survey(settings: ClusterSettings) -> Survey:
    """Asks one broker. Raises Unreachable, also for a password or certificate that is not taken."""
    async with _client(settings) as client:
        answer = await client.send(client.get_random_node(), ApiVersionRequest())
        served = {key: range(lowest, highest + 1) for key, lowest, highest in answer.api_versions}
        return Survey(len(client.cluster.brokers()), unserved(served))


async def cluster_id(settings: ClusterSettings) -> str:
    """What the cluster calls itself, by whatever addresses it is reached. Raises Unreachable."""
    admin = await open_admin(settings)
    try:
        async with asyncio.timeout(settings.request_timeout):
            return str((await admin.describe_cluster())["cluster_id"])
    except FAULTS as error:
        raise unreachable(settings, error, ()) from error
    finally:
        await close_bounded(admin)


async def members(settings: ClusterSettings, group: str) -> int:
    """How many processes share the work of a group now; 0 if it never had one.

    Raises Unreachable, also where the group is not ours to see.
    """
    with overhearing() as words:
        admin = await open_admin(settings)
        try:
            async with asyncio.timeout(settings.start_timeout):
                return await patiently(lambda: _count(admin, group))
        except FAULTS as error:
            raise unreachable(settings, error, words) from error
        finally:
            await close_bounded(admin)


async def patiently(ask: Callable[[], Awaitable[T]], limit: float = math.inf) -> T:
    """The answer of a broker, asked again while it makes ready: a new cluster has no coordinator, a new leader does
    not know that it leads. Raises one of FAULTS, after `limit` seconds the one that was met last.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + limit
    while True:
        try:
            return await ask()
        except KafkaError as error:
            if not error.retriable or loop.time() > until:
                raise
        await asyncio.sleep(PAUSE)


async def _count(admin: AIOKafkaAdminClient, group: str) -> int:
    (answer,) = await admin.describe_consumer_groups([group])
    (found,) = answer.groups
    if (fault := for_code(found[0])) is not NoError:
        raise fault
    return len(found[5])


@asynccontextmanager
async def _client(settings: ClusterSettings) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(**await connection(settings))
    with overhearing() as words:
        try:
            async with asyncio.timeout(settings.start_timeout):
                await client.bootstrap()
                yield client
        except FAULTS as error:
            raise unreachable(settings, error, words) from error
        finally:
            await close_bounded(client)


def unserved(served: Mapping[int, range]) -> tuple[str, ...]:
    """Those of our requests that are served in no version we speak; `served`: versions by number of the request."""
    spoken = {(kind.API_KEY, kind.API_VERSION) for kind in RequestStruct.__subclasses__()}
    return tuple(
        name for key, name in CALLS.items() if not any((key, version) in spoken for version in served.get(key, ()))
    )
