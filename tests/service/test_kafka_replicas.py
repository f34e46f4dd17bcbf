"""Replicas in one process over real brokers: shards and feeds that go from one to the other, and nothing twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from monitor.adapters.kafka.events import KafkaEventLog
from monitor.adapters.kafka.ledger import KafkaLedger
from monitor.adapters.kafka.ownership import KafkaOwnership
from monitor.app.assignment import Shards
from monitor.model.feed import FeedChanges, Interval
from monitor.model.ids import ShardId
from monitor.model.notes import LedgerFailed
from monitor.testing.builders import feed
from tests.support.backends import KafkaBackEnd
from tests.support.cluster import Servers
from tests.support.service import Rig, rss, rules, sharing

pytestmark = pytest.mark.timeout(90)
HOUR = 3600.0
ONE, TWO = "https://one.example/rss", "https://two.example/rss"
"""Of two shards these hosts belong to 1 and 0."""
HERE, THERE = ShardId(1), ShardId(0)


class Replica:
    """A rig whose ledger and ownership are real."""

    def __init__(self, place: KafkaBackEnd) -> None:
        self.rig = Rig(rules=replace(rules("ukraine"), topics=place.table), shards=2)
        self.rig.clock.jitter = lambda: 0.0
        self.ownership = KafkaOwnership(place.settings, place.installation, self.rig.clock)
        self.rig.ownership = self.ownership
        self.rig.ledger = KafkaLedger(place.settings, place.installation, confirm=self.ownership.confirmed)
        for url in (ONE, TWO):
            self.rig.web.publish(url, rss("First"))
        self.shards: Shards

    def open_shards(self) -> set[int]:
        """Those whose feeds can be polled now."""
        return {number for number, shard in self.shards.shards.items() if shard.running is not None}

    def feeds(self, shard: ShardId) -> set[str]:
        """The feeds of one of them."""
        running = self.shards.shards[shard].running
        return set(running.specs) if running is not None else set()

    @property
    def asked(self) -> list[str]:
        return [url for url, _ in self.rig.fetcher.asked]


@asynccontextmanager
async def replica(place: KafkaBackEnd) -> AsyncIterator[Replica]:
    """As a process of its own would run it: shards end before the group is left."""
    made = Replica(place)
    try:
        async with sharing(made.rig) as made.shards:
            yield made
    finally:
        await made.ownership.close()


@asynccontextmanager
async def installation(brokers: Servers) -> AsyncIterator[KafkaBackEnd]:
    place = KafkaBackEnd(brokers.bootstrap_servers, shards=2)
    await place.start()
    try:
        yield place
    finally:
        await place.close()


async def articles(place: KafkaBackEnd) -> list[str]:
    """Ids of all article events that are committed, in any order."""
    log = KafkaEventLog.reader(place.settings, lambda: re.compile(re.escape(place.table.articles)))
    found: list[str] = []
    try:
        while more := await log.read(len(found)):
            found += [one.record.id for one in more]
    finally:
        await log.close()
    return found


async def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def test_shards_and_feeds_go_from_replica_to_replica_and_nothing_comes_twice(kafka: Servers):
    """One alone has everything; a feed follows its edited URL; a second one gets a shard, and with it no early poll."""
    pace = Interval(HOUR, HOUR)
    one, two = feed("one", interval=pace), feed("two", interval=pace)
    async with installation(kafka) as place:
        await place.registry.apply(FeedChanges(put=(one, two)))
        async with replica(place) as first:
            await until(lambda: first.open_shards() == {0, 1})
            await until(lambda: len(first.rig.settled) == 2)
            assert (first.feeds(HERE), first.feeds(THERE)) == ({"one"}, {"two"})
            await place.registry.apply(FeedChanges(put=(replace(one, url=f"{TWO}?other"),)))
            first.rig.web.publish(f"{TWO}?other", rss("First"))
            await until(lambda: first.feeds(THERE) == {"one", "two"})
            await until(lambda: len(first.rig.settled) == 3)
            assert first.feeds(HERE) == set()
            async with replica(place) as second:
                await until(lambda: len(second.open_shards()) == 1 == len(first.open_shards()))
                assert first.open_shards() | second.open_shards() == {0, 1}
                await first.ownership.close()
                await until(lambda: first.open_shards() == set())
                await until(lambda: second.open_shards() == {0, 1})
                assert second.feeds(THERE) == {"one", "two"}
                await asyncio.sleep(1.0)
                assert second.asked == []
                assert second.rig.of(LedgerFailed) == first.rig.of(LedgerFailed) == []
        assert len(await articles(place)) == len(set(await articles(place))) == 2
