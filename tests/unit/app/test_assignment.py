"""Shards as assignments give and take them, in virtual time."""

from __future__ import annotations

import asyncio

from monitor.app.assignment import HAND_OVER
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import LedgerFailed
from monitor.testing.builders import feed
from monitor.testing.ownership import ScriptedOwnership
from tests.support.service import Rig, sharing
from tests.support.virtual import virtual

MINUTE = 60.0


def opened_at(rig: Rig) -> list[tuple[int, float]]:
    """Every opening of a shard from now on."""
    opened, real = [], rig.ledger.open

    async def open_(shard: ShardId):
        opened.append((shard, rig.clock.now()))
        return await real(shard)

    rig.ledger.open = open_
    return opened


@virtual
async def test_shards_follow_the_newest_assignment():
    """Kept: not interrupted. Gone: drained. New: opened. Stop: all end."""
    rig = Rig()
    rig.feeds(feed("one"))
    ownership = rig.ownership = ScriptedOwnership(0, 1)
    async with sharing(rig) as shards:
        assert shards.assigned is None
        await asyncio.sleep(MINUTE)
        assert shards.assigned == {0, 1}
        kept = shards.shards[ShardId(0)]
        ownership.assign(0, 2)
        await asyncio.sleep(MINUTE)
        assert set(shards.shards) == {0, 2} == shards.assigned
        assert shards.shards[ShardId(0)] is kept
        assert rig.store.epochs == {0: 1, 1: 1, 2: 1}


@virtual
async def test_a_shard_that_goes_takes_running_polls_of_two_seconds_along_and_no_longer_ones():
    """The next owner waits: one poll becomes durable, the other is done anew over there."""
    rig = Rig(shards=2)
    rig.feeds(feed("one"))
    rig.fetcher.seconds = HAND_OVER - 1
    ownership = rig.ownership = ScriptedOwnership(0, 1)
    async with sharing(rig) as shards:
        await asyncio.sleep(0)
        while not rig.fetcher.asked:
            await asyncio.sleep(0.1)
        going = shards.shards[ShardId(1)]
        assert going.in_flight == {FeedId("one")}
        ownership.assign(0)
        await asyncio.sleep(HAND_OVER)
        assert set(rig.store.states) == {"one"}
        rig.store.states.clear()
        rig.fetcher.seconds = 10_000.0
        ownership.assign(0, 1)
        await asyncio.sleep(MINUTE)
        going = shards.shards[ShardId(1)]
        ownership.assign(0)
        await asyncio.sleep(HAND_OVER + 0.1)
        assert going.in_flight == set()
        assert set(rig.store.listeners.values()) == {0}


@virtual
async def test_a_shard_that_comes_back_waits_for_its_own_past():
    """The former one is still draining: the new one opens when it has closed, so they do not fence each other."""
    rig = Rig(shards=2)
    rig.feeds(feed("one"))
    rig.fetcher.seconds = 10_000.0
    opened, ownership = opened_at(rig), ScriptedOwnership(1)
    rig.ownership = ownership
    async with sharing(rig) as shards:
        await asyncio.sleep(10)
        before = shards.shards[ShardId(1)]
        ownership.assign()
        await asyncio.sleep(0.5)
        ownership.assign(1)
        await asyncio.sleep(0.5)
        assert shards.shards[ShardId(1)] is not before
        assert [number for number, _ in opened] == [1]
        await asyncio.sleep(HAND_OVER)
        assert [number for number, _ in opened] == [1, 1]
        assert opened[1][1] - opened[0][1] >= 10 + HAND_OVER
        ownership.assign()
        await asyncio.sleep(0.1)
        ownership.assign(1)
        await asyncio.sleep(0.1)
        ownership.assign()
        await asyncio.sleep(MINUTE)
        assert len(opened) == 2
        assert shards.shards == {}
    assert rig.of(LedgerFailed) == []


@virtual
async def test_a_shard_that_moves_leaves_its_due_times():
    """A poll that changed nothing else is not done again by the next owner."""
    rig = Rig(shards=2)
    rig.feeds(feed("one"))
    ownership = rig.ownership = ScriptedOwnership(1)
    async with sharing(rig):
        await asyncio.sleep(30 * MINUTE)
        asked = len(rig.fetcher.asked)
        ownership.assign()
        await asyncio.sleep(1)
        ownership.assign(1)
        await asyncio.sleep(2 * MINUTE)
        assert len(rig.fetcher.asked) == asked
        assert asked >= 2


@virtual
async def test_an_opening_that_hangs_is_given_up_at_once():
    """Whether the shard goes or everything stops."""
    rig = Rig()
    closed: list[int] = []

    async def open_(shard: ShardId):
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(shard)

    rig.ledger.open = open_
    ownership = rig.ownership = ScriptedOwnership(0, 1)
    async with sharing(rig) as shards:
        await asyncio.sleep(MINUTE)
        ownership.assign(1)
        await asyncio.sleep(0.1)
        assert closed == [0]
        stopped = rig.clock.now()
        shards.stop()
        await asyncio.sleep(0.1)
        assert closed == [0, 1]
    assert rig.clock.now() - stopped < 1
    assert rig.of(LedgerFailed) == []


@virtual
async def test_a_stop_gives_polls_as_long_as_it_was_told():
    """Where others wait for the shards it is short."""
    rig = Rig()
    rig.feeds(feed("one"))
    rig.fetcher.seconds = 10_000.0
    async with sharing(rig, drain=3.0):
        await asyncio.sleep(MINUTE)
        stopped = rig.clock.now()
    assert 3.0 <= rig.clock.now() - stopped < 4.0
