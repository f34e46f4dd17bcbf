"""A running shard: opened, polled, and after any fault of its ledger opened again.

What was committed comes back from the ledger, the rest is polled anew. The times of attempts outlive a reopening, and
while the ledger fails no fetch starts: a full disk must not hammer webmasters.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from monitor.app.commits import Commits
from monitor.app.parts import Parts
from monitor.app.worker import Worker
from monitor.errors import LedgerError
from monitor.model.event import Outcome
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId, HostKey, ShardId
from monitor.model.notes import LedgerFailed
from monitor.model.snapshot import FeedRow
from monitor.model.state import FeedState
from monitor.model.units import Instant
from monitor.ports import ShardLedger
from monitor.schedule.agenda import Agenda
from monitor.schedule.breaker import NETWORK_KINDS, SLOWDOWN
from monitor.schedule.cadence import class_bounds, first_due
from monitor.schedule.placement import host_key
from monitor.state.codec import decode_state, encode_state

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before a shard is opened again after its ledger failed; doubled up to the longest."""
DRAIN = 10.0
"""Seconds running polls are given when the service stops."""
FLUSH = 60.0
"""Seconds between two writings of due times that nothing else changed."""
IDLE = 5.0
"""Seconds the scheduler sleeps at most: its heartbeat."""
DARK_GAP = 1.0, 30.0
"""Bounds of the seconds between two polls while the uplink is down."""


@dataclass(slots=True)
class Running:
    """What is in memory of an open shard: specifications, states as bytes, and a light picture of each feed."""

    specs: dict[FeedId, FeedSpec]
    states: dict[FeedId, bytes]
    rows: dict[FeedId, FeedRow]
    agenda: Agenda

    def state(self, feed: FeedId) -> FeedState:
        """The state of a feed as of its last durable poll; a fresh one if it was never polled."""
        data = self.states.get(feed)
        return decode_state(data) if data is not None else FeedState(feed)

    def keep(self, spec: FeedSpec, state: FeedState, *, again: bool) -> None:
        """Replaces the state of a feed in memory, for its outcome is durable; `again` plans its next poll."""
        if spec.id not in self.specs:
            return
        self.states[spec.id] = encode_state(state)
        self.rows[spec.id] = row_of(self.specs[spec.id], state)
        if again and not self.specs[spec.id].paused:
            self.agenda.put(spec.id, host_key(self.specs[spec.id].url), state.cadence.due)


@dataclass(frozen=True, slots=True)
class Round:
    """An agenda that ends: only these feeds, due or not; without `feeds` all, and without `all` those that are due."""

    feeds: frozenset[FeedId] = frozenset()
    all: bool = False

    def due(self, feed: FeedId, planned: Instant | None, now: Instant) -> bool:
        """Whether this feed is polled in the round."""
        if self.feeds:
            return feed in self.feeds
        return self.all or planned is None or planned <= now


class Shard:
    """One shard of feeds, from start to stop; with a `Round`, until that is done."""

    def __init__(self, shard: ShardId, parts: Parts, round_: Round | None = None) -> None:
        self.shard, self._parts, self._round = shard, parts, round_
        self.running: Running | None = None
        self.heartbeat: Instant = 0.0
        self.in_flight: set[FeedId] = set()
        self.error = ""
        self._attempts: dict[FeedId, Instant] = {}
        self._dark = False
        self._stopping, self._wake = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Until `stop`, or until the round is done; a fault of the ledger only opens the shard again."""
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            opened = self._parts.clock.monotonic()
            try:
                await self._live()
                if self._round is not None:
                    return
            except* LedgerError as errors:
                self.running = None
                self.error = str(_leaf(errors))
                wait = FIRST_WAIT if self._parts.clock.monotonic() - opened > LONGEST_WAIT else wait
                self._parts.observe(LedgerFailed(self.error, wait))
                await self._pause(wait)
                wait = min(wait * 2, LONGEST_WAIT)

    def stop(self) -> None:
        """No new polls; `run` returns when the running ones are durable, or after `DRAIN`."""
        self._stopping.set()
        self._wake.set()

    def nudge(self) -> None:
        """Something outside changed: look at the agenda now."""
        self._wake.set()

    async def _live(self) -> None:
        async with self._opened() as ledger, asyncio.TaskGroup() as group:
            commits = Commits(self.shard, ledger, self._parts.clock, self._parts.observe)
            committing = group.create_task(commits.run())
            following = group.create_task(self._follow(ledger))
            flushing = group.create_task(self._flush(commits))
            self.running, self.error = self._load(ledger), ""
            await self._poll_due(commits)
            following.cancel()
            flushing.cancel()
            commits.close()
            await committing

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ShardLedger]:
        ledger = await self._parts.ledger.open(self.shard)
        try:
            yield ledger
        finally:
            await ledger.close()

    def _load(self, ledger: ShardLedger) -> Running:
        running = Running(dict(ledger.specs), dict(ledger.states), {}, Agenda())
        for spec in running.specs.values():
            state = running.state(spec.id)
            running.rows[spec.id] = row_of(spec, state)
            self._plan(running, spec, ledger.dues.get(spec.id), state)
        return running

    def _plan(self, running: Running, spec: FeedSpec, due: Instant | None, state: FeedState | None) -> None:
        """Puts a feed into the agenda: as planned before, never sooner after an attempt than its class allows."""
        if spec.paused:
            running.agenda.remove(spec.id)
            return
        bounds = class_bounds(spec, self._parts.in_force.rules.schedule)
        planned = max(due or 0.0, state.cadence.due if state else 0.0) or None
        if self._round is not None:
            if self._round.due(spec.id, planned, self._parts.clock.now()):
                running.agenda.put(spec.id, host_key(spec.url), 0.0)
            return
        at = first_due(spec.id, self._parts.clock.now(), bounds.min, len(running.specs), planned)
        if (tried := self._attempts.get(spec.id)) is not None:
            at = max(at, tried + bounds.min)
        running.agenda.put(spec.id, host_key(spec.url), at)

    async def _follow(self, ledger: ShardLedger) -> None:
        async for changes in ledger.changes():
            if self.running is not None:
                self._change(self.running, changes)
                self.nudge()

    def _change(self, running: Running, changes: FeedChanges) -> None:
        for feed in changes.removed:
            running.agenda.remove(feed)
            running.specs.pop(feed, None)
            running.states.pop(feed, None)
            running.rows.pop(feed, None)
        for spec in changes.put:
            old, running.specs[spec.id] = running.specs.get(spec.id), spec
            state = running.state(spec.id)
            running.rows[spec.id] = row_of(spec, state)
            if spec.id not in self.in_flight:
                due = None if old is None or old.url != spec.url else running.agenda.due(spec.id)
                self._plan(running, spec, due, state)

    async def _flush(self, commits: Commits) -> None:
        while True:
            await self._parts.clock.sleep_until(self._parts.clock.monotonic() + FLUSH)
            await commits.flush_dues()

    async def _poll_due(self, commits: Commits) -> None:
        running = self.running
        assert running is not None
        worker = Worker(self._parts, commits, settled=self._keep)
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
                await self._sleep(0.0 if started else self._seconds(running))
            await self._drain(polls)

    def _done(self, running: Running) -> bool:
        return self._round is not None and not len(running.agenda) and not self.in_flight

    def _keep(self, spec: FeedSpec, outcome: Outcome) -> None:
        if self.running is not None:
            self.running.keep(spec, outcome.state, again=self._round is None)
        self._parts.settled(spec, outcome)

    def _due(self, running: Running) -> list[FeedId]:
        fetch, up = self._parts.in_force.fetch, self._parts.breaker.up
        if up and self._dark:
            self._catch_up(running)
        self._dark = not up
        room = fetch.concurrency - len(self.in_flight)
        if fetch.paused or room <= 0:
            return []
        return running.agenda.pop_ready(self._parts.clock.now(), self._can_start, limit=room if up else 1)

    def _catch_up(self, running: Running) -> None:
        """The uplink is back: what failed only for its sake is asked soon, spread like at a start."""
        for feed, row in running.rows.items():
            if row.health.kind in NETWORK_KINDS and feed not in self.in_flight and feed in running.agenda:
                at = first_due(feed, self._parts.clock.now(), 300.0, len(running.specs), None)
                running.agenda.put(feed, host_key(row.spec.url), at)

    def _can_start(self, host: HostKey) -> bool:
        return self._parts.pacer.free(host)

    async def _poll(self, worker: Worker, running: Running, feed: FeedId) -> None:
        spec = running.specs.get(feed)
        if spec is None or feed in self.in_flight:
            return
        self.in_flight.add(feed)
        self._attempts[feed] = self._parts.clock.now()
        try:
            await worker.poll(spec, running.state(feed))
        finally:
            self.in_flight.discard(feed)
            self._wake.set()

    def _seconds(self, running: Running) -> float:
        """How long the scheduler may sleep: until the next due time; short while due polls wait for their host."""
        if not self._parts.breaker.up:
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
        await self._pause(seconds, self._wake if self._parts.breaker.up else self._stopping)

    async def _pause(self, seconds: float, event: asyncio.Event | None = None) -> None:
        try:
            await asyncio.wait_for((event or self._stopping).wait(), seconds)
        except TimeoutError:
            return

    async def _drain(self, polls: set[asyncio.Task[None]]) -> None:
        if polls:
            _, late = await asyncio.wait(polls, timeout=DRAIN)
            for task in late:
                task.cancel()


def _leaf(error: BaseException) -> BaseException:
    """The first exception in a group that is none itself."""
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def row_of(spec: FeedSpec, state: FeedState) -> FeedRow:
    """The light picture of a feed."""
    return FeedRow(spec, state.health, state.cadence, state.totals, state.title, len(state.items))


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
