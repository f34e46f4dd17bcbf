"""The broker is killed for a while, and the process too: what waited on its disk is published once, and all of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.adapters.sqlite.spool import SqliteSpool
from monitor.app.pacing import HostPacer
from monitor.app.parts import Parts
from monitor.app.shards import Shard
from monitor.model.article import Reading
from monitor.model.feed import FeedChanges, Interval
from monitor.model.ids import ShardId
from monitor.model.notes import LedgerFailed, SpoolReplayed
from monitor.ports import Spool
from monitor.schedule.hosts import HostBook
from monitor.testing.builders import feed
from monitor.testing.clock import START
from tests.support.backends import KafkaBackEnd
from tests.support.kafka import KafkaCluster
from tests.support.service import PacedFetcher, Rig, rss, rules
from tests.support.virtual import LoopClock

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

SHARD = ShardId(0)
SPEED = 60.0
"""Minutes of polls pass as seconds; brokers live in real time."""
SPEC = feed("ticker", interval=Interval(300.0, 600.0))
EVERY, WINDOW = 360.0, 8
"""Seconds between two items of the feed, and how many its document holds: more than come until a commit is given up,
which takes 15 s of the brokers' time."""


class FastClock(LoopClock):
    """Time that runs faster than that of the loop."""

    def now(self) -> float:
        return START + (self.loop.time() - self.started) * SPEED

    def monotonic(self) -> float:
        return self.loop.time() * SPEED

    async def sleep_until(self, monotonic: float) -> None:
        await asyncio.sleep(max(0.0, monotonic / SPEED - self.loop.time()))


class FastRig(Rig):
    """Everything by the fast clock."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.clock = FastClock()
        self.pacer = HostPacer(HostBook(self.hosts), self.clock)
        self.fetcher = PacedFetcher(self.web, self.pacer, self.clock)


@pytest.fixture
def own(kafka_jars: None, tmp_path: Path) -> Iterator[KafkaCluster]:
    """A broker this test may hurt."""
    with KafkaCluster(tmp_path / "kafka") as cluster:
        yield cluster


async def test_f02_i1_an_outage_with_a_kill_in_it_loses_nothing_that_was_read(
    own: KafkaCluster, tmp_path: Path
) -> None:
    """Polls go on without the broker, the process dies, the next one publishes first what waits on the disk."""
    back_end = KafkaBackEnd(own.bootstrap_servers, request_timeout=1.0, start_timeout=5.0)
    await back_end.start()
    await back_end.registry.apply(FeedChanges(put=(SPEC,)))
    rig = FastRig(rules=replace(rules("ukraine"), topics=back_end.table))
    async with ticking(rig):
        spool = await SqliteSpool.open(tmp_path / "spool", 1 << 20)
        async with shard_of(rig, back_end, spool):
            await until(lambda: len(news(rig)) >= 3)
            before = len(news(rig))
            await asyncio.to_thread(own.kill)
            await until(lambda: len(rig.of(LedgerFailed)) > 0)
            async with asyncio.timeout(120):
                while (await spool.shards()).get(SHARD, 0) < 3:
                    await asyncio.sleep(0.2)
            assert len(news(rig)) <= before + 1
        waiting = [title for row in await spool.replay(SHARD) for title in titles_of(row.reading)]
        await spool.close()
        await asyncio.to_thread(own.start)
        spool = await SqliteSpool.open(tmp_path / "spool", 1 << 20)
        async with shard_of(rig, back_end, spool):
            await until(lambda: len(rig.of(SpoolReplayed)) > 0)
            after = len(news(rig))
            await until(lambda: len(news(rig)) >= after + 2)
            assert await spool.shards() == {}
        await spool.close()
    published = await published_by(back_end, waiting[-1])
    await back_end.close()

    assert len(set(published)) == len(published)
    assert set(waiting) <= set(published)
    upto = published.index(waiting[-1])
    assert published[: upto + 1] == [f"Item {number}" for number in range(1, upto + 2)]


@asynccontextmanager
async def ticking(rig: Rig) -> AsyncIterator[None]:
    """A feed with a new item every so often; the oldest rolls out."""

    async def tick() -> None:
        number = 0
        while True:
            number += 1
            rig.web.publish(SPEC.url, rss(*(f"Item {n}" for n in range(max(1, number - WINDOW + 1), number + 1))))
            await rig.clock.sleep_until(rig.clock.monotonic() + EVERY)

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def shard_of(rig: Rig, back_end: KafkaBackEnd, spool: Spool) -> AsyncIterator[None]:
    """A process with the shard; it is killed at the end."""
    parts: Parts = replace(rig.parts(), ledger=back_end.ledger, spool=spool)
    task = asyncio.create_task(Shard(SHARD, parts).run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until(enough: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not enough():
            await asyncio.sleep(0.1)


def news(rig: Rig) -> list[str]:
    """Feeds of the outcomes with news that are durable."""
    return [feed_id for feed_id, outcome in rig.settled if outcome.records]


def titles_of(reading: object) -> list[str]:
    return [article.title for article in reading.articles] if isinstance(reading, Reading) else []


async def published_by(back_end: KafkaBackEnd, last: str) -> Sequence[str]:
    """Titles in the log, in order of their numbers, once the last one is there."""
    async with asyncio.timeout(60):
        while True:
            values = [
                json.loads(one.record.value) for one in await back_end.log.read(0, (f"{back_end.prefix}articles",))
            ]
            titles = sorted((value["article"]["title"] for value in values), key=lambda title: int(title.split()[1]))
            if last in titles:
                return titles
            await asyncio.sleep(0.2)
