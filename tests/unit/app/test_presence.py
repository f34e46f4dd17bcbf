"""A cluster that goes and comes is told of once each, in virtual time."""

from __future__ import annotations

import asyncio

from monitor.app.presence import LOOK, Presence
from monitor.model.notes import LedgerAway, LedgerBack
from tests.support.service import Rig
from tests.support.virtual import virtual


@virtual
async def test_one_line_when_the_ledger_goes_and_one_when_it_is_back():
    """Soon after the group has said so, however the words change meanwhile; a second absence is a new one."""
    rig, fault, stopping = Rig(), [""], asyncio.Event()
    task = asyncio.create_task(Presence(lambda: fault[0], stopping, rig.parts()).run())
    await asyncio.sleep(LOOK * 10)
    assert rig.notes == []
    fault[0] = "no heartbeat was answered for 10 s"
    await asyncio.sleep(LOOK * 1.5)
    assert rig.notes == [LedgerAway("no heartbeat was answered for 10 s")]
    fault[0] = "no Kafka at broker:9092"
    await asyncio.sleep(LOOK * 20)
    fault[0] = ""
    await asyncio.sleep(LOOK * 1.5)
    (back,) = rig.of(LedgerBack)
    assert len(rig.notes) == 2
    assert abs(back.seconds - LOOK * 21) < LOOK * 1.1
    fault[0] = "no Kafka at broker:9092"
    await asyncio.sleep(LOOK * 1.5)
    assert len(rig.of(LedgerAway)) == 2
    stopping.set()
    fault[0] = ""
    await task
    assert len(rig.of(LedgerBack)) == 1
