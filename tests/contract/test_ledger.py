"""What every ledger promises: `Ledger`, `ShardLedger` and `LedgerView` of `monitor/ports.py`."""

import asyncio
from collections.abc import Sequence

import pytest

from monitor.errors import Fenced, LedgerError
from monitor.model.event import Batch, Record
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.ports import ShardLedger
from monitor.testing.builders import feed, record
from monitor.testing.clock import START
from tests.support.backends import BackEnd

SHARD = ShardId(0)
A, B = FeedId("a"), FeedId("b")


async def opened(back_end: BackEnd, *specs: FeedSpec) -> ShardLedger:
    """A shard with these feeds."""
    await back_end.registry.apply(FeedChanges(put=specs))
    return await back_end.ledger.open(SHARD)


def batch(
    *records: Record,
    states: Sequence[tuple[FeedId, bytes]] = (),
    dues: Sequence[tuple[FeedId, float]] = (),
) -> Batch:
    """A batch of the one shard."""
    return Batch(SHARD, tuple(states), records, tuple(dues))


async def test_an_opened_shard_has_what_was_committed(back_end: BackEnd) -> None:
    """Specifications, states and due times come back as of the last commit, also after a restart."""
    shard = await opened(back_end, feed("a"), feed("b"))
    await shard.commit(batch(record(1), states=[(A, b"one"), (B, b"two")]))
    await shard.commit(batch(record(2), states=[(A, b"three")], dues=[(B, START + 60)]))
    await shard.close()
    await back_end.restart()

    again = await back_end.ledger.open(SHARD)

    assert again.specs == {A: feed("a"), B: feed("b")}
    assert again.states == {A: b"three", B: b"two"}
    assert again.dues == {B: START + 60}
    assert [one.record.id for one in await back_end.log.read(0)] == [record(1).id, record(2).id]


async def test_a_new_state_replaces_an_older_due_time(back_end: BackEnd) -> None:
    """A due time of its own is newer than the state, so the next state ends it."""
    shard = await opened(back_end, feed("a"))
    await shard.commit(batch(dues=[(A, START)]))
    await shard.commit(batch(states=[(A, b"later")]))

    assert await back_end.view.dues() == {}
    assert await back_end.view.states() == {A: b"later"}


async def test_records_keep_every_byte(back_end: BackEnd) -> None:
    """Topic, key, headers in order, value, time and partition come back as they were given."""
    odd = record(1, value=bytes(range(256)), headers=(("b", "2"), ("a", ""), ("b", '"[ü]')), partition=7, key="")
    shard = await opened(back_end)
    await shard.commit(batch(odd))

    (logged,) = await back_end.log.read(0)

    assert (logged.seq, logged.record) == (1, odd)


async def test_no_event_comes_twice(back_end: BackEnd) -> None:
    """A record whose id is there already is skipped, the rest of its batch is kept, and numbers have no gap."""
    shard = await opened(back_end)
    await shard.commit(batch(record(1), record(2)))
    await shard.commit(batch(record(2), record(3), record(3)))

    assert [(one.seq, one.record.key) for one in await back_end.log.read(0)] == [
        (1, "article-1"),
        (2, "article-2"),
        (3, "article-3"),
    ]
    assert await back_end.log.head() == 3


async def test_same_id_in_another_topic_is_another_record(back_end: BackEnd) -> None:
    """A dead letter may carry the id of what it was made from."""
    shard = await opened(back_end)
    await shard.commit(batch(record(1), record(1, topic="news.dead-letters")))

    assert await back_end.log.head() == 2


async def test_opening_fences_the_former_owner(back_end: BackEnd) -> None:
    """The first owner cannot commit any more, and nothing of its batch is kept."""
    first = await opened(back_end, feed("a"))
    second = await back_end.ledger.open(SHARD)

    with pytest.raises(Fenced):
        await first.commit(batch(record(1), states=[(A, b"old")]))
    await second.commit(batch(record(2), states=[(A, b"new")]))

    assert await back_end.view.states() == {A: b"new"}
    assert [one.record.key for one in await back_end.log.read(0)] == ["article-2"]


async def test_a_shard_is_dead_after_an_error(back_end: BackEnd) -> None:
    """What follows a failed commit is refused, until the shard is opened again."""
    first = await opened(back_end)
    await back_end.ledger.open(SHARD)
    with pytest.raises(Fenced):
        await first.commit(batch(record(1)))

    with pytest.raises(LedgerError, match="open it again"):
        await first.commit(batch(record(1)))


async def test_a_closed_shard_refuses_batches(back_end: BackEnd) -> None:
    """Closing twice is no mistake; committing afterwards is one."""
    shard = await opened(back_end)
    await shard.close()
    await shard.close()

    with pytest.raises(LedgerError):
        await shard.commit(batch(record(1)))


async def test_commits_that_overlap_run_one_after_the_other(back_end: BackEnd) -> None:
    """Two tasks may hand over batches at once."""
    shard = await opened(back_end, feed("a"))
    await asyncio.gather(*(shard.commit(batch(record(n), states=[(A, b"%d" % n)])) for n in range(1, 9)))

    assert await back_end.log.head() == 8


async def test_a_cancelled_commit_is_wholly_there_or_absent(back_end: BackEnd) -> None:
    """The shard is dead; opening it again shows which it was."""
    shard = await opened(back_end, feed("a"))
    task = asyncio.ensure_future(shard.commit(batch(record(1), record(2), states=[(A, b"x")])))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    again = await back_end.ledger.open(SHARD)

    there = [one.record.key for one in await back_end.log.read(0)]

    assert (there, dict(again.states)) in [([], {}), (["article-1", "article-2"], {A: b"x"})]
    await again.commit(batch(record(1), record(2), record(3)))
    assert await back_end.log.head() == 3


async def test_registry_changes_reach_an_open_shard_in_order(back_end: BackEnd) -> None:
    """What was applied after opening comes as it was applied, and the iterator ends with the shard."""
    shard = await opened(back_end, feed("a"))
    await back_end.registry.apply(FeedChanges(put=(feed("b"),)))
    await back_end.registry.apply(FeedChanges(removed=(A,)))
    await shard.close()

    seen = [change async for change in shard.changes()]

    assert seen == [FeedChanges(put=(feed("b"),)), FeedChanges(removed=(A,))]


async def test_the_view_reads_without_fencing(back_end: BackEnd) -> None:
    """Looking does not cost the owner its shard."""
    shard = await opened(back_end, feed("a"))
    await shard.commit(batch(states=[(A, b"x")], dues=[(A, START)]))

    assert await back_end.view.specs() == {A: feed("a")}
    assert await back_end.view.states() == {A: b"x"}
    assert await back_end.view.dues() == {A: START}
    await shard.commit(batch(record(1)))


async def test_a_batch_that_says_nothing_is_no_mistake(back_end: BackEnd) -> None:
    """An empty batch commits."""
    shard = await opened(back_end)
    await shard.commit(batch())

    assert await back_end.log.head() == 0
