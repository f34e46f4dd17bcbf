"""One poll, from due to durable: awaits, no rules.

fetch ─► read (in a killable process) ─► process (pure, in slices) ─► settle (returns when durable) ─► notes
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from typing import Protocol

from monitor.app.commits import Position
from monitor.app.pacing import HostShut
from monitor.app.parts import Parts
from monitor.errors import LedgerError, StorageFailed
from monitor.fetch.request import request_for
from monitor.model.article import Reading, ReadTask
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, HostKey
from monitor.model.notes import Note, PollCrashed, UplinkChanged
from monitor.model.poll import Failed, Fetched, Response, Throttled, Verdict
from monitor.model.state import FeedState
from monitor.pipeline import Moment, Polled, hints_of, process, processing, remembered_failure, taking_up
from monitor.ports import Spooled
from monitor.schedule.placement import host_key
from monitor.state.codec import decode_state, encode_state
from monitor.state.transition import worth_writing

UNASKED = frozenset({"blocked_url", "blocked_address", "rate_limited"})
"""Without a status these are verdicts of our own: nobody was asked, so they say nothing about the network."""
Settled = tuple[Outcome, bytes | None]
"""An outcome with the state to write, if it is worth writing."""


class Target(Protocol):
    """Where outcomes go: into the ledger (`Commits`), or while that is away into the spool (`Outage`)."""

    async def settle(
        self, feed: FeedId, outcome: Outcome, state: bytes | None, position: Position | None = None, /
    ) -> None:
        """Returns when the outcome is kept."""


class Worker:
    """Polls feeds of one shard."""

    def __init__(self, parts: Parts, target: Target, *, settled: Callable[[FeedSpec, Outcome], None]) -> None:
        self._parts, self._target, self._settled = parts, target, settled

    async def poll(self, feed: FeedSpec, stored: bytes | None) -> None:
        """One poll of a feed whose state is stored so, until its outcome is durable.

        A fault of ours costs this poll only; LedgerError and StorageFailed cost more.
        """
        await self._settle(feed, stored, self._decide(feed, stored))

    async def take_up(
        self, feed: FeedSpec, stored: bytes | None, row: Spooled, position: Position | None = None
    ) -> None:
        """A poll that was read before and waited, until its outcome is durable: judged by the state and the rules of
        today, at the moment at which it was read, so that cadence and first sight are what they were."""
        await self._settle(feed, stored, self._judge(feed, stored, row), position)

    async def _settle(
        self, feed: FeedSpec, stored: bytes | None, deciding: Awaitable[Settled], position: Position | None = None
    ) -> None:
        try:
            outcome, data = await deciding
        except Exception as error:  # noqa: BLE001  a mistake of ours in one poll must not end the process
            outcome, data = self._crashed(feed, stored, error)
        self._parts.point("poll.processed")
        await self._target.settle(feed.id, outcome, data, position)
        self._settled(feed, outcome)
        self._parts.point("poll.settled")
        for note in outcome.notes:
            self._observe(note)

    async def _decide(self, feed: FeedSpec, stored: bytes | None) -> Settled:
        point, state = self._parts.point, state_of(feed.id, stored)
        point("poll.begin")
        verdict = await self._fetch(feed, state)
        point("poll.fetched")
        result = await self._read(feed, state, verdict)
        self._tell_breaker(feed, result)
        point("poll.read")
        outcome = await self._process(feed, result, state)
        return outcome, encode_state(outcome.state) if worth_writing(state, outcome.state) else None

    async def _judge(self, feed: FeedSpec, stored: bytes | None, row: Spooled) -> Settled:
        state, moment = state_of(feed.id, stored), Moment(row.at, self._parts.clock.jitter())
        steps = taking_up(feed, row.reading, state, self._parts.in_force.rules, moment)
        outcome = await self._parts.lane.run(steps)
        return outcome, encode_state(outcome.state) if worth_writing(state, outcome.state) else None

    async def _fetch(self, feed: FeedSpec, state: FeedState) -> Verdict:
        in_force = self._parts.in_force
        request = request_for(feed, state, in_force.credentials.get(feed.id), in_force.fetch)
        try:
            return self._tell_host(feed, host_key(request.url), await self._parts.fetcher.fetch(request))
        except HostShut as shut:
            return shut.verdict(Response(url=request.url))

    async def _read(self, feed: FeedSpec, state: FeedState, verdict: Verdict) -> Polled:
        if not isinstance(verdict, Fetched):
            return verdict
        if (known := remembered_failure(state, verdict)) is not None:
            return known
        hints = hints_of(feed, state, verdict.body_hash, self._parts.clock.now())
        return await self._parts.workers.read(ReadTask(verdict, feed, hints))

    async def _process(self, feed: FeedSpec, result: Polled, state: FeedState) -> Outcome:
        clock, breaker = self._parts.clock, self._parts.breaker
        moment = Moment(clock.now(), clock.jitter(), uplink=breaker.up)
        return await self._parts.lane.run(processing(feed, result, state, self._parts.in_force.rules, moment))

    def _crashed(self, feed: FeedSpec, stored: bytes | None, error: Exception) -> Settled:
        """The outcome of a poll in which we made a mistake: nothing of it is kept but when to try again."""
        if isinstance(error, LedgerError | StorageFailed):
            raise error
        kind = type(error).__name__
        self._observe(PollCrashed(feed.id, kind, traceback.format_exc()))
        rules, clock = self._parts.in_force.rules, self._parts.clock
        moment = Moment(clock.now(), clock.jitter(), uplink=self._parts.breaker.up)
        failed = Failed("internal", kind, "a fault of this program")
        state = state_of(feed.id, stored)
        outcome = process(feed, failed, state, rules, moment)
        return outcome, encode_state(outcome.state) if worth_writing(state, outcome.state) else None

    def _tell_host(self, feed: FeedSpec, host: HostKey, verdict: Verdict) -> Verdict:
        """Lets the budget of the host learn from an answer."""
        now = self._parts.clock.monotonic()
        verdict = self._throttled_together(feed, host, verdict, now)
        wait = verdict.retry_after if isinstance(verdict, Throttled) else None
        self._parts.pacer.book.told(host, feed.id, verdict.kind, wait, now, scope=feed.overrides.retry_after_scope)
        return verdict

    def _tell_breaker(self, feed: FeedSpec, result: Polled) -> None:
        """Lets the uplink breaker learn: a portal answers 200 in everybody's place, and only its text betrays it."""
        outcome = (result.failed or result.verdict) if isinstance(result, Reading) else result
        if outcome.kind in UNASKED and not outcome.response.status:
            return
        breaker, now = self._parts.breaker, self._parts.clock.monotonic()
        if breaker.told(host_key(feed.url), outcome.kind, outcome.reason, now):
            self._observe(UplinkChanged(breaker.up, breaker.failing, breaker.polls))

    def _throttled_together(self, feed: FeedSpec, host: HostKey, verdict: Verdict, now: float) -> Verdict:
        """Three feeds of one host turning 403 together are one host that throttles, not three broken feeds."""
        if not isinstance(verdict, Failed) or verdict.response.status != 403:
            return verdict
        if not self._parts.pacer.book.refused(host, feed.id, now):
            return verdict
        return Throttled(verdict.response, None, reason="host_throttled")

    def _observe(self, note: Note) -> None:
        self._parts.observe(note)


def state_of(feed: FeedId, stored: bytes | None) -> FeedState:
    """The state those bytes hold; a fresh one where there are none, or none that can be read (a baseline is due)."""
    if stored is None:
        return FeedState(feed)
    try:
        return decode_state(stored)
    except ValueError:
        return FeedState(feed)
