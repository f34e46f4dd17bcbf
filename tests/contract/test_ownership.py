"""What every ownership promises: `Ownership` of `monitor/ports.py`."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.ownership import KafkaOwnership
from monitor.adapters.static import StaticOwnership
from monitor.model.ids import ShardId
from monitor.ports import Ownership
from monitor.testing.clock import ManualClock
from monitor.testing.ownership import ScriptedOwnership
from tests.support.cluster import Servers, make_topic

KINDS = ["static", "scripted", pytest.param("kafka", marks=[pytest.mark.service, pytest.mark.timeout(60)])]


async def kafka_ownership(brokers: Servers) -> Ownership:
    """The only member of a group of its own."""
    topic = await make_topic(brokers, partitions=3)
    installation = Installation(app=f"test-{uuid4().hex[:12]}", feeds=topic, shards=3, session_timeout=3.0)
    return KafkaOwnership(ClusterSettings(brokers.bootstrap_servers), installation, ManualClock())


@pytest.fixture(params=KINDS)
async def ownership(request: pytest.FixtureRequest) -> AsyncIterator[Ownership]:
    """Three shards, of each kind."""
    match request.param:
        case "static":
            made: Ownership = StaticOwnership(3)
        case "scripted":
            made = ScriptedOwnership(0, 1, 2)
        case _:
            made = await kafka_ownership(request.getfixturevalue("kafka"))
    yield made
    await made.close()


async def nothing_more(assignments: AsyncIterator[frozenset[int]]) -> bool:
    """No further set comes; the iterator waits and can be cancelled."""
    waiting = asyncio.ensure_future(anext(assignments))
    await asyncio.sleep(0.01)
    done = waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return not done


async def test_the_whole_set_comes_at_once(ownership: Ownership) -> None:
    """And nothing more while nothing changes."""
    assignments = ownership.assignments()

    assert await anext(assignments) == {0, 1, 2}
    assert await nothing_more(assignments)


async def test_only_the_newest_set_comes() -> None:
    """A listener that was busy meets the last assignment, not those before."""
    ownership = ScriptedOwnership(0)
    assignments = ownership.assignments()
    await anext(assignments)
    ownership.assign(0, 1)
    ownership.assign(1)

    assert await anext(assignments) == {1}
    assert await nothing_more(assignments)


async def test_what_is_ours_is_confirmed_and_nothing_else(ownership: Ownership) -> None:
    """A shard nobody gave us is not ours."""
    await anext(ownership.assignments())

    assert await ownership.confirmed(ShardId(1))
    assert not await ownership.confirmed(ShardId(3))


async def test_a_close_ends_soon_and_may_be_said_twice(ownership: Ownership) -> None:
    """Whoever closes an ownership twice waits for nobody."""
    await anext(ownership.assignments())
    started = time.monotonic()
    await ownership.close()
    await ownership.close()
    assert time.monotonic() - started < 3.0
