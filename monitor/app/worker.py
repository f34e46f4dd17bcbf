"""One poll, from due to durable: awaits, no rules.

fetch ─► read (in a killable process) ─► process (pure, in slices) ─► settle (returns when durable) ─► notes
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace

from monitor.app.commits import Commits
from monitor.app.parts import Parts
from monitor.errors import LedgerError
from monitor.fetch.request import request_for
from monitor.model.article import ReadTask
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import HostKey
from monitor.model.notes import Note, PollCrashed, UplinkChanged
from monitor.model.poll import Failed, Fetched, Throttled, Verdict
from monitor.model.state import FeedState
from monitor.pipeline import Moment, Polled, hints_of, processing, remembered_failure
from monitor.schedule.placement import host_key
from monitor.state.codec import encode_state
from monitor.state.transition import worth_writing


class Worker:
    """Polls feeds of one open shard."""

    def __init__(self, parts: Parts, commits: Commits, *, settled: Callable[[FeedSpec, Outcome], None]) -> None:
        self._parts, self._commits, self._settled = parts, commits, settled

    async def poll(self, feed: FeedSpec, state: FeedState) -> Outcome:
        """The outcome, durable. A fault of ours costs this poll only; LedgerError costs the shard."""
        try:
            outcome = await self._decide(feed, state)
        except Exception as error:  # noqa: BLE001  a mistake of ours in one poll must not end the process
            outcome = await self._crashed(feed, state, error)
        await self._settle(feed, state, outcome)
        for note in outcome.notes:
            self._parts.observe(note)
        return outcome

    async def _decide(self, feed: FeedSpec, state: FeedState) -> Outcome:
        in_force, point = self._parts.in_force, self._parts.point
        point("poll.begin")
        request = request_for(feed, state, in_force.credentials.get(feed.id), in_force.fetch)
        verdict = self._tell(feed, await self._parts.fetcher.fetch(request))
        point("poll.fetched")
        result = await self._read(feed, state, verdict)
        point("poll.read")
        return await self._process(feed, result, state)

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

    async def _settle(self, feed: FeedSpec, state: FeedState, outcome: Outcome) -> None:
        self._parts.point("poll.processed")
        data = encode_state(outcome.state) if worth_writing(state, outcome.state) else None
        await self._commits.settle(feed.id, outcome, data)
        self._settled(feed, outcome)
        self._parts.point("poll.settled")

    async def _crashed(self, feed: FeedSpec, state: FeedState, error: Exception) -> Outcome:
        if isinstance(error, LedgerError):
            raise error
        self._observe(PollCrashed(feed.id, type(error).__name__, traceback.format_exc()))
        return await self._process(feed, Failed("internal", type(error).__name__, "a fault of this program"), state)

    def _tell(self, feed: FeedSpec, verdict: Verdict) -> Verdict:
        """Lets host budgets and the uplink breaker learn from a verdict."""
        host, now = host_key(feed.url), self._parts.clock.monotonic()
        verdict = self._throttled_together(feed, host, verdict, now)
        wait = verdict.retry_after if isinstance(verdict, Throttled) else None
        self._parts.pacer.book.told(host, feed.id, verdict.kind, wait, now, scope=feed.overrides.retry_after_scope)
        breaker = self._parts.breaker
        if breaker.told(host, verdict.kind, verdict.reason, now):
            self._observe(UplinkChanged(breaker.up, breaker.failing, breaker.polls))
        return verdict

    def _throttled_together(self, feed: FeedSpec, host: HostKey, verdict: Verdict, now: float) -> Verdict:
        """Three feeds of one host turning 403 together are one host that throttles, not three broken feeds."""
        if not isinstance(verdict, Failed) or verdict.response.status != 403:
            return verdict
        if not self._parts.pacer.book.refused(host, feed.id, now):
            return verdict
        return Throttled(verdict.response, None, reason="host_throttled")

    def _observe(self, note: Note) -> None:
        self._parts.observe(note)


def rested(state: FeedState) -> FeedState:
    """The state without its items, for pictures of the service: a memory of thousands of feeds must stay small."""
    return replace(state, items=())
