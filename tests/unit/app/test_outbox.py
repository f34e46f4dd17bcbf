"""From the log into a sink: in order, at least once, for ever, and level with what the target holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from monitor.app.outbox import CHUNK, LONGEST_WAIT, Outbox, Takes
from monitor.errors import LedgerError, Reject, Retry
from monitor.model.event import Logged
from monitor.model.notes import Note, SinkDelivered, SinkFailed, SinkLate, SinkRejected
from monitor.ports import SinkCursor
from monitor.testing.builders import record
from monitor.testing.ledger import MemoryEventLog, MemoryStore
from monitor.testing.sinks import CapturingSink
from tests.support.service import running
from tests.support.virtual import LoopClock, virtual

ALERTS = "news.alerts.x"


class Bench:
    """A log, a sink and the way between them."""

    def __init__(self, sink: Any = None, **options: Any) -> None:
        self.store, self.clock, self.notes = MemoryStore(), LoopClock(), list[Note]()
        self.log = MemoryEventLog(self.store, self.clock)
        self.sink = sink or CapturingSink()
        self.outbox = Outbox(self.sink, self.log, self.clock, self.notes.append, **options)

    def publish(self, *numbers: int, topic: str = "news.articles") -> None:
        """Events, durable now."""
        self.store.append([record(number, topic) for number in numbers])
        self.store.ring()

    @property
    def seqs(self) -> list[int]:
        """What the sink has."""
        return [logged.seq for logged in self.sink.records]

    def of(self, kind: type[Note]) -> list[Any]:
        return [note for note in self.notes if isinstance(note, kind)]


@virtual
async def test_everything_is_delivered_in_order_also_what_comes_later():
    """More than one chunk from before, and news as it comes; the cursor follows."""
    bench = Bench()
    bench.publish(*range(CHUNK + 10))
    async with running(bench.outbox):
        await asyncio.sleep(1)
        bench.publish(CHUNK + 10)
        await asyncio.sleep(1)
        assert bench.seqs == list(range(1, CHUNK + 12))
        assert bench.store.cursors["capturing"].seq == CHUNK + 11
    assert sum(note.records for note in bench.of(SinkDelivered)) == CHUNK + 11


@virtual
async def test_a_second_start_goes_on_from_the_cursor():
    """Nothing is written again that was passed on."""
    bench = Bench()
    bench.publish(1, 2)
    async with running(bench.outbox):
        await asyncio.sleep(1)
    again = Outbox(fresh := CapturingSink(), bench.log, bench.clock, bench.notes.append)
    bench.publish(3)
    async with running(again):
        await asyncio.sleep(1)
    assert [logged.seq for logged in fresh.records] == [3]


@virtual
async def test_a_sink_that_is_away_is_tried_for_ever_with_longer_pauses():
    """An outage of an hour loses nothing, is asked at most once a minute at last, and is one line in the log."""
    bench = Bench()
    bench.sink.fail(60)
    bench.publish(1)
    async with running(bench.outbox):
        await asyncio.sleep(600)
        tries = bench.sink.writes
        await asyncio.sleep(600)
        assert bench.sink.writes - tries <= 600 / LONGEST_WAIT + 1
        assert bench.outbox.error == "told to fail"
        await asyncio.sleep(3600)
        assert bench.seqs == [1]
        assert bench.outbox.error == ""
    assert len(bench.of(SinkFailed)) == 1


@virtual
async def test_a_target_that_names_a_time_is_left_alone_until_then():
    """`Retry.after` is a lower bound."""
    bench = Bench()
    bench.sink.fail(1, after=300)
    bench.publish(1)
    async with running(bench.outbox):
        await asyncio.sleep(299)
        assert bench.sink.writes == 1
        await asyncio.sleep(2)
        assert bench.seqs == [1]


@virtual
async def test_a_record_that_is_never_taken_is_counted_and_the_others_go_on():
    """A dead letter: noted once, counted beside the cursor."""
    bench = Bench()
    bench.sink.reject(2, 4)
    bench.publish(1, 2, 3, 4, 5)
    async with running(bench.outbox):
        await asyncio.sleep(1)
    assert bench.seqs == [1, 3, 5]
    assert [note.seq for note in bench.of(SinkRejected)] == [2, 4]
    assert bench.store.cursors["capturing"].dead == bench.outbox.dead == 2
    assert bench.store.cursors["capturing"].seq == 5


@virtual
async def test_a_rejection_that_names_no_record_does_not_spin():
    """A sink with a mistake loses a record, not the service."""

    class Confused(CapturingSink):
        async def write(self, records: Sequence[Logged]) -> None:
            if len(records) > 1:
                raise Reject("some other", 99)
            await super().write(records)

    bench = Bench(Confused())
    bench.publish(1, 2)
    async with running(bench.outbox):
        await asyncio.sleep(1)
    assert bench.seqs == [2]
    assert bench.outbox.dead == 1


@virtual
async def test_a_target_that_knows_what_it_has_is_brought_level_topic_by_topic():
    """Each topic from its own last record: a file removed by hand is written again, the others are not touched."""
    bench = Bench(CapturingSink(remembers=True))
    bench.publish(1, 3, 5)
    bench.publish(2, 4, topic=ALERTS)
    bench.sink.records = [one for one in bench.store.events if one.record.topic == "news.articles"][:2]
    bench.store.cursors["capturing"] = SinkCursor("capturing", 5, 0.0)
    async with running(bench.outbox):
        await asyncio.sleep(1)
        bench.publish(6)
        await asyncio.sleep(1)
    assert bench.seqs == [1, 2, 4, 5, 3, 6]
    assert [one.id for one in bench.sink.of(ALERTS)] == [record(n, ALERTS).id for n in (2, 4)]


@virtual
async def test_topics_a_sink_does_not_take_are_no_lag():
    """The cursor moves past them, in the beginning and later."""
    bench = Bench(takes=Takes(("news.alerts.*",)))
    bench.publish(1, 2)
    async with running(bench.outbox):
        await asyncio.sleep(1)
        assert bench.store.cursors["capturing"].seq == 2
        bench.publish(3, topic=ALERTS)
        bench.publish(4)
        await asyncio.sleep(1)
        assert bench.seqs == [3]
        assert bench.store.cursors["capturing"].seq == 4


@virtual
async def test_a_stop_delivers_what_is_there():
    """The log is emptied first, if the sink takes it at once."""
    bench = Bench()
    bench.publish(*range(2 * CHUNK))
    task = asyncio.create_task(bench.outbox.run())
    await asyncio.sleep(0)
    bench.outbox.stop()
    await task
    assert len(bench.seqs) == 2 * CHUNK


@virtual
async def test_a_stop_does_not_wait_for_a_sink_that_is_away():
    """The first failure after the stop ends it; the cursor stays, so nothing is lost."""
    bench = Bench()
    bench.sink.fail(1000)
    bench.publish(1)
    async with running(bench.outbox):
        await asyncio.sleep(100)
    assert "capturing" not in bench.store.cursors


@virtual
async def test_a_stop_while_levelling_does_not_pretend_to_be_level():
    """The cursor must not jump over what the target never got."""
    bench = Bench(CapturingSink(remembers=True))
    bench.publish(1, 2)
    bench.sink.fail(1000)
    async with running(bench.outbox):
        await asyncio.sleep(10)
    assert bench.seqs == []
    assert "capturing" not in bench.store.cursors


@virtual
async def test_a_target_that_does_not_say_what_it_has_is_asked_again():
    """Also `resume` may fail for a while; meanwhile nothing is written."""

    class Slow(CapturingSink):
        asked = 0

        async def resume(self):
            self.asked += 1
            if self.asked < 4:
                raise Retry("away")
            return await super().resume()

    bench = Bench(Slow(remembers=True))
    bench.publish(1)
    async with running(bench.outbox):
        await asyncio.sleep(5)
        assert bench.seqs == []
        await asyncio.sleep(60)
        assert bench.seqs == [1]


@virtual
async def test_a_log_that_cannot_be_read_is_a_fault_and_not_silence():
    """It comes out of `run`, also while waiting for news: the supervisor begins again."""
    bench = Bench()

    async def broken(_after: int) -> int:
        raise LedgerError("disk full")

    bench.log.wait = broken  # type: ignore[method-assign]
    with pytest.raises(LedgerError, match="disk full"):
        await bench.outbox.run()


@virtual
async def test_what_is_older_than_max_lag_is_given_up_and_counted():
    """A sink that was away for a day gets the last hour, and the rest is dead letters."""
    bench = Bench(CapturingSink(), takes=Takes(max_lag=3600.0))
    bench.store.append([replace(record(number, "news.articles"), at=bench.clock.now() - 7200) for number in range(3)])
    bench.store.append([replace(record(number, "news.articles"), at=bench.clock.now()) for number in range(3, 5)])
    bench.store.ring()
    async with running(bench.outbox):
        await asyncio.sleep(1)
    assert bench.seqs == [4, 5]
    assert bench.store.cursors["capturing"].dead == 3
    assert [note.records for note in bench.of(SinkLate)] == [3]


@virtual
async def test_records_grow_late_while_the_sink_is_away():
    """The bound is looked at before every attempt."""
    bench = Bench(CapturingSink(), takes=Takes(max_lag=60.0))
    bench.store.append([replace(record(1, "news.articles"), at=bench.clock.now())])
    bench.store.ring()
    bench.sink.fail(10_000)
    async with running(bench.outbox):
        await asyncio.sleep(300)
    assert bench.seqs == []
    assert bench.store.cursors["capturing"].dead == 1


@virtual
async def test_a_target_is_not_believed_about_numbers_that_differ_by_process():
    """What it remembers stems from another run; the log keeps the cursor."""

    class OtherNumbers(MemoryEventLog):
        def token(self, seq: int) -> str:
            return f"place-{seq}"

    bench = Bench(CapturingSink(remembers=True))
    bench.sink.records.append(Logged(7, record(100)))
    log = OtherNumbers(bench.store, bench.clock)
    outbox = Outbox(bench.sink, log, bench.clock, bench.notes.append)
    bench.publish(1, 2, 3)
    async with running(outbox):
        await asyncio.sleep(1)

    assert bench.seqs == [7, 1, 2, 3]
    assert bench.store.cursors["capturing"].seq == 3
