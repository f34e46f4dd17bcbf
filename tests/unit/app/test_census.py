"""Counting terms beside the polls, and keeping what was counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from monitor.app.census import RHYTHM, Census
from monitor.app.parts import InForce
from monitor.fetch.settings import FetchSettings
from monitor.match.frequencies import WEEK, Frequencies, decode
from monitor.model.notes import CountsNotKept, Note
from monitor.pipeline.sampling import sampled_texts
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.shelf import MemoryShelf
from tests.support.polls import Poller, item, rules_of, watch
from tests.support.virtual import LoopClock, virtual

RULES = rules_of(watch("w", "port AND whale"))
FIRST = Poller(RULES).get(*(item(f"Ship {number} in port") for number in range(200)))
COUNTED = len(list(sampled_texts(FIRST)))


class Bench:
    """A census with what it writes to and tells."""

    def __init__(self, before: Frequencies | None = None) -> None:
        self.notes: list[Note] = []
        self.shelf, self.renewals = MemoryShelf(), 0
        self.in_force = InForce(RULES, FetchSettings(), {})
        self.census = Census(before or Frequencies(), self.in_force, self.shelf, LoopClock(), self.notes.append)
        self.census.renew = self.renew

    async def renew(self) -> None:
        self.renewals += 1

    def hear(self) -> None:
        """A poll has become durable."""
        self.census.settled(feed(), FIRST)

    @property
    def kept(self) -> Frequencies:
        return decode(self.shelf.data)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The loop beside the block."""
        task = asyncio.create_task(self.census.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@virtual
async def test_what_is_durable_is_counted_with_the_patterns_of_the_rules_in_force() -> None:
    """Others are nobody's business; a watch that comes is counted from then on."""
    bench = Bench()
    bench.hear()
    assert (bench.census.frequencies.articles, bench.census.frequencies.counts) == (
        COUNTED,
        {" port ": COUNTED, " whale ": 0},
    )
    bench.in_force.rules = rules_of(watch("ship", "ship"))
    bench.hear()
    assert bench.census.frequencies.counts == {" port ": COUNTED, " whale ": 0, " ship ": COUNTED}
    assert bench.census.frequencies.missed == {" ship ": COUNTED}


@virtual
async def test_counts_are_kept_every_hour_and_only_if_there_are_new_ones() -> None:
    """Each time whoever compiles rules is asked whether they are still the best."""
    bench = Bench()
    async with bench.running():
        bench.hear()
        await asyncio.sleep(RHYTHM * 1.5)
        assert (bench.shelf.writes, bench.renewals, bench.kept.counts) == (1, 1, {" port ": COUNTED, " whale ": 0})
        await asyncio.sleep(RHYTHM)
        assert (bench.shelf.writes, bench.renewals) == (1, 2)
        bench.hear()
        await asyncio.sleep(RHYTHM)
        assert (bench.shelf.writes, bench.kept.articles) == (2, 2 * COUNTED)


@virtual
async def test_counts_are_halved_by_the_week_and_over_restarts() -> None:
    """The clock is the one of the service, and the next process goes on with the week of the last."""
    bench = Bench()
    async with bench.running():
        bench.hear()
        await asyncio.sleep(WEEK + 2 * RHYTHM)
    assert (bench.kept.articles, bench.kept.halved) == (COUNTED / 2, START + RHYTHM + WEEK)
    after = Bench(Frequencies(8, halved=START - WEEK))
    await after.census.keep()
    assert (after.kept.articles, after.kept.halved) == (4, START)


@virtual
async def test_a_shelf_that_takes_nothing_is_told_of_once_and_asked_again() -> None:
    """Until it takes something; then the next trouble is news."""
    bench = Bench()
    async with bench.running():
        bench.hear()
        bench.shelf.trouble = "the disk is full"
        await asyncio.sleep(RHYTHM * 3.5)
        assert bench.notes == [CountsNotKept("the disk is full")]
        bench.shelf.trouble = ""
        await asyncio.sleep(RHYTHM)
        assert bench.kept.articles == COUNTED
        bench.hear()
        bench.shelf.trouble = "the disk is full"
        await asyncio.sleep(RHYTHM)
    assert bench.notes == [CountsNotKept("the disk is full")] * 2


@virtual
async def test_what_was_counted_before_is_gone_on_with() -> None:
    """And the value it came in stays as it is: rules were compiled by it."""
    before = Frequencies(10, {" port ": 4})
    bench = Bench(before)
    bench.hear()
    assert bench.census.frequencies.counts == {" port ": 4 + COUNTED, " whale ": 0}
    assert (before.articles, before.counts) == (10, {" port ": 4})


@virtual
async def test_without_anybody_to_renew_rules_counts_are_kept_all_the_same() -> None:
    """One round of polls has no reload."""
    bench = Bench()
    bench.census = Census(Frequencies(), bench.in_force, bench.shelf, LoopClock(), bench.notes.append)
    async with bench.running():
        bench.hear()
        await asyncio.sleep(RHYTHM * 2)
    assert bench.kept.articles == COUNTED
