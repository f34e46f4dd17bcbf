"""What every ownership promises: `Ownership` of `monitor/ports.py`."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from monitor.adapters.static import StaticOwnership
from monitor.ports import Ownership
from monitor.testing.ownership import ScriptedOwnership

KINDS = {"static": lambda: StaticOwnership(3), "scripted": lambda: ScriptedOwnership(0, 1, 2)}


@pytest.fixture(params=list(KINDS))
def ownership(request: pytest.FixtureRequest) -> Ownership:
    """Three shards, of each kind."""
    return KINDS[request.param]()


async def nothing_more(assignments: AsyncIterator[frozenset[int]]) -> bool:
    """No further set comes; the iterator waits and can be cancelled."""
    waiting = asyncio.ensure_future(anext(assignments))
    await asyncio.sleep(0.01)
    done = waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return not done


async def test_the_whole_set_comes_at_once(ownership: Ownership) -> None:
    """And nothing more while nothing changes."""
    assignments = ownership.assignments()

    assert await anext(assignments) == {0, 1, 2}
    assert await nothing_more(assignments)


async def test_only_the_newest_set_comes() -> None:
    """A listener that was busy meets the last assignment, not those before."""
    ownership = ScriptedOwnership(0)
    assignments = ownership.assignments()
    await anext(assignments)
    ownership.assign(0, 1)
    ownership.assign(1)

    assert await anext(assignments) == {1}
    assert await nothing_more(assignments)
