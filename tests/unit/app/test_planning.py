"""When feeds are asked that are overdue, or that one fault kept back all at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from monitor.app.planning import SOON, Planning
from monitor.app.running import Running, row_of
from monitor.model.ids import FeedId, HostKey
from monitor.model.state import FeedState, Health
from monitor.schedule.agenda import Agenda
from monitor.testing.builders import feed
from tests.support.service import Rig
from tests.support.virtual import virtual

UNREADABLE = bytes([255])
"""A state that nobody may unpack."""


@virtual
async def test_n02_when_the_uplink_is_back_no_state_is_unpacked():
    """Ten thousand would hold the loop up for seconds; where each feed is asked stands in the agenda."""
    rig, spec = Rig(), feed("one")
    row = row_of(spec, FeedState(spec.id, health=replace(Health(), kind="timeout")))
    running = Running({spec.id: spec}, {spec.id: UNREADABLE}, {spec.id: row}, Agenda())
    now = rig.clock.now()
    running.agenda.put(spec.id, HostKey("moved.example.org"), now + 10_000)

    Planning(rig.parts(), None).ask_soon(running, lambda health: health.kind == "timeout", ())

    due = running.agenda.due(FeedId("one"))
    assert due is not None
    assert now <= due <= now + SOON
    assert running.agenda.host(FeedId("one")) == "moved.example.org"


@virtual
async def test_a_shard_that_is_opened_again_and_again_asks_every_feed_in_the_end():
    """Overdue feeds are put off so that not all are asked at once: from the first opening on, not from the last."""
    rig = Rig()
    specs = [feed(f"feed-{number}") for number in range(400)]
    planning = Planning(rig.parts(), None)

    def opened() -> dict[FeedId, float]:
        running = Running({spec.id: spec for spec in specs}, {}, {}, Agenda())
        for spec in specs:
            planning.plan(running, spec, FeedState(spec.id), 0.0)
        return {spec.id: running.agenda.due(spec.id) or 0.0 for spec in specs}

    first = opened()
    assert max(first.values()) - min(first.values()) > 10
    await asyncio.sleep(5)
    assert opened() == first
    planning.attempt(specs[0].id)
    assert opened()[specs[0].id] > rig.clock.now()
