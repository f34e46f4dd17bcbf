"""What every registry promises: `Registry` of `monitor/ports.py`."""

from contextlib import aclosing

from monitor.model.event import Batch
from monitor.model.feed import FeedChanges, FeedOverrides, Interval, Mark
from monitor.model.ids import FeedId, ShardId
from monitor.model.state import FeedState
from monitor.ports import ShardLedger
from monitor.state.codec import decode_state, encode_state
from monitor.testing.builders import feed
from monitor.testing.clock import START
from tests.support.backends import BackEnd

SHARD = ShardId(0)
A, B = FeedId("a"), FeedId("b")


async def hear_of(feed_id: FeedId, shard: ShardLedger) -> None:
    """Until the owner knows that a feed is gone: its memory goes with the owner's next commit at the latest."""
    async with aclosing(shard.changes()) as changes:
        async for change in changes:
            if feed_id in change.removed:
                return


async def test_last_writer_wins(back_end: BackEnd) -> None:
    """The newest specification of a feed counts, with every key it may have, also after a restart."""
    full = feed(
        "a",
        tags=("world",),
        interval=Interval(60.0, 600.0),
        watches=("w",),
        overrides=FeedOverrides(zone="Europe/Kyiv", ignore_skip=True),
    )
    await back_end.registry.apply(FeedChanges(put=(feed("a"), feed("b"))))
    await back_end.registry.apply(FeedChanges(put=(full,)))
    await back_end.restart()

    assert await back_end.registry.feeds() == {A: full, B: feed("b")}


async def test_applying_twice_is_applying_once(back_end: BackEnd) -> None:
    """The second time changes nothing, so nobody hears of it."""
    shard = await back_end.ledger.open(SHARD)
    changes = FeedChanges(put=(feed("a"),), removed=(B,))
    await back_end.registry.apply(changes)
    await back_end.registry.apply(changes)
    await shard.close()

    assert [change async for change in shard.changes()] == [FeedChanges(put=(feed("a"),))]


async def test_the_state_of_a_removed_feed_goes_in_the_same_step(back_end: BackEnd) -> None:
    """A feed that comes back starts anew, even if a poll of it ended after it was removed."""
    await back_end.registry.apply(FeedChanges(put=(feed("a"), feed("b"))))
    shard = await back_end.ledger.open(SHARD)
    await shard.commit(Batch(SHARD, states=((A, b"x"), (B, b"y")), dues=((A, START),)))
    await back_end.registry.apply(FeedChanges(removed=(A,)))
    await shard.commit(Batch(SHARD, states=((A, b"late"),), dues=((A, START),)))

    assert await back_end.view.states() == {B: b"y"}
    assert await back_end.view.dues() == {}
    assert await back_end.registry.feeds() == {B: feed("b")}


async def test_a_renamed_feed_keeps_its_memory(back_end: BackEnd) -> None:
    """The new name takes over the state of the old one, which goes; a state of its own is kept."""
    await back_end.registry.apply(FeedChanges(put=(feed("a"),)))
    shard = await back_end.ledger.open(SHARD)
    await shard.commit(Batch(SHARD, states=((A, encode_state(FeedState(A, rounds=7))),)))
    renamed = feed("b", renamed_from=A)

    await back_end.registry.apply(FeedChanges(put=(renamed,), removed=(A,)))
    await hear_of(A, shard)
    await shard.commit(Batch(SHARD))
    await back_end.registry.apply(FeedChanges(put=(renamed, feed("a"))))

    assert {feed: decode_state(state) for feed, state in (await back_end.view.states()).items()} == {
        B: FeedState(B, rounds=7)
    }


async def test_a_configuration_that_was_read_earlier_changes_nothing(back_end: BackEnd) -> None:
    """False, also after a restart; one read at the same time or later is applied, and so is what has no mark."""
    registry = back_end.registry
    assert await registry.apply(FeedChanges(put=(feed("a"),)), Mark("new", START))
    await back_end.restart()
    registry = back_end.registry
    assert not await registry.apply(FeedChanges(put=(feed("b"),), removed=(A,)), Mark("old", START - 1))
    assert await registry.feeds() == {A: feed("a")}

    assert await registry.apply(FeedChanges(put=(feed("b"),)), Mark("same", START))
    assert await registry.apply(FeedChanges(removed=(A,)))
    assert await registry.apply(FeedChanges(), Mark("newer", START + 1))
    assert not await registry.apply(FeedChanges(removed=(B,)), Mark("same", START))
    assert await registry.feeds() == {B: feed("b")}


async def test_what_is_put_and_removed_at_once_is_gone(back_end: BackEnd) -> None:
    """The same everywhere: what is removed goes last."""
    await back_end.registry.apply(FeedChanges(put=(feed("a"), feed("b")), removed=(A,)))
    assert await back_end.registry.feeds() == {B: feed("b")}
