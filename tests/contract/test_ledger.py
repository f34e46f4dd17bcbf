"""What every ledger promises: `Ledger`, `ShardLedger` and `LedgerView` of `monitor/ports.py`."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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


def article(back_end: BackEnd, number: int, **changes: Any) -> Record:
    """The event of an article; all have one key, so that every log keeps their order."""
    return record(number, f"{back_end.prefix}articles", **{"key": "same", **changes})


def ids(*records: Record) -> list[str]:
    """What names the events."""
    return [one.id for one in records]


async def published(back_end: BackEnd, count: int) -> list[Record]:
    """What the log has when there are at least so many."""
    async with asyncio.timeout(15):
        head = await back_end.log.head()
        while head < count:
            head = await back_end.log.wait(head)
    return [one.record for one in await back_end.log.read(0)]


async def test_an_opened_shard_has_what_was_committed(back_end: BackEnd) -> None:
    """Specifications, states and due times come back as of the last commit, also after a restart."""
    one, two = article(back_end, 1), article(back_end, 2)
    shard = await opened(back_end, feed("a"), feed("b"))
    await shard.commit(batch(one, states=[(A, b"one"), (B, b"two")]))
    await shard.commit(batch(two, states=[(A, b"three")], dues=[(B, START + 60)]))
    await shard.close()
    await back_end.restart()

    again = await back_end.ledger.open(SHARD)

    assert again.specs == {A: feed("a"), B: feed("b")}
    assert again.states == {A: b"three", B: b"two"}
    assert again.dues == {B: START + 60}
    assert ids(*await published(back_end, 2)) == ids(one, two)


async def test_a_new_state_replaces_an_older_due_time(back_end: BackEnd) -> None:
    """A due time of its own is newer than the state, so the next state ends it."""
    shard = await opened(back_end, feed("a"))
    await shard.commit(batch(dues=[(A, START)]))
    await shard.commit(batch(states=[(A, b"later")]))

    assert await back_end.view.dues() == {}
    assert await back_end.view.states() == {A: b"later"}


async def test_a_due_time_beside_its_state_is_the_newer(back_end: BackEnd) -> None:
    """In one batch too, and those of other feeds stay."""
    shard = await opened(back_end, feed("a"), feed("b"))
    await shard.commit(batch(dues=[(B, START)]))
    await shard.commit(batch(states=[(A, b"x")], dues=[(A, START + 1)]))

    assert await back_end.view.dues() == {A: START + 1, B: START}
    assert (await back_end.ledger.open(SHARD)).dues == {A: START + 1, B: START}


async def test_records_keep_every_byte(back_end: BackEnd) -> None:
    """Topic, key, headers, value and partition come back as they were given; brokers set the time of writing."""
    named = article(back_end, 1)
    headers = (("b", "2"), ("a", ""), ("b", '"[ü]'), ("ce_id", named.id))
    odd = article(back_end, 1, value=bytes(range(256)), headers=headers, partition=7, key="")
    shard = await opened(back_end)
    await shard.commit(batch(odd))

    (found,) = await published(back_end, 1)

    assert replace(found, at=odd.at) == odd
    assert found.at == odd.at or not back_end.embedded


async def test_no_event_comes_twice(embedded_back_end: BackEnd) -> None:
    """A record whose id is there already is skipped, the rest of its batch is kept, and numbers have no gap."""
    shard = await opened(embedded_back_end)
    await shard.commit(batch(record(1), record(2)))
    await shard.commit(batch(record(2), record(3), record(3)))

    assert [(one.seq, one.record.key) for one in await embedded_back_end.log.read(0)] == [
        (1, "article-1"),
        (2, "article-2"),
        (3, "article-3"),
    ]
    assert await embedded_back_end.log.head() == 3


async def test_same_id_in_another_topic_is_another_record(back_end: BackEnd) -> None:
    """A dead letter may carry the id of what it was made from."""
    one = article(back_end, 1)
    shard = await opened(back_end)
    await shard.commit(batch(one, record(1, f"{back_end.prefix}dead-letters")))

    assert sorted(there.topic for there in await published(back_end, 2)) == [
        f"{back_end.prefix}articles",
        f"{back_end.prefix}dead-letters",
    ]


async def test_opening_fences_the_former_owner(back_end: BackEnd) -> None:
    """The first owner cannot commit any more, and nothing of its batch is kept."""
    old, new = article(back_end, 1), article(back_end, 2)
    first = await opened(back_end, feed("a"))
    second = await back_end.ledger.open(SHARD)

    with pytest.raises(Fenced):
        await first.commit(batch(old, states=[(A, b"old")]))
    await second.commit(batch(new, states=[(A, b"new")]))

    assert await back_end.view.states() == {A: b"new"}
    assert ids(*await published(back_end, 1)) == ids(new)


async def test_a_shard_is_dead_after_an_error(back_end: BackEnd) -> None:
    """What follows a failed commit is refused, until the shard is opened again."""
    first = await opened(back_end)
    await back_end.ledger.open(SHARD)
    with pytest.raises(Fenced):
        await first.commit(batch(article(back_end, 1)))

    with pytest.raises(LedgerError, match="open it again"):
        await first.commit(batch(article(back_end, 1)))


async def test_a_closed_shard_refuses_batches(back_end: BackEnd) -> None:
    """Closing twice is no mistake; committing afterwards is one."""
    shard = await opened(back_end)
    await shard.close()
    await shard.close()

    with pytest.raises(LedgerError):
        await shard.commit(batch(article(back_end, 1)))


async def test_commits_that_overlap_run_one_after_the_other(back_end: BackEnd) -> None:
    """Two tasks may hand over batches at once."""
    records = [article(back_end, number) for number in range(1, 9)]
    shard = await opened(back_end, feed("a"))
    await asyncio.gather(*(shard.commit(batch(one, states=[(A, b"x")])) for one in records))

    assert ids(*await published(back_end, 8)) == ids(*records)


async def test_a_cancelled_commit_is_wholly_there_or_absent(back_end: BackEnd) -> None:
    """The shard is dead; opening it again shows which it was."""
    one, two, later = (article(back_end, number) for number in (1, 2, 3))
    shard = await opened(back_end, feed("a"))
    task = asyncio.ensure_future(shard.commit(batch(one, two, states=[(A, b"x")])))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    again = await back_end.ledger.open(SHARD)
    kept = [one, two] if again.states else []
    await again.commit(batch(later))

    assert ids(*await published(back_end, len(kept) + 1)) == ids(*kept, later)


async def test_a_batch_committed_again_after_a_cut_is_there_once(embedded_back_end: BackEnd) -> None:
    """Whoever does not know what became of a batch may hand over the same records."""
    shard = await opened(embedded_back_end, feed("a"))
    task = asyncio.ensure_future(shard.commit(batch(record(1), record(2))))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    again = await embedded_back_end.ledger.open(SHARD)
    await again.commit(batch(record(1), record(2), record(3)))

    assert await embedded_back_end.log.head() == 3


async def test_registry_changes_reach_an_open_shard_in_order(back_end: BackEnd) -> None:
    """What was applied after opening comes as it was applied, and the iterator ends with the shard."""
    shard = await opened(back_end, feed("a"))
    await back_end.registry.apply(FeedChanges(put=(feed("b"),)))
    await back_end.registry.apply(FeedChanges(removed=(A,)))

    seen = []
    async for change in shard.changes():
        seen.append(change)
        if len(seen) == 2:
            await shard.close()

    assert seen == [FeedChanges(put=(feed("b"),)), FeedChanges(removed=(A,))]


async def test_the_view_reads_without_fencing(back_end: BackEnd) -> None:
    """Looking does not cost the owner its shard."""
    shard = await opened(back_end, feed("a"))
    await shard.commit(batch(states=[(A, b"x")], dues=[(A, START)]))

    assert await back_end.view.specs() == {A: feed("a")}
    assert await back_end.view.states() == {A: b"x"}
    assert await back_end.view.dues() == {A: START}
    await shard.commit(batch(article(back_end, 1)))


async def test_positions_move_with_the_batch_they_came_with(back_end: BackEnd) -> None:
    """Each name by itself, and back after a restart; a batch that is refused moves none."""
    shard = await opened(back_end, feed("a"))
    assert dict(shard.positions) == {}
    await shard.commit(Batch(SHARD, positions=(("rescue", 7), ("other", 1))))
    await shard.commit(Batch(SHARD, states=((A, b"x"),), positions=(("rescue", 9),)))
    await shard.close()
    await back_end.restart()
    first = await back_end.ledger.open(SHARD)
    second = await back_end.ledger.open(SHARD)
    with pytest.raises(Fenced):
        await first.commit(Batch(SHARD, positions=(("rescue", 11),)))

    assert dict(second.positions) == {"rescue": 9, "other": 1}
    assert dict((await back_end.ledger.open(SHARD)).positions) == {"rescue": 9, "other": 1}


async def test_a_batch_that_says_nothing_is_no_mistake(back_end: BackEnd) -> None:
    """An empty batch commits."""
    shard = await opened(back_end)
    await shard.commit(batch())

    assert await back_end.log.head() == 0
