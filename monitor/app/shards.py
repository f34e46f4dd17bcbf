"""A running shard: opened, polled, and after any fault of its ledger opened again.

What was committed comes back from the ledger, the rest is polled anew. The times of attempts outlive a reopening, and
while the ledger fails no fetch starts: a full disk must not hammer webmasters. With a spool polls go on meanwhile
(`app/outage.py`), and what waits in it is durable before anything else is polled (`app/replay.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial

from monitor.app.assignment import DRAIN
from monitor.app.burial import Burial
from monitor.app.commits import Commits
from monitor.app.lane import Turns
from monitor.app.outage import Outage
from monitor.app.parts import Parts
from monitor.app.planning import Planning
from monitor.app.replay import Adoption, Replay
from monitor.app.running import Round, Running, kept_back_by_us, row_of
from monitor.app.worker import Worker
from monitor.errors import Fenced, LedgerError, Refused
from monitor.fetch.settings import FetchSettings
from monitor.model.event import Batch, Moved, Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, HostKey, ShardId
from monitor.model.notes import LedgerFailed
from monitor.model.snapshot import FeedRow
from monitor.model.units import Instant
from monitor.ports import ShardLedger
from monitor.schedule.agenda import Agenda
from monitor.schedule.breaker import NETWORK_KINDS, SLOWDOWN
from monitor.schedule.placement import elsewhere
from monitor.schedule.settings import HostSettings

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before a shard is opened again after its ledger failed; doubled up to the longest."""
LONGEST_AWAY = 12.0
"""The longest where polls go on meanwhile: what waits has been read, and is news until it is published."""
LAST_COMMIT, CLOSE = 4.0, 2.0
"""Seconds what finished polls led to is given when a shard stops, then the ledger for closing."""
FLUSH = 60.0
"""Seconds between two writings of due times that nothing else changed."""
IDLE = 5.0
"""Seconds the scheduler sleeps at most: its heartbeat."""
DARK_GAP = 1.0, 30.0
"""Bounds of the seconds between two polls while the uplink is down."""


class Shard:
    """One shard of feeds, from start to stop; with a `Round`, until that is done."""

    def __init__(self, shard: ShardId, parts: Parts, round_: Round | None = None) -> None:
        self.shard, self._parts, self._round = shard, parts, round_
        self.running: Running | None = None
        self.heartbeat: Instant = 0.0
        self.in_flight: set[FeedId] = set()
        self.error = ""
        self.rows: Mapping[FeedId, FeedRow] = {}
        """The pictures of its feeds; while it is not open, as it last was."""
        self._planning, self._burial = Planning(parts, round_), Burial(parts)
        self._outage = Outage(shard, parts, self._planning.attempts)
        self._known: Running | None = None
        """What the shard was when its ledger was last open, polled or not yet."""
        self._commits: Commits | None = None
        self._dark = False
        self._bounds = self._guarded()
        self._stopping, self._wake = asyncio.Event(), asyncio.Event()
        self._drain_for = DRAIN
        self._opening: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Until `stop`, or until the round is done; a fault of the ledger only opens the shard again.

        A round does not go on after one: raises LedgerError.
        """
        try:
            await self._run()
        finally:
            await self._outage.end(0.0)

    async def _run(self) -> None:
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            began, failed = self._parts.clock.monotonic(), list[BaseException]()
            self._commits = None
            try:
                await self._live()
            except* LedgerError as errors:
                failed.append(_leaf(errors))
            except* TimeoutError:
                # Opening was cut short.
                if not self._stopping.is_set():
                    raise
            if self._round is not None:
                if failed:
                    raise failed[0]
                return
            if failed:
                wait = FIRST_WAIT if self._was_well(began) else wait
                self._go_on_without(failed[0])
                self.running = None
                await self._wait_out(failed[0], wait * (1 + self._parts.clock.jitter() / 2))
                wait = min(wait * 2, LONGEST_WAIT if self._parts.spool is None else LONGEST_AWAY)

    def _go_on_without(self, error: BaseException) -> None:
        """What was being replayed waits already; what was polled does from now on."""
        commits = self._commits if self.running is not None else None
        self._outage.begin(self._known, commits.unsettled if commits is not None else (), error)

    def _was_well(self, began: float) -> bool:
        """Whether the ledger took something, or the shard was open for long: what failed now is something new."""
        long_open = self.running is not None and self._parts.clock.monotonic() - began > LONGEST_WAIT
        return long_open or (self._commits is not None and self._commits.fruitful)

    async def _wait_out(self, error: BaseException, seconds: float) -> None:
        if isinstance(error, Refused):
            self._burial.remember(error)
        if self._stopping.is_set() and isinstance(error, Fenced):
            # It has gone to somebody else, as we know.
            return
        self.error = str(error)
        self._parts.observe(LedgerFailed(self.error, seconds))
        await self._pause(seconds)
        self._outage.check()

    def stop(self, drain: float = DRAIN) -> None:
        """No new polls; `run` returns when the running ones are durable, at most `drain` seconds later or little more.

        What is still being opened is given up at once.
        """
        self._drain_for = min(self._drain_for, drain)
        self._stopping.set()
        self._wake.set()
        if self._opening is not None:
            self._opening.reschedule(0.0)

    @property
    def _up(self) -> bool:
        """Whether polls go at their rate. A round never crawls: somebody waits for its end."""
        return self._parts.breaker.up or self._round is not None

    def nudge(self) -> None:
        """Something outside changed: look at the agenda now."""
        self._wake.set()

    async def _live(self) -> None:
        async with self._opened() as ledger, asyncio.TaskGroup() as group:
            self._burial.limit = ledger.max_record
            commits = Commits(self.shard, ledger, self._parts.clock, self._parts.observe, self._burial.fit)
            self._commits, committing = commits, group.create_task(commits.run())
            running = await self._begin(ledger, commits)
            beside = [group.create_task(work) for work in self._beside(ledger, commits, running)]
            self.running, self.rows, self.error = running, running.rows, ""
            await self._poll_due(running, commits)
            for task in beside:
                task.cancel()
            commits.close()
            await self._last_commit(committing)

    def _beside(self, ledger: ShardLedger, commits: Commits, running: Running) -> Iterator[Coroutine[None, None, None]]:
        yield self._follow(ledger, commits)
        yield self._flush(commits)
        if self._parts.rescue is not None:
            worker = Worker(self._parts, commits, settled=partial(self._keep, running, commits))
            adoption = Adoption(self.shard, self._parts, running, self.in_flight, commits.passed)
            yield adoption.run(self._parts.rescue, ledger, worker)

    async def _begin(self, ledger: ShardLedger, commits: Commits) -> Running:
        async with self._until_stopped():
            if self.error:
                # After a fault no feed is asked before the ledger has shown that it takes batches again.
                await ledger.commit(Batch(self.shard))
            await self._outage.end()
            self._known = running = Running(dict(ledger.specs), dict(ledger.states), {}, Agenda(), ledger.dues)
            await self._catch_up(running, commits)
            await self._load(running, commits)
        return running

    async def _catch_up(self, running: Running, commits: Commits) -> None:
        """What waited becomes durable. No feed moves meanwhile: its outcomes and its state have to stay together."""

        def keep(spec: FeedSpec, outcome: Outcome) -> None:
            running.keep(spec, outcome.state)
            self._parts.settled(spec, outcome)

        worker = Worker(self._parts, commits, settled=keep)
        await Replay(self.shard, self._parts, running, worker).run(self._stopping.is_set)
        self._outage.forget()

    @asynccontextmanager
    async def _until_stopped(self) -> AsyncIterator[None]:
        """A stop ends what is inside with a TimeoutError."""
        try:
            async with asyncio.timeout(0.0 if self._stopping.is_set() else None) as self._opening:
                yield
        finally:
            self._opening = None

    async def _last_commit(self, committing: asyncio.Task[None]) -> None:
        """A ledger that hangs must not keep the process: what is not durable by then is polled anew."""
        _, late = await asyncio.wait({committing}, timeout=LAST_COMMIT)
        for task in late:
            task.cancel()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ShardLedger]:
        async with self._until_stopped():
            ledger = await self._parts.ledger.open(self.shard)
        try:
            yield ledger
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE):
                    await ledger.close()

    async def _load(self, running: Running, commits: Commits) -> None:
        turns = Turns(self._parts.clock.monotonic)
        for spec in list(running.specs.values()):
            state = running.state(spec.id)
            running.rows[spec.id] = row_of(spec, state)
            due = max(running.dues.get(spec.id, 0.0), state.cadence.due)
            if not self._hand_over(running, commits, spec, due):
                self._planning.plan(running, spec, state, 0.0 if kept_back_by_us(state.health) else due)
            await turns.take()

    def _hand_over(self, running: Running, commits: Commits, spec: FeedSpec, due: Instant) -> bool:
        """Whether the host of a feed belongs to another shard: then it goes there, and is polled here no more."""
        feed = spec.id
        home = elsewhere(running.state(feed).address(spec.url), self.shard, self._parts.shards)
        if home is None:
            commits.stay(feed)
            return False
        running.agenda.remove(feed)
        commits.move(Moved(spec, running.packed(feed, due), home), partial(self._forget, running, feed))
        return True

    async def _follow(self, ledger: ShardLedger, commits: Commits) -> None:
        turns = Turns(self._parts.clock.monotonic)
        async for changes in ledger.changes():
            running = self.running
            if running is None:
                continue
            for feed in changes.removed:
                commits.stay(feed)
                self._forget(running, feed)
            for feed, state in changes.states:
                running.states.setdefault(feed, state)
            for spec in changes.put:
                self._take(running, commits, spec)
                await turns.take()
            self.nudge()

    def _forget(self, running: Running, feed: FeedId) -> None:
        running.agenda.remove(feed)
        self._planning.forget(feed)
        for known in (running.specs, running.states, running.rows):
            known.pop(feed, None)

    def _take(self, running: Running, commits: Commits, spec: FeedSpec) -> None:
        """A feed that is new or different. A poll under way plans the next one when it ends."""
        old, running.specs[spec.id] = running.specs.get(spec.id), spec
        state = running.state(spec.id)
        running.rows[spec.id] = row_of(spec, state)
        if spec.id not in self.in_flight:
            due = self._planning.replanned(old, spec, state)
            if not self._hand_over(running, commits, spec, due):
                self._planning.plan(running, spec, state, due)

    async def _flush(self, commits: Commits) -> None:
        while True:
            await self._parts.clock.sleep_until(self._parts.clock.monotonic() + FLUSH)
            commits.flush()

    async def _poll_due(self, running: Running, commits: Commits) -> None:
        worker = Worker(self._parts, commits, settled=partial(self._keep, running, commits))
        async with asyncio.TaskGroup() as group:
            polls: set[asyncio.Task[None]] = set()
            while not self._stopping.is_set() and not self._done(running):
                self.heartbeat = self._parts.clock.now()
                started = self._due(running)
                for feed in started:
                    task = group.create_task(self._poll(worker, running, feed))
                    polls.add(task)
                    task.add_done_callback(polls.discard)
                # One round of the agenda holds one feed a host: what more may start is asked at once.
                at_once = bool(started) and self._up
                await self._sleep(0.0 if at_once else self._seconds(running))
            await self._drain(polls)

    def _done(self, running: Running) -> bool:
        return self._round is not None and not len(running.agenda) and not self.in_flight

    def _keep(self, running: Running, commits: Commits, spec: FeedSpec, outcome: Outcome) -> None:
        now = running.specs.get(spec.id)
        if now is not None:
            running.keep(now, outcome.state)
            due = self._planning.next_due(spec, now, outcome.state)
            if not self._hand_over(running, commits, now, due):
                self._planning.plan_next(running, now, outcome.state, due)
            self._planning.hurry(running, outcome)
        self._parts.settled(spec, outcome)

    def _due(self, running: Running) -> list[FeedId]:
        fetch, up = self._parts.in_force.fetch, self._up
        if up and self._dark:
            self._planning.ask_soon(running, lambda health: health.kind in NETWORK_KINDS, self.in_flight)
        self._dark = not up
        if (bounds := self._guarded()) != self._bounds:
            self._bounds = bounds
            self._planning.ask_soon(running, kept_back_by_us, self.in_flight)
        room = fetch.concurrency - len(self.in_flight)
        if fetch.paused or room <= 0:
            return []
        return running.agenda.pop_ready(self._parts.clock.now(), self._can_start, limit=room if up else 1)

    def _guarded(self) -> tuple[FetchSettings, HostSettings]:
        """What decides whom we may ask at all."""
        return self._parts.in_force.fetch, self._parts.pacer.book.settings

    def _can_start(self, host: HostKey) -> bool:
        """A round does not wait until a host lets us come back: it is told so, and ends."""
        return self._parts.pacer.free(host) or (self._round is not None and self._parts.pacer.shut(host))

    async def _poll(self, worker: Worker, running: Running, feed: FeedId) -> None:
        spec = self._planning.in_force(running, feed)
        if spec is None or feed in self.in_flight:
            return
        self.in_flight.add(feed)
        self._planning.attempt(feed)
        try:
            await worker.poll(spec, running.states.get(feed))
        finally:
            self.in_flight.discard(feed)
            self._wake.set()

    def _seconds(self, running: Running) -> float:
        """How long the scheduler may sleep: until the next due time; short while due polls wait for their host."""
        if not self._up:
            gap = SLOWDOWN * 300.0 / max(1, len(running.specs))
            return min(max(gap, DARK_GAP[0]), DARK_GAP[1])
        due = running.agenda.next_due()
        if due is None or self._parts.in_force.fetch.paused:
            return IDLE
        return min(max(due - self._parts.clock.now(), 0.05), IDLE)

    async def _sleep(self, seconds: float) -> None:
        self._wake.clear()
        if self._stopping.is_set() or not seconds:
            await asyncio.sleep(0)
            return
        # While the uplink is down the end of a poll is no reason to start the next one.
        await self._pause(seconds, self._wake if self._up else self._stopping)

    async def _pause(self, seconds: float, event: asyncio.Event | None = None) -> None:
        # Not `wait_for`: until Python 3.12 it swallows a cancellation that comes together with the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await (event or self._stopping).wait()

    async def _drain(self, polls: set[asyncio.Task[None]]) -> None:
        if polls:
            _, late = await asyncio.wait(polls, timeout=self._drain_for)
            for task in late:
                task.cancel()


def _leaf(error: BaseException) -> BaseException:
    """The first exception in a group that is none itself."""
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
