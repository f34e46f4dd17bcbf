"""When feeds are asked again that many faults at once kept back."""

from __future__ import annotations

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
