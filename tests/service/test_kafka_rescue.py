"""The rescue topic on a real broker: what waited in one process reaches the one that has the shard, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.producer import Producer
from monitor.adapters.kafka.rescue import KafkaRescue
from monitor.adapters.kafka.topics import ensure
from monitor.app.parts import Parts
from monitor.app.replay import Rescuer
from monitor.app.shards import Shard
from monitor.errors import LedgerError
from monitor.model.article import Reading
from monitor.model.event import Logged, Record
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId, ShardId, digest
from monitor.model.state import FeedState
from monitor.ports import Spooled
from monitor.schedule.placement import host_key, shard_of
from monitor.state.spooling import VERSION
from monitor.testing.builders import article, feed
from monitor.testing.clock import START
from monitor.testing.spool import ListSpool, SpoolStore
from tests.support.backends import KafkaBackEnd
from tests.support.fixtures import Brokers
from tests.support.kafka import free_port
from tests.support.polls import read_body
from tests.support.service import Rig, rss, rules

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

SHARDS = 2


@pytest.fixture
async def back_end(kafka: Brokers) -> AsyncIterator[KafkaBackEnd]:
    """An installation with two shards and a rescue topic."""
    installation = KafkaBackEnd(kafka.bootstrap_servers, shards=SHARDS)
    await installation.start()
    rows = await ensure(installation.settings, installation.table.ledger_plan(SHARDS, 1, 1, spool=True))
    assert all(row.usable for row in rows)
    yield installation
    await installation.close()


@asynccontextmanager
async def rescue_of(back_end: KafkaBackEnd, **settings: object) -> AsyncIterator[KafkaRescue]:
    rescue = KafkaRescue(replace(back_end.settings, **settings), back_end.installation)  # type: ignore[arg-type]
    try:
        yield rescue
    finally:
        await rescue.close()


def home(spec: FeedSpec) -> ShardId:
    return shard_of(host_key(spec.url), SHARDS)


def on(shard: int) -> FeedSpec:
    """A feed whose host belongs to this shard."""
    return next(spec for number in range(100) if home(spec := feed(f"f{number}")) == shard)


def row(spec: FeedSpec, *titles: str, at: float = START, number: int = 1) -> Spooled:
    return Spooled(number, home(spec), spec, read_body(spec, rss(*titles), FeedState(spec.id), at), at)


async def taken(rescue: KafkaRescue, shard: int, count: int, position: int = 0) -> list[tuple[int, Spooled | None]]:
    """The first rows of a shard from a position on."""
    found: list[tuple[int, Spooled | None]] = []
    async with aclosing(rescue.rows(ShardId(shard), position)) as rows:
        async for some in rows:
            found += some
            if len(found) >= count:
                break
    return found


async def test_rows_come_back_in_order_from_a_position_on_and_each_shard_has_its_own(back_end: KafkaBackEnd) -> None:
    """Feed, reading and moment as they were; the position is behind the row."""
    specs = [on(0), on(1), on(0)]
    async with rescue_of(back_end) as rescue:
        await rescue.put([(home(spec), row(spec, f"Story {n}", at=START + n)) for n, spec in enumerate(specs)])

        rows = await taken(rescue, 0, 2)
        assert [(one.feed, one.at) for _, one in rows if one] == [(on(0), START), (on(0), START + 2)]
        assert rows[0][1] is not None
        assert rows[0][1].reading == row(on(0), "Story 0").reading
        (again,) = await taken(rescue, 0, 1, position=rows[0][0])
        assert again == rows[1]


async def test_homes_are_where_the_registry_has_the_feed(back_end: KafkaBackEnd) -> None:
    """None for one that is in none."""
    await back_end.registry.apply(FeedChanges(put=(on(1),)))
    async with rescue_of(back_end) as rescue:
        assert await rescue.homes(row(on(1), "A")) == {ShardId(1)}
        assert await rescue.homes(row(feed("nobody"), "A")) == frozenset()


async def test_f08_a_reading_larger_than_a_record_goes_in_parts(back_end: KafkaBackEnd) -> None:
    """Every article arrives; one that no record has room for could not be published either."""
    bodies = ["".join(digest(n, k) for k in range(400)) for n in range(12)]
    big = tuple(article(f"Story {n}", body=body) for n, body in enumerate(bodies))
    alone = article("Too large", body="".join(digest(k) for k in range(4000)))
    whole = row(on(0), "A")
    assert isinstance(whole.reading, Reading)
    reading = replace(whole.reading, articles=(*big, alone), entries=13)
    async with rescue_of(back_end, max_record=60_000) as rescue:
        await rescue.put([(ShardId(0), replace(whole, reading=reading))])
        await rescue.put([(ShardId(0), row(on(0), "Behind it"))])

        titles: list[str] = []
        async with aclosing(rescue.rows(ShardId(0), 0)) as rows:
            async for some in rows:
                readings = [one.reading for _, one in some if one is not None and isinstance(one.reading, Reading)]
                titles += [each.title for one in readings for each in one.articles]
                if "Behind it" in titles:
                    break

    assert titles == [*(f"Story {n}" for n in range(12)), "Behind it"]


async def test_what_is_no_reading_is_passed_over_and_what_a_later_program_wrote_is_left_to_it(
    back_end: KafkaBackEnd,
) -> None:
    """The rows end there; the position stays before it."""
    producer = await Producer.open(back_end.settings)
    topic = back_end.installation.rescue
    assert not await producer.missing({topic})
    values = (b"", bytes([VERSION]) + b"torn", bytes([VERSION + 1]) + b"of tomorrow")
    records = [Record(topic, "x", value, (), "", START, 0) for value in values]
    assert await producer.send(records, stamped=False) == [None] * 3
    await producer.close()
    async with rescue_of(back_end) as rescue:
        assert await taken(rescue, 0, 99) == [(1, None), (2, None)]


async def test_without_a_broker_handing_on_fails_in_time_and_nothing_hangs(back_end: KafkaBackEnd) -> None:
    """The rows stay where they are; the reader only waits."""
    settings = ClusterSettings((f"127.0.0.1:{free_port()}",), request_timeout=1.0, start_timeout=1.0)
    rescue = KafkaRescue(settings, back_end.installation)
    async with asyncio.timeout(10):
        with pytest.raises(LedgerError):
            await rescue.put([(ShardId(0), row(on(0), "A"))])
        with pytest.raises(LedgerError):
            await rescue.homes(row(on(0), "A"))
        reading = asyncio.create_task(taken(rescue, 0, 1))
        await asyncio.sleep(1)
        assert not reading.done()
        reading.cancel()
        await asyncio.wait({reading})
        await rescue.close()


async def test_a_missing_topic_is_told(back_end: KafkaBackEnd) -> None:
    """With the command that makes it."""
    rescue = KafkaRescue(back_end.settings, replace(back_end.installation, rescue="no.such.topic"))
    with pytest.raises(LedgerError, match="topics ensure"):
        await rescue.put([(ShardId(0), row(on(0), "A"))])
    await rescue.close()


async def test_outage_kill_and_move_lose_nothing_and_publish_nothing_twice(back_end: KafkaBackEnd) -> None:
    """A volume comes back under a process that has no shard: it hands on; the owner takes up, and is killed and reads
    again from the position that its own ledger has."""
    one, two = on(0), replace(on(0), id=FeedId("other"))
    await back_end.registry.apply(FeedChanges(put=(one, two)))
    spool = ListSpool(SpoolStore())
    for number in range(4):
        spec = two if number == 2 else one
        waiting = row(spec, f"{spec.id} {number}", at=START + number)
        assert await spool.append(ShardId(0), spec, waiting.reading, waiting.at)
    rig = Rig(rules=replace(rules("ukraine"), topics=back_end.table))
    async with rescue_of(back_end) as rescue:
        parts = replace(rig.parts(), ledger=back_end.ledger, spool=spool, rescue=rescue, shards=SHARDS)
        stranger = Rescuer(parts, lambda: frozenset({ShardId(1)}))
        await stranger.look()
        await stranger.look()
        assert spool.store.rows == []

        for least in (1, 4):
            await live(replace(parts, spool=None), lambda count=least: len(news(rig)) >= count)
    titles = [json.loads(logged.record.value)["article"]["title"] for logged in await published(back_end)]

    assert sorted(titles) == sorted(["other 2", *(f"{one.id} {n}" for n in (0, 1, 3))])
    assert len(news(rig)) == 4


def news(rig: Rig) -> list[FeedId]:
    """Feeds of the outcomes with news that are durable."""
    return [feed for feed, outcome in rig.settled if outcome.records]


async def live(parts: Parts, enough: Callable[[], bool]) -> None:
    """The owner of shard 0, until it has done enough and dies."""
    task = asyncio.create_task(Shard(ShardId(0), parts).run())
    async with asyncio.timeout(120):
        while not enough():
            assert not task.done()
            await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait({task})


async def published(back_end: KafkaBackEnd) -> Sequence[Logged]:
    """The articles in the log."""
    async with asyncio.timeout(60):
        while len(found := await back_end.log.read(0, (f"{back_end.prefix}articles",))) < 4:
            await asyncio.sleep(0.2)
    return found
