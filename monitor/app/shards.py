"""A running shard: opened, polled, and after any fault of its ledger opened again.

What was committed comes back from the ledger, the rest is polled anew. The times of attempts outlive a reopening, and
while the ledger fails no fetch starts: a full disk must not hammer webmasters.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial

from monitor.app.commits import Commits
from monitor.app.lane import Turns
from monitor.app.parts import Parts
from monitor.app.running import Round, Running, kept_back_by_us, row_of
from monitor.app.worker import Worker
from monitor.errors import LedgerError
from monitor.fetch.settings import FetchSettings
from monitor.model.event import AlertEvent, Batch, Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, HostKey, ShardId
from monitor.model.notes import LedgerFailed
from monitor.model.snapshot import FeedRow
from monitor.model.state import FeedState, Health
from monitor.model.units import Instant
from monitor.ports import ShardLedger
from monitor.schedule.agenda import Agenda
from monitor.schedule.breaker import NETWORK_KINDS, SLOWDOWN
from monitor.schedule.cadence import CLASS_BOUNDS, class_bounds, first_due
from monitor.schedule.placement import host_key
from monitor.schedule.settings import HostSettings

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before a shard is opened again after its ledger failed; doubled up to the longest."""
DRAIN, LAST_COMMIT, CLOSE = 10.0, 4.0, 2.0
"""Seconds running polls are given when the service stops, then what they led to, then the ledger for closing."""
FLUSH = 60.0
"""Seconds between two writings of due times that nothing else changed."""
IDLE = 5.0
"""Seconds the scheduler sleeps at most: its heartbeat."""
BURST = 1800.0
"""Seconds an alert keeps the feeds that its watch names in class `burst`."""
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
        self._attempts: dict[FeedId, Instant] = {}
        self._bursts: dict[FeedId, Instant] = {}
        """Feeds that an alert has put into class `burst`, each until when."""
        self._dark = False
        self._bounds = self._guarded()
        self._stopping, self._wake = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Until `stop`, or until the round is done; a fault of the ledger only opens the shard again.

        A round does not go on after one: raises LedgerError.
        """
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            opened, failed = self._parts.clock.monotonic(), list[BaseException]()
            try:
                await self._live()
            except* LedgerError as errors:
                self.running = None
                failed.append(_leaf(errors))
            if self._round is not None:
                if failed:
                    raise failed[0]
                return
            if failed:
                wait = FIRST_WAIT if self._parts.clock.monotonic() - opened > LONGEST_WAIT else wait
                await self._wait_out(failed[0], wait)
                wait = min(wait * 2, LONGEST_WAIT)

    async def _wait_out(self, error: BaseException, seconds: float) -> None:
        self.error = str(error)
        self._parts.observe(LedgerFailed(self.error, seconds))
        await self._pause(seconds)

    def stop(self) -> None:
        """No new polls; `run` returns when the running ones are durable, or after `DRAIN`."""
        self._stopping.set()
        self._wake.set()

    @property
    def _up(self) -> bool:
        """Whether polls go at their rate. A round never crawls: somebody waits for its end."""
        return self._parts.breaker.up or self._round is not None

    def nudge(self) -> None:
        """Something outside changed: look at the agenda now."""
        self._wake.set()

    async def _live(self) -> None:
        async with self._opened() as ledger, asyncio.TaskGroup() as group:
            commits = Commits(self.shard, ledger, self._parts.clock, self._parts.observe)
            committing = group.create_task(commits.run())
            if self.error:
                # After a fault no feed is asked before the ledger has shown that it takes batches again.
                await ledger.commit(Batch(self.shard))
            running = await self._load(ledger)
            beside = [group.create_task(self._follow(ledger)), group.create_task(self._flush(commits))]
            self.running, self.error = running, ""
            await self._poll_due(running, commits)
            for task in beside:
                task.cancel()
            commits.close()
            await self._last_commit(committing)

    async def _last_commit(self, committing: asyncio.Task[None]) -> None:
        """A ledger that hangs must not keep the process: what is not durable by then is polled anew."""
        _, late = await asyncio.wait({committing}, timeout=LAST_COMMIT)
        for task in late:
            task.cancel()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ShardLedger]:
        ledger = await self._parts.ledger.open(self.shard)
        try:
            yield ledger
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(ledger.close(), CLOSE)

    async def _load(self, ledger: ShardLedger) -> Running:
        running = Running(dict(ledger.specs), dict(ledger.states), {}, Agenda())
        turns = Turns(self._parts.clock.monotonic)
        for spec in list(running.specs.values()):
            state = running.state(spec.id)
            running.rows[spec.id] = row_of(spec, state)
            kept_back = kept_back_by_us(state.health)
            self._plan(
                running, spec, state, 0.0 if kept_back else max(ledger.dues.get(spec.id, 0.0), state.cadence.due)
            )
            await turns.take()
        return running

    def _plan(self, running: Running, spec: FeedSpec, state: FeedState, planned: Instant) -> None:
        """Puts a feed into the agenda: as planned before, never sooner after an attempt than its class allows."""
        if spec.paused:
            running.agenda.remove(spec.id)
            return
        now, host = self._parts.clock.now(), host_key(state.address(spec.url))
        if self._round is not None:
            if self._round.due(spec.id, planned or None, now):
                running.agenda.put(spec.id, host, 0.0)
            return
        bounds = class_bounds(spec, self._parts.in_force.rules.schedule)
        at = first_due(spec.id, now, bounds.min, len(running.specs), planned or None)
        if (tried := self._attempts.get(spec.id)) is not None:
            at = max(at, tried + bounds.min)
        running.agenda.put(spec.id, host, at)

    async def _follow(self, ledger: ShardLedger) -> None:
        turns = Turns(self._parts.clock.monotonic)
        async for changes in ledger.changes():
            running = self.running
            if running is None:
                continue
            for feed in changes.removed:
                self._forget(running, feed)
            for spec in changes.put:
                self._take(running, spec)
                await turns.take()
            self.nudge()

    def _forget(self, running: Running, feed: FeedId) -> None:
        running.agenda.remove(feed)
        for known in (running.specs, running.states, running.rows, self._attempts):
            known.pop(feed, None)

    def _take(self, running: Running, spec: FeedSpec) -> None:
        """A feed that is new or different. A poll under way plans the next one when it ends."""
        old, running.specs[spec.id] = running.specs.get(spec.id), spec
        state = running.state(spec.id)
        running.rows[spec.id] = row_of(spec, state)
        if spec.id not in self.in_flight:
            self._plan(running, spec, state, self._replanned(old, spec, state))

    def _replanned(self, old: FeedSpec | None, spec: FeedSpec, state: FeedState) -> Instant:
        """The due time of a feed whose specification has changed: another address owes nothing to what the last one
        did, and bounds that are narrower now hold from the last poll on, unless somebody wants us to stay away."""
        if old is not None and old.url != spec.url:
            self._attempts.pop(spec.id, None)
            return 0.0
        health, due = state.health, state.cadence.due
        if health.kind not in ("ok", "not_modified", "redirected") or health.last_poll is None:
            return due
        return min(due, health.last_poll + class_bounds(spec, self._parts.in_force.rules.schedule).max)

    async def _flush(self, commits: Commits) -> None:
        while True:
            await self._parts.clock.sleep_until(self._parts.clock.monotonic() + FLUSH)
            commits.flush()

    async def _poll_due(self, running: Running, commits: Commits) -> None:
        worker = Worker(self._parts, commits, settled=partial(self._keep, running))
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

    def _keep(self, running: Running, spec: FeedSpec, outcome: Outcome) -> None:
        now = running.specs.get(spec.id)
        if now is not None:
            running.keep(now, outcome.state)
            if self._round is None and not now.paused:
                due = outcome.state.cadence.due if now == spec else self._replanned(spec, now, outcome.state)
                running.agenda.put(now.id, host_key(outcome.state.address(now.url)), due)
            self._hurry(running, outcome)
        self._parts.settled(spec, outcome)

    def _hurry(self, running: Running, outcome: Outcome) -> None:
        """An alert puts the feeds its watch names into class `burst` for a while; host budgets stay in force."""
        now = self._parts.clock.now()
        alerts = (event for event in outcome.events if isinstance(event, AlertEvent))
        for feed in {feed for alert in alerts for feed in alert.match.watch.burst if feed in running.specs}:
            self._bursts[feed] = now + BURST
            if (due := running.agenda.due(feed)) is not None:
                last = running.rows[feed].health.last_poll or 0.0
                soon = max(now, last + CLASS_BOUNDS["burst"].min)
                running.agenda.put(feed, host_key(running.state(feed).address(running.specs[feed].url)), min(due, soon))

    def _in_force(self, running: Running, feed: FeedId) -> FeedSpec | None:
        """The specification a poll goes by."""
        spec = running.specs.get(feed)
        if spec is None or self._parts.clock.now() >= self._bursts.get(feed, 0.0):
            return spec
        return replace(spec, cls="burst", interval=None)

    def _due(self, running: Running) -> list[FeedId]:
        fetch, up = self._parts.in_force.fetch, self._up
        if up and self._dark:
            self._ask_soon(running, lambda health: health.kind in NETWORK_KINDS)
        self._dark = not up
        if (bounds := self._guarded()) != self._bounds:
            self._bounds = bounds
            self._ask_soon(running, kept_back_by_us)
        room = fetch.concurrency - len(self.in_flight)
        if fetch.paused or room <= 0:
            return []
        return running.agenda.pop_ready(self._parts.clock.now(), self._can_start, limit=room if up else 1)

    def _guarded(self) -> tuple[FetchSettings, HostSettings]:
        """What decides whom we may ask at all."""
        return self._parts.in_force.fetch, self._parts.pacer.book.settings

    def _ask_soon(self, running: Running, wanted: Callable[[Health], bool]) -> None:
        """The uplink is back, or the rules of what may be asked are others: what failed only for their sake is asked
        soon, spread like at a start."""
        for feed, row in running.rows.items():
            if wanted(row.health) and feed not in self.in_flight and feed in running.agenda:
                at = first_due(feed, self._parts.clock.now(), 300.0, len(running.specs), None)
                running.agenda.put(feed, host_key(running.state(feed).address(row.spec.url)), at)

    def _can_start(self, host: HostKey) -> bool:
        """A round does not wait until a host lets us come back: it is told so, and ends."""
        return self._parts.pacer.free(host) or (self._round is not None and self._parts.pacer.shut(host))

    async def _poll(self, worker: Worker, running: Running, feed: FeedId) -> None:
        spec = self._in_force(running, feed)
        if spec is None or feed in self.in_flight:
            return
        self.in_flight.add(feed)
        self._attempts[feed] = self._parts.clock.now()
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
            _, late = await asyncio.wait(polls, timeout=DRAIN)
            for task in late:
                task.cancel()


def _leaf(error: BaseException) -> BaseException:
    """The first exception in a group that is none itself."""
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


Factory = Callable[[ShardId], Shard]


class Shards:
    """The shards of this process: keep, start and stop by the newest assignment."""

    def __init__(self, make: Factory, *, ends: bool = False) -> None:
        """`ends`: the shards run one round each, and with the last of them all is done."""
        self._make, self._ends = make, ends
        self._tasks: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self.shards: dict[ShardId, Shard] = {}

    async def run(self, assignments: AsyncIterator[frozenset[ShardId]]) -> None:
        """Follows assignments until `stop`; a shard that stays never pauses."""
        async with asyncio.TaskGroup() as group:
            self._following = group.create_task(self._follow(assignments, group))

    def stop(self) -> None:
        """Stops every shard; `run` returns when all have drained."""
        if self._following is not None:
            self._following.cancel()
        for shard in self.shards.values():
            shard.stop()

    def rows(self) -> Mapping[FeedId, FeedRow]:
        """The pictures of all feeds of all open shards."""
        return {
            feed: row for shard in self.shards.values() if shard.running for feed, row in shard.running.rows.items()
        }

    async def _follow(self, assignments: AsyncIterator[frozenset[ShardId]], group: asyncio.TaskGroup) -> None:
        async for wanted in assignments:
            for shard in self.shards.keys() - wanted:
                self.shards.pop(shard).stop()
            for shard in wanted - self.shards.keys():
                self.shards[shard] = self._make(shard)
                task = group.create_task(self.shards[shard].run())
                self._tasks.add(task)
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._ends and not self._tasks and self._following is not None:
            self._following.cancel()
