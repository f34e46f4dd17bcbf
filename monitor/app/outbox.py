"""Event log → sink, from the sink's cursor, at least once, in order per topic.

A sink that cannot take records now is tried again for ever; a record it will never take becomes a dead letter, counted,
and the others go on. A sink whose target remembers what it has (`resume`) is brought level topic by topic first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile

from monitor.errors import Reject, Retry
from monitor.model.event import Logged
from monitor.model.notes import Note, SinkDelivered, SinkFailed, SinkLate, SinkRejected
from monitor.ports import Clock, EventLog, Point, Sink, pass_by

CHUNK = 500
"""Records read from the log at once: the bound on what one sink holds in memory."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts at a target that is away."""


@dataclass(frozen=True, slots=True)
class Takes:
    """What of the log a sink wants."""

    topics: tuple[str, ...] = ()
    """`*` is allowed; empty = all."""
    max_lag: float | None = None
    """Seconds after which a record that was not delivered is given up; None = as long as the log holds it."""


EVERYTHING = Takes()


class Outbox:
    """One sink's way out of the log."""

    def __init__(
        self,
        sink: Sink,
        log: EventLog,
        clock: Clock,
        observe: Callable[[Note], None],
        takes: Takes = EVERYTHING,
        *,
        point: Point = pass_by,
    ) -> None:
        self.sink = sink
        self.error = ""
        self.position = 0
        self.dead = 0
        """Records that were given up since the cursor exists."""
        self._log, self._clock, self._observe = log, clock, observe
        self._topics, self._max_lag, self._point = takes.topics, takes.max_lag, point
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Delivers until `stop`; what is in the log by then is delivered if the sink takes it at once."""
        start = await self._start()
        if start is None:
            return
        self.position = start
        while True:
            records = await self._log.read(self.position, self._topics, CHUNK)
            if records:
                if not await self._deliver(records):
                    return
                await self._advance(records[-1].seq, len(records))
            elif self._stopping.is_set():
                return
            else:
                await self._skip_others()
                await self._wait_for_news()

    def stop(self) -> None:
        """Lets `run` end once the log is delivered, or at the next failure."""
        self._stopping.set()

    async def _start(self) -> int | None:
        """Where to go on; None if the service stopped before the target was level."""
        held = await self._resume()
        cursor = await self._log.cursor(self.sink.name)
        self.position, self.dead = (cursor.seq, cursor.dead) if cursor else (0, 0)
        if held is None or self._log.token(0) != "0":  # numbers of a log that differ by process are none of a target's
            return self.position
        head = await self._log.head()
        if not await self._level(held, head):
            return None
        await self._advance(head, 0)
        return head

    async def _resume(self) -> Mapping[str, int] | None:
        wait = 1.0
        while True:
            try:
                return await self.sink.resume()
            except Retry as error:
                if await self._pause(error, wait):
                    return None
                wait = min(wait * 2, LONGEST_WAIT)

    async def _level(self, held: Mapping[str, int], head: int) -> bool:
        """Brings every topic of the target to the head, each from what the target itself holds of it.

        False if the sink failed while stopping.
        """
        for topic in await self._log.topics():
            if self._topics and not any(fnmatchcase(topic, wanted) for wanted in self._topics):
                continue
            at = held.get(topic, 0)
            while records := [one for one in await self._log.read(at, (topic,), CHUNK) if one.seq <= head]:
                if not await self._deliver(records):
                    return False
                at = records[-1].seq
        return True

    async def _deliver(self, records: Sequence[Logged]) -> bool:
        """True when all are delivered or given up; False if the sink failed while stopping."""
        wait, dead = 1.0, 0
        while True:
            late = self._late(records)
            records, dead = records[late:], dead + late
            if not records:
                break
            try:
                await self.sink.write(records)
                self.error = ""
                break
            except Retry as error:
                if await self._pause(error, wait):
                    return False
                wait = min(wait * 2, LONGEST_WAIT)
            except Reject as error:
                # One that names no record of these would be tried for ever: the first is given up in its place.
                seq = error.seq if any(one.seq == error.seq for one in records) else records[0].seq
                records = [one for one in records if one.seq != seq]
                dead += 1
                self._observe(SinkRejected(self.sink.name, seq, str(error)))
        if dead:
            await self._log.advance(self.sink.name, self.position, dead)
            self.dead += dead
        self._point("outbox.sent")
        return True

    def _late(self, records: Sequence[Logged]) -> int:
        """How many of the oldest have waited longer than `max_lag`: nobody wants them any more."""
        if self._max_lag is None:
            return 0
        oldest = self._clock.now() - self._max_lag
        late = sum(1 for _ in takewhile(lambda one: one.record.at < oldest, records))
        if late:
            self._observe(SinkLate(self.sink.name, late))
        return late

    async def _pause(self, error: Retry, wait: float) -> bool:
        """Waits out a failure; True if the service is stopping."""
        seconds = max(error.after, wait)
        if self.error != str(error):
            self._observe(SinkFailed(self.sink.name, str(error), seconds))
        self.error = str(error)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return self._stopping.is_set()

    async def _advance(self, seq: int, records: int) -> None:
        await self._log.advance(self.sink.name, seq)
        self._point("outbox.advanced")
        self.position = seq
        if records:
            lag = max(0, await self._log.head() - seq)
            self._observe(SinkDelivered(self.sink.name, records, lag))

    async def _skip_others(self) -> None:
        """Moves past records of topics this sink does not take, so that its cursor is no false lag."""
        head = await self._log.head()
        if head > self.position and not await self._log.read(self.position, self._topics, 1):
            await self._advance(head, 0)

    async def _wait_for_news(self) -> None:
        news = asyncio.ensure_future(self._log.wait(self.position))
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            done, _ = await asyncio.wait((news, stop), return_when=asyncio.FIRST_COMPLETED)
            if news in done:
                news.result()
        finally:
            news.cancel()
            stop.cancel()
