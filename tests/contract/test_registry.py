"""What every registry promises: `Registry` of `monitor/ports.py`."""

from monitor.model.event import Batch
from monitor.model.feed import FeedChanges, FeedOverrides, Interval
from monitor.model.ids import FeedId, ShardId
from monitor.model.state import FeedState
from monitor.state.codec import decode_state, encode_state
from monitor.testing.builders import feed
from monitor.testing.clock import START
from tests.support.backends import BackEnd

SHARD = ShardId(0)
A, B = FeedId("a"), FeedId("b")


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
    await back_end.registry.apply(FeedChanges(put=(renamed, feed("a"))))

    assert {feed: decode_state(state) for feed, state in (await back_end.view.states()).items()} == {
        B: FeedState(B, rounds=7)
    }
