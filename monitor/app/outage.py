"""What a shard does while its ledger is away: it polls on, and nothing of that counts as seen.

Each poll is judged by the state the one before it led to, so that what rolls out of a feed's window is met; what has
news goes to the spool as it was read, and the states stay here. When the ledger is back, `app/replay.py` takes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from monitor.app.commits import Position
from monitor.app.lane import Turns
from monitor.app.parts import Parts
from monitor.app.running import Running
from monitor.app.worker import Worker
from monitor.errors import Fenced, Refused
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, HostKey, ShardId
from monitor.model.notes import Note, Polled, PollSpooled, SpoolFull
from monitor.model.units import Instant
from monitor.ports import Spool
from monitor.schedule.agenda import Agenda
from monitor.schedule.cadence import class_bounds
from monitor.schedule.placement import host_key
from monitor.state.codec import encode_state

GRACE = 5.0
"""Seconds after the fault until the first poll: most ledgers are back by then, and nobody is asked for nothing."""
LEAST = 300.0
"""Seconds between two polls of a feed at least, whatever its class."""
SHORTEST, IDLE = 0.05, 5.0
"""Bounds of the seconds between two looks at the agenda."""
DRAIN = 10.0
"""Seconds running polls are given when the ledger is back."""


class Outage:
    """One shard through the absences of its ledger. Without a spool it does nothing."""

    def __init__(self, shard: ShardId, parts: Parts, attempts: dict[FeedId, Instant]) -> None:
        """`attempts`: when each feed was last asked; kept up to date here."""
        self._shard, self._parts, self._attempts = shard, parts, attempts
        self._pending: dict[FeedId, bytes] = {}
        """States as they will be when all that waits is durable."""
        self._away: _Away | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, former: Running | None, unsettled: Sequence[Outcome], error: BaseException) -> None:
        """The ledger has failed: what was on its way waits, and polls go on from what is known of the feeds.

        A shard that was never open (`former` None) knows of none, one that somebody else has taken is that one's to
        poll, and a record that is refused does not become better by waiting.
        """
        spool, polling = self._parts.spool, not isinstance(error, Fenced)
        if spool is None or former is None or isinstance(error, Refused) or not self._is_news(polling):
            return
        if self._away is not None:
            self._pending |= self._away.pending
        former.states.update(self._pending)
        self._away = _Away(self._shard, self._parts, spool, former, self._attempts, polling=polling)
        self._task = asyncio.create_task(self._away.run(unsettled))

    def _is_news(self, polling: bool) -> bool:
        """Whether a fault changes what is done meanwhile: a shard that seemed lost is polled on if the brokers go."""
        if self._task is None or self._away is None:
            return True
        return polling and not self._away.polling and self._task.done()

    def check(self) -> None:
        """Raises the fault that has ended the polls, of which nobody else would hear before the ledger is back."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def end(self, seconds: float = DRAIN) -> None:
        """No new polls; returns when the running ones are over, at the latest after so many seconds."""
        task, away, self._task, self._away = self._task, self._away, None, None
        if task is None or away is None:
            return
        away.stop()
        try:
            await asyncio.wait({task}, timeout=seconds)
        finally:
            task.cancel()
            self._pending |= away.pending
        with suppress(asyncio.CancelledError):
            await task

    def forget(self) -> None:
        """All that waited is durable."""
        self._pending.clear()


class _Away:
    """One absence."""

    def __init__(
        self,
        shard: ShardId,
        parts: Parts,
        spool: Spool,
        former: Running,
        attempts: dict[FeedId, Instant],
        *,
        polling: bool,
    ) -> None:
        self._shard, self._parts, self._spool, self._former = shard, parts, spool, former
        self.polling = polling
        self._attempts, self._agenda = attempts, Agenda()
        self._in_flight: set[FeedId] = set()
        self._full = self._over = False
        self._wake = asyncio.Event()
        self.pending: dict[FeedId, bytes] = {}

    async def run(self, unsettled: Sequence[Outcome]) -> None:
        """Until `stop`, or until nothing more can wait."""
        for outcome in unsettled:
            await self.settle(outcome.feed.id, outcome, None)
        if self.polling:
            await self._pause(GRACE)
            await self._poll_due()

    def stop(self) -> None:
        """No new polls; `run` returns when the running ones are over."""
        self._over = True
        self._wake.set()

    async def settle(
        self, feed: FeedId, outcome: Outcome, _state: bytes | None, _position: Position | None = None, /
    ) -> None:
        """In place of the ledger. What is refused leaves no trace, so that the poll is done anew when there is room."""
        if outcome.records and outcome.reading is not None and not await self._keep(feed, outcome):
            return
        self.pending[feed] = encode_state(outcome.state)

    async def _keep(self, feed: FeedId, outcome: Outcome) -> bool:
        at = outcome.state.health.last_poll or self._parts.clock.now()
        spec = self._former.specs.get(feed, outcome.feed)
        reading = outcome.reading
        if self._full or reading is None or not await self._spool.append(self._shard, spec, reading, at):
            await self._fill()
            return False
        self._parts.observe(PollSpooled(feed))
        return True

    async def _fill(self) -> None:
        if not self._full:
            self._full = True
            waiting = await self._spool.shards()
            self._parts.observe(SpoolFull(self._shard, waiting.get(self._shard, 0)))

    async def _poll_due(self) -> None:
        await self._plan_first()
        worker = Worker(replace(self._parts, observe=self._observe), self, settled=self._plan)
        async with asyncio.TaskGroup() as polls:
            while not self._full and not self._over:
                for feed in self._due():
                    polls.create_task(self._poll(worker, feed))
                self._wake.clear()
                await self._pause(self._seconds())

    async def _plan_first(self) -> None:
        """As planned before; what was under way when the ledger failed is asked again, at the reduced rate."""
        turns = Turns(self._parts.clock.monotonic)
        for feed, spec in self._former.specs.items():
            if not spec.paused:
                host, due = self._planned(spec)
                self._agenda.put(feed, host, max(due, self._attempts.get(feed, 0.0) + self._floor(spec)))
                await turns.take()

    def _planned(self, spec: FeedSpec) -> tuple[HostKey, Instant]:
        """Where and when a feed was to be asked: by the agenda or, if that never was made, by what was restored."""
        known = self._former
        host, due = known.agenda.host(spec.id), known.agenda.due(spec.id)
        if host is not None and due is not None:
            return host, due
        state = known.state(spec.id)
        return host_key(state.address(spec.url)), max(known.dues.get(spec.id, 0.0), state.cadence.due)

    def _plan(self, spec: FeedSpec, outcome: Outcome) -> None:
        """The reduced rate: twice the wait the feed's cadence asks for, which still is two polls before an item can
        roll out of its document, up to the longest interval of its class; never sooner than every 5 minutes."""
        now = self._parts.clock.now()
        wait = outcome.state.cadence.due - now
        longest = class_bounds(spec, self._parts.in_force.rules.schedule).max
        at = now + max(wait, min(2 * wait, longest), self._floor(spec))
        self._agenda.put(spec.id, host_key(outcome.state.address(spec.url)), at)

    def _floor(self, spec: FeedSpec) -> float:
        return max(class_bounds(spec, self._parts.in_force.rules.schedule).min, LEAST)

    def _due(self) -> list[FeedId]:
        """Pauses, host budgets and the breaker hold as ever."""
        fetch, up = self._parts.in_force.fetch, self._parts.breaker.up
        room = fetch.concurrency - len(self._in_flight)
        if fetch.paused or room <= 0:
            return []
        return self._agenda.pop_ready(self._parts.clock.now(), self._parts.pacer.free, limit=room if up else 1)

    async def _poll(self, worker: Worker, feed: FeedId) -> None:
        spec = self._former.specs[feed]
        self._in_flight.add(feed)
        self._attempts[feed] = self._parts.clock.now()
        try:
            await worker.poll(spec, self.pending.get(feed, self._former.states.get(feed)))
        finally:
            self._in_flight.discard(feed)
            self._wake.set()

    def _seconds(self) -> float:
        due = self._agenda.next_due()
        if due is None or self._parts.in_force.fetch.paused or not self._parts.breaker.up:
            return IDLE
        return min(max(due - self._parts.clock.now(), SHORTEST), IDLE)

    def _observe(self, note: Note) -> None:
        """What a poll brought is told, and counted, when it is durable."""
        if not isinstance(note, Polled) or not (note.new or note.updated or note.quarantined):
            self._parts.observe(note)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
