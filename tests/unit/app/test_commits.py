"""Finished polls become durable together, or all of them hear why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from monitor.app import commits as module
from monitor.app.commits import Commits
from monitor.errors import LedgerError
from monitor.model.event import Batch, Moved, Outcome
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import Committed
from monitor.model.state import Cadence, FeedState
from monitor.testing.builders import feed, record
from tests.support.virtual import LoopClock, virtual


class SlowLedger:
    """Takes a second for a batch; breaks when told, and when it is cut."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.error: LedgerError | None = None
        self.inside, self.pace = 0, 0.0

    async def commit(self, batch: Batch) -> None:
        self.inside += 1
        assert self.inside == 1, "a ledger takes one batch after the other"
        await asyncio.sleep(1)
        if self.error is not None:
            raise self.error
        self.inside -= 1
        self.batches.append(batch)


def outcome(name: str, records: int = 1, due: float = 5.0, size: int = 10) -> Outcome:
    """A poll with so many events."""
    made = tuple(record(number, value=b"x" * size) for number in range(records))
    return Outcome(feed(name), FeedState(FeedId(name), cadence=Cadence(due=due)), records=made)


@asynccontextmanager
async def queue(ledger: SlowLedger) -> AsyncIterator[Commits]:
    """A running queue in front of a ledger."""
    notes: list[object] = []
    commits = Commits(ShardId(0), ledger, LoopClock(), notes.append)
    commits.notes = notes
    task = asyncio.create_task(commits.run())
    await asyncio.sleep(0)
    yield commits
    commits.close()
    await asyncio.gather(task, return_exceptions=True)


@virtual
async def test_what_comes_while_a_batch_is_written_goes_together():
    """The first commits at once, the nine that gather meanwhile are one batch, in order."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        polls = [asyncio.create_task(commits.settle(FeedId(f"f{n}"), outcome(f"f{n}"), b"state")) for n in range(10)]
        await asyncio.sleep(0)
        await asyncio.gather(*polls)
    assert [[name for name, _ in batch.states] for batch in ledger.batches] in (
        [["f0"], [f"f{n}" for n in range(1, 10)]],
        [[f"f{n}" for n in range(10)]],
    )


@virtual
async def test_a_poll_is_released_only_when_its_batch_is_durable():
    """Not a moment before the ledger has returned."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        poll = asyncio.create_task(commits.settle(FeedId("a"), outcome("a"), b"state"))
        await asyncio.sleep(0.9)
        assert not poll.done()
        await asyncio.sleep(0.2)
        assert poll.done()
        assert len(ledger.batches) == 1


@virtual
async def test_a_batch_is_bounded_and_a_giant_goes_alone():
    """Beyond the bounds the next batch begins; one poll is never split."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        sizes = (1, module.MAX_RECORDS, 5, 1)
        await asyncio.gather(
            *(commits.settle(FeedId(f"f{n}"), outcome(f"f{n}", records), b"s") for n, records in enumerate(sizes))
        )
    assert [len(batch.records) for batch in ledger.batches] == [1, module.MAX_RECORDS, 6]


@virtual
async def test_a_failure_reaches_every_waiting_poll_and_all_that_come():
    """Those in the batch, those behind it, and those that settle later."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        first = asyncio.create_task(commits.settle(FeedId("a"), outcome("a"), b"s"))
        await asyncio.sleep(0.5)
        second = asyncio.create_task(commits.settle(FeedId("b"), outcome("b"), b"s"))
        ledger.error = LedgerError("disk full")
        found = await asyncio.gather(first, second, return_exceptions=True)
        assert [str(error) for error in found] == ["disk full"] * 2
        with pytest.raises(LedgerError, match="disk full"):
            await commits.settle(FeedId("c"), outcome("c"), b"s")
        with pytest.raises(LedgerError, match="disk full"):
            await commits.settle(FeedId("d"), outcome("d", 0), None)


@virtual
async def test_due_times_wait_for_company_and_are_written_when_asked_and_at_the_end():
    """A poll without news costs no commit of its own."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        await commits.settle(FeedId("a"), outcome("a", 0, due=7.0), None)
        await commits.settle(FeedId("b"), outcome("b", 0, due=8.0), None)
        await asyncio.sleep(2)
        assert ledger.batches == []
        commits.flush()
        await asyncio.sleep(2)
        assert [batch.dues for batch in ledger.batches] == [(("a", 7.0), ("b", 8.0))]
        await commits.settle(FeedId("a"), outcome("a", 0, due=9.0), None)
    assert [batch.dues for batch in ledger.batches[1:]] == [(("a", 9.0),)]


@virtual
async def test_a_state_that_is_written_takes_its_due_time_along():
    """The older due time of the feed must not be written after the newer state."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        await commits.settle(FeedId("a"), outcome("a", 0, due=7.0), None)
        await commits.settle(FeedId("a"), outcome("a", 1, due=9.0), b"state")
    assert [batch.dues for batch in ledger.batches] == [()]


@virtual
async def test_events_without_a_state_still_keep_the_due_time():
    """Nothing is forgotten because the state was not worth writing."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        await commits.settle(FeedId("a"), outcome("a", 1, due=9.0), None)
    assert [(batch.states, batch.dues) for batch in ledger.batches] == [((), (("a", 9.0),))]


@virtual
async def test_due_times_that_cannot_be_written_end_the_queue():
    """The shard has to be opened again for them like for any batch."""
    ledger = SlowLedger()
    ledger.error = LedgerError("disk full")
    commits = Commits(ShardId(0), ledger, LoopClock(), lambda _: None)
    task = asyncio.create_task(commits.run())
    await commits.settle(FeedId("a"), outcome("a", 0), None)
    commits.flush()
    with pytest.raises(LedgerError, match="disk full"):
        await task


@virtual
async def test_closing_while_a_batch_is_written_loses_nothing():
    """What was queued is committed first; what comes too late hears it."""
    ledger = SlowLedger()
    commits = Commits(ShardId(0), ledger, LoopClock(), lambda _: None)
    task = asyncio.create_task(commits.run())
    polls = [asyncio.create_task(commits.settle(FeedId(n), outcome(n), b"s")) for n in "ab"]
    await asyncio.sleep(0.5)
    commits.close()
    await asyncio.gather(task, *polls)
    assert sum(len(batch.states) for batch in ledger.batches) == 2
    with pytest.raises(LedgerError, match="closed"):
        await commits.settle(FeedId("c"), outcome("c"), b"s")


@virtual
async def test_a_poll_that_was_cancelled_while_it_waited_harms_nobody():
    """Its outcome is durable all the same; the others are released."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        gone = asyncio.create_task(commits.settle(FeedId("a"), outcome("a"), b"s"))
        stays = asyncio.create_task(commits.settle(FeedId("b"), outcome("b"), b"s"))
        await asyncio.sleep(0.5)
        gone.cancel()
        await stays
    assert [name for batch in ledger.batches for name, _ in batch.states] == ["a", "b"]


@virtual
async def test_a_commit_is_noted_with_what_it_took():
    """Records, states and seconds."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        await commits.settle(FeedId("a"), outcome("a", 3), b"s")
        (note,) = [note for note in commits.notes if isinstance(note, Committed)]
    assert (note.records, note.states, round(note.duration, 3)) == (3, 1, 1.0)


class PacedLedger(SlowLedger):
    """Takes no time for a batch and says when each began."""

    def __init__(self, pace: float) -> None:
        super().__init__()
        self.pace, self.began = pace, list[float]()

    async def commit(self, batch: Batch) -> None:
        self.began.append(asyncio.get_running_loop().time())
        self.batches.append(batch)


@virtual
async def test_no_two_commits_begin_closer_than_the_pace():
    """Polls come every 10 ms for a second: they gather, and the first is not delayed."""
    ledger = PacedLedger(0.1)
    async with queue(ledger) as commits:
        started = asyncio.get_running_loop().time()
        polls = []
        for number in range(100):
            polls.append(asyncio.create_task(commits.settle(FeedId(f"f{number}"), outcome(f"f{number}"), b"s")))
            await asyncio.sleep(0.01)
        await asyncio.gather(*polls)
    assert ledger.began[0] == started
    assert len(ledger.began) in (10, 11, 12)
    assert min(after - before for before, after in pairwise(ledger.began[:-1])) >= 0.0999
    assert sum(len(batch.states) for batch in ledger.batches) == 100


@virtual
async def test_who_was_idle_commits_at_once_and_so_does_who_closes():
    """The pace is between commits, not before them; the last one has nobody to wait for."""
    ledger = PacedLedger(10.0)
    loop = asyncio.get_running_loop()
    async with queue(ledger) as commits:
        await commits.settle(FeedId("a"), outcome("a"), b"s")
        await asyncio.sleep(11)
        at = loop.time()
        await commits.settle(FeedId("b"), outcome("b"), b"s")
        assert loop.time() == at
        last = asyncio.create_task(commits.settle(FeedId("c"), outcome("c"), b"s"))
        await asyncio.sleep(1)
        assert not last.done()
        commits.close()
        await last
        assert loop.time() - at == pytest.approx(1.0)


@virtual
async def test_a_queue_of_more_than_one_batch_does_not_wait():
    """Neither in records nor in bytes."""
    ledger = PacedLedger(1000.0)
    async with queue(ledger) as commits:
        loop = asyncio.get_running_loop()
        await commits.settle(FeedId("a"), outcome("a"), b"s")
        at = loop.time()
        many = outcome("b", records=module.MAX_RECORDS + 1)
        large = outcome("c", size=module.MAX_BYTES + 1)
        async with asyncio.timeout(1):
            await commits.settle(FeedId("b"), many, b"s")
            await commits.settle(FeedId("c"), large, b"s")
        assert loop.time() == at


@virtual
async def test_a_move_waits_for_its_turn_and_is_told_when_it_is_durable():
    """With the due times that are there, but its own; taken back in time, nothing is written."""
    ledger = PacedLedger(1.0)
    gone: list[str] = []

    def moved(name: str) -> Moved:
        return Moved(feed(name), None, ShardId(1))

    async with queue(ledger) as commits:
        await commits.settle(FeedId("a"), outcome("a"), b"s")
        for name in ("b", "c"):
            await commits.settle(FeedId(name), outcome(name, records=0), None)
        commits.move(moved("b"), lambda: gone.append("b"))
        commits.move(moved("d"), lambda: gone.append("d"))
        commits.stay(FeedId("d"))
        await asyncio.sleep(0.9)
        assert gone == []
        await asyncio.sleep(0.2)
        assert gone == ["b"]
    assert [(batch.moved, batch.dues) for batch in ledger.batches[1:]] == [((moved("b"),), ((FeedId("c"), 5.0),))]


@virtual
async def test_a_feed_that_leaves_a_busy_shard_does_not_wait_for_its_end():
    """While a batch is written the next one gathers, so the queue is never empty; nobody polls the feed meanwhile."""
    ledger, gone = SlowLedger(), asyncio.Event()

    async def poll(name: str) -> None:
        while True:
            await commits.settle(FeedId(name), outcome(name), b"state")
            await asyncio.sleep(0.3)

    async with queue(ledger) as commits:
        polls = [asyncio.create_task(poll(name)) for name in ("a", "b")]
        await asyncio.sleep(0.5)
        polls.append(asyncio.create_task(poll("c")))
        await asyncio.sleep(1)
        commits.move(Moved(feed("leaving"), b"state", ShardId(1)), gone.set)
        await asyncio.sleep(5)
        assert gone.is_set()
        for one in polls:
            one.cancel()


@virtual
async def test_how_far_something_is_read_is_written_though_nothing_was_kept():
    """At once, and once."""
    ledger = SlowLedger()
    async with queue(ledger) as commits:
        commits.passed(("rescue", 4))
        commits.passed(("rescue", 5))
        await asyncio.sleep(3)
        assert [batch.positions for batch in ledger.batches] == [(("rescue", 5),)]
    assert len(ledger.batches) == 1
