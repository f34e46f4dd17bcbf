"""Probes: alive, started and ready are three questions."""

from __future__ import annotations

import pytest

from monitor.server import health
from monitor.testing.clock import START
from monitor.testing.console import picture


@pytest.mark.parametrize(
    ("heartbeat", "ok"), [(START, True), (START - 30, True), (START - 31, False), (START - 3600, False)]
)
def test_e03_liveness_fails_when_the_scheduler_stops(heartbeat, ok):
    """A service that calls itself ready goes round at least every 30 s."""
    assert health.alive(picture(heartbeat=heartbeat), START).ok is ok


def test_e03_reason_names_the_silence():
    """Whoever reads the log of the restart learns why."""
    answer = health.alive(picture(heartbeat=START - 95), START)

    assert answer.reasons == ("the scheduler has not gone round for 95 s",)


def test_liveness_holds_while_the_ledger_is_away():
    """No shard is open, nothing goes round, and a restart would mend nothing."""
    away = picture(ready=False, reasons=("shard 0: disk full",), heartbeat=START - 7200)

    assert health.alive(away, START) == health.Answer(True)
    assert health.ready(away) == health.Answer(False, ("shard 0: disk full",))


def test_start_that_never_went_round_is_judged_from_its_begin():
    """Ready at once without a heartbeat: the time runs from the start."""
    assert health.alive(picture(heartbeat=0.0, started=START - 10), START).ok
    assert not health.alive(picture(heartbeat=0.0, started=START - 100), START).ok


def test_startup_is_over_once_and_for_all():
    """Not before the first round; afterwards whatever fails is no matter of the start."""
    before = picture(ready=False, reasons=("no shard yet",), heartbeat=0.0)
    later = picture(ready=False, reasons=("shard 0: disk full",), heartbeat=START - 500)

    assert health.started(before) == health.Answer(False, ("no shard yet",))
    assert health.started(picture()).ok
    assert health.started(later).ok
