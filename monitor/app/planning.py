"""When each feed of a shard is polled next: what was planned, what was tried, and who is in a hurry."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from monitor.app.parts import Parts
from monitor.app.running import Round, Running
from monitor.model.event import AlertEvent, Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.state import FeedState, Health
from monitor.model.units import Instant
from monitor.schedule.cadence import CLASS_BOUNDS, class_bounds, first_due
from monitor.schedule.placement import host_key

BURST = 1800.0
"""Seconds an alert keeps the feeds that its watch names in class `burst`."""
SOON = 300.0
"""Seconds over which feeds are spread that may be asked again all at once."""


class Planning:
    """Puts feeds into the agenda of a shard. Attempts outlive its reopening: nobody is asked twice for our faults."""

    def __init__(self, parts: Parts, round_: Round | None) -> None:
        self._parts, self._round = parts, round_
        self.attempts: dict[FeedId, Instant] = {}
        """When each feed was last asked."""
        self._spread: dict[FeedId, Instant] = {}
        """Until when each feed that was overdue, or new, has been put off so that not all are asked at once."""
        self._bursts: dict[FeedId, Instant] = {}
        """Feeds that an alert has put into class `burst`, each until when."""

    def plan(self, running: Running, spec: FeedSpec, state: FeedState, planned: Instant) -> None:
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
        if planned <= now:
            # Once: who is put off anew whenever the shard is opened again may never be asked.
            at = min(at, self._spread.setdefault(spec.id, at))
        if (tried := self.attempts.get(spec.id)) is not None:
            at = max(at, tried + bounds.min)
        running.agenda.put(spec.id, host, at)

    def plan_next(self, running: Running, spec: FeedSpec, state: FeedState, due: Instant) -> None:
        """Puts a feed that was polled into the agenda again; a round polls each once."""
        if self._round is None and not spec.paused:
            running.agenda.put(spec.id, host_key(state.address(spec.url)), due)

    def next_due(self, polled: FeedSpec, spec: FeedSpec, state: FeedState) -> Instant:
        """The due time of a feed that was polled as `polled` and is `spec` now."""
        return state.cadence.due if spec == polled else self.replanned(polled, spec, state)

    def replanned(self, old: FeedSpec | None, spec: FeedSpec, state: FeedState) -> Instant:
        """The due time of a feed whose specification has changed: another address owes nothing to what the last one
        did, and bounds that are narrower now hold from the last poll on, unless somebody wants us to stay away."""
        if old is not None and old.url != spec.url:
            self.forget(spec.id)
            return 0.0
        health, due = state.health, state.cadence.due
        if health.kind not in ("ok", "not_modified", "redirected") or health.last_poll is None:
            return due
        return min(due, health.last_poll + class_bounds(spec, self._parts.in_force.rules.schedule).max)

    def attempt(self, feed: FeedId) -> None:
        """It is asked now."""
        self.attempts[feed] = self._parts.clock.now()
        self._spread.pop(feed, None)

    def forget(self, feed: FeedId) -> None:
        """Whenever it was asked, that does not count any more."""
        self.attempts.pop(feed, None)
        self._spread.pop(feed, None)

    def hurry(self, running: Running, outcome: Outcome) -> None:
        """An alert puts the feeds its watch names into class `burst` for a while; host budgets stay in force."""
        now = self._parts.clock.now()
        alerts = (event for event in outcome.events if isinstance(event, AlertEvent))
        for feed in {feed for alert in alerts for feed in alert.match.watch.burst if feed in running.specs}:
            self._bursts[feed] = now + BURST
            if (due := running.agenda.due(feed)) is not None and (host := running.agenda.host(feed)) is not None:
                last = running.rows[feed].health.last_poll or 0.0
                soon = max(now, last + CLASS_BOUNDS["burst"].min)
                running.agenda.put(feed, host, min(due, soon))

    def in_force(self, running: Running, feed: FeedId) -> FeedSpec | None:
        """The specification a poll goes by."""
        spec = running.specs.get(feed)
        if spec is None or self._parts.clock.now() >= self._bursts.get(feed, 0.0):
            return spec
        return replace(spec, cls="burst", interval=None)

    def ask_soon(self, running: Running, wanted: Callable[[Health], bool], in_flight: Collection[FeedId]) -> None:
        """The uplink is back, or the rules of what may be asked are others: what failed only for their sake is asked
        soon, spread like at a start. Nothing is awaited here, so no state is unpacked: thousands would take seconds."""
        for feed, row in running.rows.items():
            host = running.agenda.host(feed)
            if wanted(row.health) and feed not in in_flight and host is not None:
                at = first_due(feed, self._parts.clock.now(), SOON, len(running.specs), None)
                running.agenda.put(feed, host, at)
