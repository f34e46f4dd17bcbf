"""Turns at hosts: one after the other, spaced, in order of arrival, and never for ever."""

from __future__ import annotations

import asyncio
import itertools
from math import inf

import pytest

from monitor.app.pacing import HostPacer, HostShut
from monitor.model.ids import FeedId, HostKey
from monitor.model.poll import Failed, Response, Throttled
from monitor.schedule.hosts import HostBook
from monitor.schedule.settings import HostSettings
from tests.support.virtual import LoopClock, virtual

HOST, OTHER = HostKey("a.example"), HostKey("b.example")


def pacer(**settings) -> HostPacer:
    """A pacer in virtual time."""
    return HostPacer(HostBook(HostSettings(**settings)), LoopClock())


async def visit(pacer: HostPacer, host: HostKey, seconds: float, log: list[tuple[str, float]], name: str) -> None:
    """One request that takes so long."""
    async with pacer.turn(host):
        log.append((name, asyncio.get_running_loop().time()))
        await asyncio.sleep(seconds)


@virtual
async def test_requests_to_one_host_run_one_after_the_other_in_order_and_spaced():
    """Five requests of half a second start a second apart, in the order in which they came."""
    turns, log = pacer(), []
    await asyncio.gather(*(visit(turns, HOST, 0.5, log, str(number)) for number in range(5)))
    assert [name for name, _ in log] == list("01234")
    starts = [at for _, at in log]
    assert [round(b - a, 6) for a, b in itertools.pairwise(starts)] == [1.0] * 4


@virtual
async def test_a_request_that_takes_long_keeps_the_next_one_waiting():
    """The turn is held until the body is read."""
    turns, log = pacer(), []
    await asyncio.gather(visit(turns, HOST, 20, log, "slow"), visit(turns, HOST, 0, log, "next"))
    assert log[1][1] - log[0][1] == pytest.approx(20)


@virtual
async def test_hosts_do_not_wait_for_each_other():
    """A host with a queue of a hundred delays no other one (B16)."""
    turns, log = pacer(), []
    crowd = [asyncio.create_task(visit(turns, HOST, 1, log, "crowd")) for _ in range(100)]
    await asyncio.sleep(0)
    await visit(turns, OTHER, 0, log, "other")
    assert dict(log)["other"] == dict(log[:1])["crowd"]
    for task in crowd:
        task.cancel()


@virtual
async def test_a_cancelled_request_leaves_no_trace():
    """Neither one that waits nor one that runs keeps the host from the next."""
    turns, log = pacer(), []
    tasks = [asyncio.create_task(visit(turns, HOST, 100, log, str(number))) for number in range(3)]
    await asyncio.sleep(1)
    for task in (tasks[1], tasks[0]):
        task.cancel()
    await asyncio.sleep(5)
    assert [name for name, _ in log] == ["0", "2"]
    tasks[2].cancel()
    await asyncio.sleep(0)
    assert turns.book.ready_at(HOST, 1e9) == 1e9
    assert turns.free(OTHER)


@virtual
async def test_a_denied_host_is_told_at_once():
    """Nobody waits for a host the operator forbids, not even behind a redirect."""
    turns = pacer(deny=("a.example",))
    assert turns.free(HOST)
    with pytest.raises(HostShut) as raised:
        async with turns.turn(HOST):
            pass
    verdict = raised.value.verdict(Response())
    assert isinstance(verdict, Failed)
    assert (verdict.kind, verdict.reason) == ("blocked_url", "denied")
    assert raised.value.seconds == inf


@virtual
async def test_a_host_that_said_retry_after_is_not_waited_for():
    """A redirect into a host that wants an hour of peace comes back as throttled instead of holding a place."""
    turns = pacer()
    turns.book.told(HOST, FeedId("x"), "rate_limited", 3600.0, turns._clock.monotonic(), scope="host")
    assert not turns.free(HOST)
    assert turns.shut(HOST)
    with pytest.raises(HostShut) as raised:
        async with turns.turn(HOST):
            pass
    verdict = raised.value.verdict(Response())
    assert isinstance(verdict, Throttled)
    assert verdict.retry_after == pytest.approx(3600)


@virtual
async def test_a_long_spacing_of_the_operator_is_waited_out():
    """Two minutes between two requests are no reason to come back: a feed that redirects would never be read."""
    from monitor.schedule.settings import HostRule

    turns, log = pacer(overrides={"a.example": HostRule(in_flight=1, spacing=120.0)}), []
    await asyncio.gather(visit(turns, HOST, 0, log, "first"), visit(turns, HOST, 0, log, "second"))
    assert log[1][1] - log[0][1] == pytest.approx(120)
