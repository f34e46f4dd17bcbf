"""Shards shared out by a real consumer group: joining, leaving, dying, freezing, and brokers that are not there."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.ownership import KafkaOwnership
from monitor.model.ids import ShardId
from monitor.testing.clock import ManualClock
from tests.support.cluster import Servers, make_topic
from tests.support.kafka import KafkaCluster
from tests.support.poller import Poller

pytestmark = pytest.mark.timeout(60)
SESSION = 2.0


class Listener:
    """Keeps what an ownership yields."""

    def __init__(self, ownership: KafkaOwnership) -> None:
        self.ownership, self.sets = ownership, list[frozenset[int]]()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for owned in self.ownership.assignments():
            self.sets.append(owned)

    @property
    def last(self) -> frozenset[int] | None:
        return self.sets[-1] if self.sets else None

    async def until(self, true: Callable[[], bool], seconds: float = 20.0) -> float:
        """Seconds it took until this was true."""
        started = time.monotonic()
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.01)
        return time.monotonic() - started

    async def close(self) -> None:
        await self.ownership.close()
        if self.sets:
            await self.until(lambda: not self.last, 1.0)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def cluster(brokers: Servers) -> ClusterSettings:
    return ClusterSettings(brokers.bootstrap_servers)


async def installation_on(brokers: Servers, shards: int = 6, session: float = SESSION) -> Installation:
    topic = await make_topic(brokers, partitions=shards)
    return Installation(app=f"test-{uuid4().hex[:12]}", feeds=topic, shards=shards, session_timeout=session)


@asynccontextmanager
async def listening(settings: ClusterSettings, installation: Installation, **more: float) -> AsyncIterator[Listener]:
    listener = Listener(KafkaOwnership(settings, installation, ManualClock(), **more))
    try:
        yield listener
    finally:
        await listener.close()


async def test_members_share_all_shards_and_keep_what_they_can(kafka: Servers):
    """Nothing before joining; with each that comes every shard has one owner, and who stays gives away only."""
    installation = await installation_on(kafka)
    async with listening(cluster(kafka), installation) as one:
        assert (one.ownership.joined, one.sets) == (False, [])
        await one.until(lambda: one.last == frozenset(range(6)))
        assert (one.ownership.joined, one.ownership.error) == (True, "")
        async with listening(cluster(kafka), installation) as two:
            await two.until(lambda: two.last is not None and len(two.last) == 3 and one.last is not None)
            await one.until(lambda: len(one.last or ()) == 3)
            assert one.last is not None
            assert two.last is not None
            assert one.last | two.last == set(range(6))
            before = one.last
            async with listening(cluster(kafka), installation) as three:
                await three.until(lambda: len(three.last or ()) == 2 == len(one.last or ()) == len(two.last or ()))
                assert one.last < before
                assert sorted([*one.last, *two.last, *three.last]) == list(range(6))


async def test_who_leaves_is_followed_at_once_and_who_dies_after_its_session(kafka: Servers):
    """SIGTERM and SIGKILL of another process; the one that is left has all shards."""
    installation = await installation_on(kafka)
    async with listening(cluster(kafka), installation) as one:
        await one.until(lambda: one.last is not None)
        took: dict[int, float] = {}
        for how in (signal.SIGTERM, signal.SIGKILL):
            other = await Poller.start(kafka.bootstrap_servers, installation)
            try:
                await one.until(lambda: len(one.last or ()) == 3)
                other.process.send_signal(how)
                took[how] = await one.until(lambda: len(one.last or ()) == 6)
                await other.process.wait()
            finally:
                await other.end()
    assert took[signal.SIGTERM] < SESSION * 0.75
    assert took[signal.SIGKILL] < SESSION * 2 + 1


async def test_a_process_that_was_frozen_gives_its_shards_up_when_it_wakes(kafka: Servers):
    """The first thing it hears is that nothing is its own, and what it believed in is not confirmed."""
    installation = await installation_on(kafka, shards=1)
    other = await Poller.start(kafka.bootstrap_servers, installation)
    try:
        await other.until({0})
        other.process.send_signal(signal.SIGSTOP)
        async with listening(cluster(kafka), installation) as one:
            await one.until(lambda: one.last == {0})
            other.process.send_signal(signal.SIGUSR1)
            other.process.send_signal(signal.SIGCONT)
            woken = time.time()
            assert await other.until(set()) - woken < 0.5
            assert (await other.line())["confirmed"] is False
            assert await one.ownership.confirmed(ShardId(0))
            assert one.last == {0}
    finally:
        await other.end()


async def test_a_shard_is_confirmed_by_a_heartbeat_after_the_question(kafka: Servers):
    """Ours: yes, soon. Another's: no. Nobody's answer: no, after the session timeout."""
    installation = await installation_on(kafka)
    async with listening(cluster(kafka), installation) as one, listening(cluster(kafka), installation) as two:
        await one.until(lambda: len(one.last or ()) == 3 == len(two.last or ()))
        started = time.monotonic()
        answers = [await one.ownership.confirmed(ShardId(shard)) for shard in range(6)]
        assert {shard for shard in range(6) if answers[shard]} == one.last
        assert time.monotonic() - started < SESSION / 4
    nowhere = KafkaOwnership(ClusterSettings(("127.0.0.1:1",)), installation, ManualClock())
    started = time.monotonic()
    assert not await nowhere.confirmed(ShardId(0))
    assert time.monotonic() - started < SESSION * 2


async def test_brokers_that_are_not_there_are_waited_for_and_say_so(kafka_jars: object, tmp_path: Path):
    """No broker at the start; one that freezes costs the shards after a session timeout, and gives them back."""
    brokers = KafkaCluster(tmp_path)
    brokers.start()
    try:
        installation = await installation_on(brokers, shards=2)
        another = replace(installation, app=f"{installation.app}-patient")
        brokers.stop()
        async with listening(cluster(brokers), installation) as one:
            await one.until(lambda: "no Kafka at" in one.ownership.error)
            assert one.sets == []
            await asyncio.to_thread(brokers.restart, 0)
            await one.until(lambda: one.last == {0, 1}, 40)
            assert one.ownership.error == ""
            async with listening(cluster(brokers), another, patience=float("inf")) as patient:
                await patient.until(lambda: patient.last == {0, 1}, 40)
                brokers.freeze(0)
                after = await one.until(lambda: one.last == frozenset())
                await patient.until(lambda: "no heartbeat was answered" in patient.ownership.error)
                assert patient.last == {0, 1}
                assert patient.ownership.joined
            assert SESSION * 0.5 < after < SESSION * 1.5
            assert "no heartbeat was answered" in one.ownership.error
            assert not one.ownership.joined
            assert not await one.ownership.confirmed(ShardId(0))
            brokers.thaw(0)
            await one.until(lambda: one.last == {0, 1}, 40)
            assert one.ownership.joined
            brokers.freeze(0)
            started = time.monotonic()
            await one.ownership.close()
            assert time.monotonic() - started < 3.0
            brokers.thaw(0)
    finally:
        brokers.stop()
