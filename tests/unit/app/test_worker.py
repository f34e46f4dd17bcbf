"""One poll, and what hosts and the breaker learn from it."""

from __future__ import annotations

import asyncio

from monitor.app.running import Round
from monitor.app.shards import Shard
from monitor.app.worker import state_of
from monitor.model.ids import FeedId, ShardId
from monitor.model.state import FeedState
from monitor.schedule.settings import HostSettings
from monitor.state.codec import encode_state
from monitor.testing.builders import feed
from monitor.testing.fetcher import Answer
from tests.support.service import Rig
from tests.support.virtual import virtual


def kinds(rig: Rig) -> list[str]:
    """What came of the polls, in their order."""
    return [outcome.state.health.kind for _, outcome in rig.settled]


@virtual
async def test_b31_feeds_of_one_host_that_turn_403_together_are_throttled_not_broken():
    """From the third on it is the host that means us."""
    rig = Rig(round=Round(all=True))
    crowd = [feed(f"c{n}", url=f"https://crowd.example/{n}") for n in range(5)]
    rig.feeds(*crowd)
    for spec in crowd:
        rig.web.answer(spec.url, Answer(403))
    await asyncio.wait_for(Shard(ShardId(0), rig.parts(), rig.round).run(), 3600)
    assert kinds(rig)[2:] == ["rate_limited"] * 3


@virtual
async def test_a_redirect_to_a_denied_host_has_its_verdict():
    """No poll waits for a turn that never comes."""
    rig = Rig(round=Round(all=True), hosts=HostSettings(deny=("denied.example",)))
    spec = feed("a")
    rig.feeds(spec)

    class Follows:
        """The second hop of a real fetcher needs a turn of its own."""

        async def fetch(self, request):
            async with rig.pacer.turn("a.example"):
                pass
            async with rig.pacer.turn("denied.example"):
                raise AssertionError("asked")

    rig.fetcher = Follows()
    await asyncio.wait_for(Shard(ShardId(0), rig.parts(), rig.round).run(), 3600)
    assert kinds(rig) == ["blocked_url"]


@virtual
async def test_verdicts_nobody_gave_do_not_teach_the_breaker():
    """A hundred denied feeds are no sign that the network works, or does not."""
    rig = Rig(round=Round(all=True), hosts=HostSettings(deny=("example",)))
    rig.feeds(*(feed(f"f{n}") for n in range(20)))
    parts = rig.parts()
    await asyncio.wait_for(Shard(ShardId(0), parts, rig.round).run(), 3600)
    assert (parts.breaker.up, parts.breaker.polls) == (True, 0)


def test_a_state_that_is_none_is_a_fresh_one():
    """Never polled, or not readable: a baseline is due."""
    fresh = FeedState(FeedId("a"))
    assert state_of(FeedId("a"), None) == fresh
    assert state_of(FeedId("a"), b"\x01no state") == fresh
    assert state_of(FeedId("a"), encode_state(fresh)) == fresh
