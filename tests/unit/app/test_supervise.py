"""The whole service over fakes: it stops within its limits whatever hangs, and survives what runs beside the polls."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal

import pytest

from monitor.app.supervise import STALL, signals
from monitor.errors import LedgerError, StorageFailed, UsageError
from monitor.model.notes import Expired, LoopStalled, TaskCrashed
from monitor.testing.builders import feed
from monitor.testing.sinks import CapturingSink
from tests.support.service import Rig, running
from tests.support.virtual import virtual

MINUTE = 60.0


class HangingSink(CapturingSink):
    """Takes what it is given and never returns."""

    async def write(self, _records):
        await asyncio.Event().wait()


async def hang() -> None:
    """A closer that never ends."""
    await asyncio.Event().wait()


@virtual
async def test_polls_go_into_the_log_and_from_there_into_every_sink():
    """The path of an article, and the picture of it."""
    rig = Rig(sinks=[CapturingSink("one"), CapturingSink("two")])
    rig.feeds(feed("a"), feed("b"))
    service = rig.service()
    async with running(service):
        await asyncio.sleep(MINUTE)
        picture = service.console.snapshot()
        assert [len(sink.records) for sink in rig.sinks] == [2, 2]
        assert [(row.name, row.seq, row.lag) for row in picture.sinks] == [("one", 2, 0), ("two", 2, 0)]
        assert (picture.ready, picture.totals.new, picture.head) == (True, 2, 2)
    assert not service.console.snapshot().ready


@virtual
async def test_s01_a_stop_at_any_moment_ends_within_25_seconds():
    """Idle, while fetching, while a sink hangs, while everything hangs: the log is whole each time."""
    for seconds, moment in ((0.1, 0.0), (0.1, 30.0), (1000.0, 5.0), (5.0, 1.0)):
        rig = Rig(sinks=[HangingSink()])
        rig.feeds(feed("a"), feed("b"))
        rig.fetcher.seconds = seconds
        service = rig.service()
        service.closers = [hang, hang, hang]
        task = asyncio.create_task(service.run())
        await asyncio.sleep(moment)
        told = rig.clock.now()
        service.stop()
        await task
        assert rig.clock.now() - told <= 25
        assert {one.record.key for one in rig.store.events} == {
            event.article.id for _, outcome in rig.settled for event in outcome.events
        }


@virtual
async def test_shards_are_given_up_before_sinks_drain():
    """Others wait for them; a group that does not let us go holds up nothing."""
    rig = Rig(sinks=[HangingSink()])
    rig.feeds(feed("a"))
    service, real, closed = rig.service(), rig.ownership.close, []

    async def close():
        closed.append((rig.clock.now(), dict(rig.store.listeners)))
        await real()
        await hang()

    rig.ownership.close = close
    task = asyncio.create_task(service.run())
    await asyncio.sleep(MINUTE)
    stopped = rig.clock.now()
    service.stop()
    await task
    ((at, listening),) = closed
    assert at - stopped < 0.5
    assert listening == {}
    assert 5.0 < rig.clock.now() - stopped < 10.0


@virtual
async def test_a_stop_before_the_start_is_a_stop():
    """S03: told while it was still being built."""
    rig = Rig()
    rig.feeds(feed("a"))
    service = rig.service()
    service.stop()
    await asyncio.wait_for(service.run(), MINUTE)
    assert rig.fetcher.asked == []


@virtual
async def test_one_sink_that_hangs_does_not_hold_up_the_others():
    """Nor the polls."""
    good = CapturingSink("good")
    rig = Rig(sinks=[HangingSink("bad"), good])
    rig.feeds(feed("a"), feed("b"))
    async with running(rig.service()):
        await asyncio.sleep(MINUTE)
        assert len(good.records) == 2


@virtual
async def test_e02_what_fails_beside_the_polls_is_begun_again():
    """A listener that raises, a sink with a mistake: named with a traceback, tried again, and nothing else stops."""

    class Mistaken(CapturingSink):
        async def write(self, records):
            if self.writes < 2:
                self.writes += 1
                raise KeyError("a mistake of ours")
            await super().write(records)

    starts: list[float] = []
    rig = Rig(sinks=[Mistaken()])
    rig.feeds(feed("a"))

    async def listener() -> None:
        starts.append(rig.clock.now())
        await asyncio.sleep(1)
        raise RuntimeError("the page has a mistake")

    service = rig.service()
    service.helpers = [listener]
    async with running(service) as task:
        await asyncio.sleep(2 * MINUTE)
        assert not task.done()
        assert len(rig.sinks[0].records) == 1
    crashes = rig.of(TaskCrashed)
    assert {note.error for note in crashes} == {"KeyError", "RuntimeError"}
    assert any("the page has a mistake" in note.traceback for note in crashes)
    assert [round(b - a) for a, b in itertools.pairwise(starts)][:3] == [2, 3, 5]


@virtual
async def test_a_full_disk_does_not_end_the_process():
    """D01: cursors and retention that cannot be written are tried again."""
    rig = Rig(sinks=[CapturingSink()])
    rig.feeds(feed("a"))
    real, full = rig.log.advance, True

    async def advance(*arguments):
        if full:
            raise LedgerError("the disk is full")
        await real(*arguments)

    rig.log.advance = advance
    async with running(rig.service()) as task:
        await asyncio.sleep(MINUTE)
        assert not task.done()
        full = False
        await asyncio.sleep(2 * MINUTE)
        assert rig.store.cursors["capturing"].seq == 1


@pytest.mark.parametrize("error", [UsageError("the port is taken"), StorageFailed("EIO")])
def test_what_trying_again_cannot_mend_ends_the_process(error):
    """With the error itself, and everything closed (D03)."""

    @virtual
    async def run() -> None:
        rig = Rig()
        rig.feeds(feed("a"))
        closed = []

        async def fail() -> None:
            await asyncio.sleep(5)
            raise error

        async def close() -> None:
            closed.append(True)

        service = rig.service()
        service.helpers, service.closers = [fail], [close]
        with pytest.raises(ExceptionGroup) as raised:
            await service.run()
        assert raised.group_contains(type(error))
        assert closed

    run()


@virtual
async def test_d03_a_broken_disk_under_a_commit_ends_the_process():
    """Nothing can be known to be durable any more."""
    rig = Rig()
    rig.feeds(feed("a"))
    rig.store.failing = StorageFailed("EIO on fsync")
    with pytest.raises(ExceptionGroup) as raised:
        await rig.service().run()
    assert raised.group_contains(StorageFailed)


@virtual
async def test_everything_is_closed_although_one_closer_fails():
    """The data directory is let go whatever the sink says."""
    rig, closed = Rig(), []

    async def fail() -> None:
        raise OSError("broken pipe")

    async def close() -> None:
        closed.append(True)

    service = rig.service()
    service.closers = [fail, hang, close]
    async with running(service):
        await asyncio.sleep(1)
    assert closed == [True]
    assert [note.error for note in rig.of(TaskCrashed)] == ["OSError"]


@virtual
async def test_retention_is_applied_and_noted():
    """Rows beyond their age go, and what no sink had is counted."""
    rig = Rig()
    rig.feeds(feed("a"))
    async with running(rig.service()):
        await asyncio.sleep(MINUTE)
        rig.log._age = 10.0
        await asyncio.sleep(10 * MINUTE)
    assert [note.rows for note in rig.of(Expired)][:1] == [1]


@virtual
async def test_e01_a_loop_that_did_not_run_is_noted():
    """Whatever blocks it delays every feed; liveness is patient."""
    rig = Rig()
    async with running(rig.service()):
        await asyncio.sleep(1)
        rig.clock.loop.passed += 2.0
        await asyncio.sleep(1)
    (note,) = rig.of(LoopStalled)
    assert STALL <= note.seconds <= 2.1


async def test_s02_signals_stop_reload_and_end_at_once():
    """SIGHUP reloads, also when that fails; the first SIGTERM stops, the second ends the process."""
    rig, calls = Rig(), []
    service = rig.service()

    async def reload() -> None:
        calls.append("reload")
        raise RuntimeError("a mistake of ours")

    with signals(service, reload, lambda: calls.append("die")):
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
        assert calls == ["reload"]
        assert not service.stopping.is_set()
        assert [note.task for note in rig.of(TaskCrashed)] == ["reload"]
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.05)
        assert service.stopping.is_set()
        assert calls == ["reload"]
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.05)
        assert calls == ["reload", "die"]
