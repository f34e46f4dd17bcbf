"""What every spool promises: `Spool` of `monitor/ports.py`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.memory_spool import MemorySpool
from monitor.adapters.sqlite.spool import SqliteSpool
from monitor.model.article import Reading
from monitor.model.ids import ShardId, digest
from monitor.model.poll import Failed, Fetched, Gone, NotModified, Response, Throttled, Validators
from monitor.ports import Spool
from monitor.state.spooling import Kept
from monitor.testing.builders import article, feed
from monitor.testing.clock import START
from monitor.testing.spool import ListSpool, SpoolStore

ONE, TWO = ShardId(1), ShardId(2)
ROOM = 100_000


class Place:
    """Where a spool is, from process to process."""

    survives = True
    spool: Spool

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, SpoolStore()

    async def restart(self, size: int = ROOM) -> Spool:
        """Ends the process that has it and starts the next."""
        if hasattr(self, "spool"):
            await self.spool.close()
        self.spool = await self.start(size)
        return self.spool

    async def start(self, size: int) -> Spool:
        return ListSpool(self.store, size)


class InMemory(Place):
    survives = False

    async def start(self, size: int) -> Spool:
        return MemorySpool(size)


class OnDisk(Place):
    async def start(self, size: int) -> Spool:
        return await SqliteSpool.open(self.folder, size)


@pytest.fixture(params=[Place, InMemory, OnDisk], ids=["list", "memory", "sqlite"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A spool that is open."""
    made: Place = request.param(tmp_path)
    await made.restart()
    yield made
    await made.spool.close()


def reading(title: str = "Port reopens", **changes: object) -> Reading:
    """What was read of a document with one item."""
    response = Response("https://example.example/rss", 200, (("etag", '"1"'), ("age", "\udcff")))
    verdict = Fetched(response, b"", "hash", Validators('"1"'))
    return Reading(verdict, articles=(article(title, **changes),), entries=1, known=(b"12345678",))


async def test_readings_come_back_as_they_were_oldest_first(place: Place) -> None:
    """Feed, reading and moment; each shard has its own order, and numbers grow over all."""
    for number in range(5):
        shard = TWO if number == 2 else ONE
        assert await place.spool.append(shard, feed(f"f{number}"), reading(f"Story {number}"), START + number)

    ones, twos = await place.spool.replay(ONE), await place.spool.replay(TWO)

    assert [(row.shard, row.feed, row.at) for row in ones] == [(ONE, feed(f"f{n}"), START + n) for n in (0, 1, 3, 4)]
    assert [row.reading.articles[0].title for row in ones if isinstance(row.reading, Reading)][:2] == [
        "Story 0",
        "Story 1",
    ]
    assert [row.feed.id for row in twos] == ["f2"]
    numbers = [row.number for row in ones]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("place", [InMemory, OnDisk], indirect=True, ids=["memory", "sqlite"])
async def test_rows_are_unpacked_beside_everything_else(place: Place) -> None:
    """One takes milliseconds, and fifty of large documents would hold up every poll."""
    for number in range(20):
        await place.spool.append(ONE, feed(f"f{number}"), reading(), START)
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    rows = await place.spool.replay(ONE)
    ticking.cancel()

    assert len(rows) == 20
    assert turns >= 20


@pytest.mark.parametrize(
    "kept",
    [
        Failed("timeout", "read", response=Response("https://example.example/rss")),
        Gone(Response(status=410)),
        NotModified(Response(status=304), Validators("x", "y")),
        Throttled(Response(status=429), 60.0, reason="status"),
    ],
    ids=lambda kept: type(kept).__name__,
)
async def test_every_kind_of_result_is_kept(place: Place, kept: Kept) -> None:
    """Whatever comes of a poll."""
    await place.spool.append(ONE, feed(), kept, START)

    (row,) = await place.spool.replay(ONE)

    assert row.reading == kept


async def test_replay_takes_no_more_than_asked_and_nothing_away(place: Place) -> None:
    """What was shown stays until it is forgotten."""
    for number in range(4):
        await place.spool.append(ONE, feed(f"f{number}"), reading(), START)

    first = await place.spool.replay(ONE, limit=3)

    assert [row.feed.id for row in first] == ["f0", "f1", "f2"]
    assert await place.spool.replay(ONE, limit=3) == first


async def test_forgetting_removes_these_and_no_others(place: Place) -> None:
    """Numbers that are not there any more are no mistake, nor is none at all."""
    for number in range(3):
        await place.spool.append(ONE, feed(f"f{number}"), reading(), START)
    rows = await place.spool.replay(ONE)

    await place.spool.forget([rows[0].number, rows[2].number])
    await place.spool.forget([rows[0].number])
    await place.spool.forget([])

    assert [row.feed.id for row in await place.spool.replay(ONE)] == ["f1"]


async def test_shards_with_readings_are_counted(place: Place) -> None:
    """Those that have none are not named."""
    assert await place.spool.shards() == {}
    for shard in (ONE, ONE, TWO):
        await place.spool.append(shard, feed(), reading(), START)
    assert await place.spool.shards() == {ONE: 2, TWO: 1}

    await place.spool.forget([row.number for row in await place.spool.replay(ONE)])

    assert await place.spool.shards() == {TWO: 1}


async def test_i7_what_is_full_refuses_and_takes_again_when_there_is_room(place: Place) -> None:
    """The bound counts bytes over all shards; what was there stays, and a number is never given twice."""
    kept = 0
    while await place.spool.append(ShardId(kept % 3), feed(f"f{kept}"), reading(f"Story {kept}"), START):
        kept += 1
        assert kept < 1000
    assert kept > 20
    assert sum((await place.spool.shards()).values()) == kept
    assert not await place.spool.append(ONE, feed("late"), reading(), START)

    rows = await place.spool.replay(ONE)
    await place.spool.forget([rows[0].number, rows[1].number])

    assert await place.spool.append(ONE, feed("late"), reading(), START)
    last = (await place.spool.replay(ONE, limit=1000))[-1]
    assert (last.feed.id, last.number > rows[-1].number) == ("late", True)


async def test_a_reading_larger_than_all_is_refused(place: Place) -> None:
    """And nothing else is."""
    await place.restart(2000)
    text = "".join(digest(number) for number in range(500))

    assert not await place.spool.append(ONE, feed(), reading(body=text), START)
    assert await place.spool.append(ONE, feed(), reading(), START)


async def test_what_waits_survives_a_restart_where_that_is_promised(place: Place) -> None:
    """Also the order, the bound and the numbers; in memory it is gone, as it says."""
    for number in range(3):
        await place.spool.append(ONE, feed(f"f{number}"), reading(f"Story {number}"), START + number)
    before = await place.spool.replay(ONE)

    await place.restart()

    assert await place.spool.replay(ONE) == (before if place.survives else [])
    await place.spool.append(ONE, feed("next"), reading(), START)
    assert (await place.spool.replay(ONE))[-1].feed.id == "next"


async def test_closing_twice_is_no_mistake(place: Place) -> None:
    """The second finds nothing to do."""
    await place.spool.close()
    await place.spool.close()
