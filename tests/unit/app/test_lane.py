"""Rules run in slices, one poll at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from monitor.app.lane import SLICE, Lane
from monitor.model.event import Outcome
from monitor.model.state import FeedState
from monitor.testing.builders import feed


class Ticks:
    """A monotonic clock that moves at every look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def steps(log: list[str], name: str, count: int) -> Generator[None, None, Outcome]:
    """A poll's rules."""
    for _ in range(count):
        log.append(name)
        yield
    return Outcome(feed(name), FeedState(feed(name).id))


async def test_two_polls_never_mix_and_others_get_a_turn_between_slices():
    """One lane: the second poll begins when the first is over, and the loop runs in between."""
    lane, log = Lane(Ticks(SLICE)), []

    async def beside() -> None:
        for _ in range(4):
            log.append(".")
            await asyncio.sleep(0)

    first, second, _ = await asyncio.gather(lane.run(steps(log, "a", 3)), lane.run(steps(log, "b", 3)), beside())
    assert (first.feed.id, second.feed.id) == ("a", "b")
    assert [name for name in log if name != "."] == list("aaabbb")
    assert log.index(".") < log.index("b")


async def test_a_fast_poll_keeps_the_loop():
    """Below a slice nothing is given up: turns of the loop are not free."""
    lane, log = Lane(lambda: 0.0), []
    task = asyncio.create_task(lane.run(steps(log, "a", 50)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert task.done()


async def test_a_fault_in_the_rules_frees_the_lane():
    """The next poll is judged."""
    lane = Lane(lambda: 0.0)

    def broken() -> Generator[None, None, Outcome]:
        yield
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError):
        await lane.run(broken())
    assert (await lane.run(steps([], "a", 1))).feed.id == "a"
