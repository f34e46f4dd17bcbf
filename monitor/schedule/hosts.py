"""What a host can be asked for: budgets, spacing and back-off, as a state machine without a clock.

Times are monotonic seconds. The app's pacer asks `ready_at`, waits, calls `begin`, and `end` when the body is read;
the worker tells what came of a poll.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Literal

from monitor.model.ids import FeedId, HostKey
from monitor.schedule.placement import registrable_domain
from monitor.schedule.settings import HostRule, HostSettings

MAX_SPACING = 900.0
"""Seconds; a host that says 429 for ever is asked four times an hour."""
GOOD_POLLS = 10
"""Answers after which a doubled spacing is halved again."""
TOGETHER = 3
"""Feeds of one host that were refused within `TOGETHER_WITHIN` seconds: then the host means itself."""
TOGETHER_WITHIN = 600.0
MAX_RETRY_AFTER = 86400.0
SLOW_ANSWER = 5.0
"""Seconds; hosts that took longer share a lane of their own, so that they cannot take every place."""
SWEEP_AT = 10_000
FORGET_AFTER = 3600.0

Scope = Literal["feed", "host", "domain"]


@dataclass(slots=True)
class _Budget:
    """One host or one registrable domain."""

    in_flight: int = 0
    started: float = -inf
    took: float = 0.0
    spacing: float = 0.0
    """Seconds, while it is longer than the rule's; 0 = as the rule says."""
    good: int = 0
    blocked_until: float = -inf
    refusals: dict[FeedId, float] = field(default_factory=dict)

    def idle(self, now: float) -> bool:
        """Nothing is known of it that a fresh one would not say as well."""
        quiet = max(self.started, self.blocked_until) + FORGET_AFTER < now
        return quiet and not self.in_flight and not self.spacing


class HostBook:
    """Budgets of every host that is asked. No awaits, no clock; one per process."""

    def __init__(self, settings: HostSettings) -> None:
        self.settings = settings
        """May be replaced at any time; counts of running requests stay right."""
        self._hosts: dict[str, _Budget] = {}
        self._domains: dict[str, _Budget] = {}
        self._sweep_at = SWEEP_AT

    def denied(self, host: HostKey) -> bool:
        """The operator forbids this host, or a domain it lies in."""
        return any(host == name or host.endswith("." + name) for name in self.settings.deny)

    def ready_at(self, host: HostKey, now: float) -> float | None:
        """When the next request may start, at the earliest `now`; None while a running one has to end first.

        A denied host is ready at infinity.
        """
        if self.denied(host):
            return inf
        ready = self._ready(self._hosts.get(host), self.settings.rule(host), now)
        if host in self.settings.overrides:
            # A budget written for one host is the operator's word and is not cut by that of its domain.
            return ready
        domain = self._ready(self._domains.get(registrable_domain(host)), self.settings.domain, now)
        return None if ready is None or domain is None else max(ready, domain)

    def begin(self, host: HostKey, now: float) -> None:
        """A request starts; `end` must follow."""
        if len(self._hosts) + len(self._domains) >= self._sweep_at:
            self._sweep(now)
        for budget in self._both(host):
            budget.in_flight += 1
            budget.started = now

    def end(self, host: HostKey, now: float) -> None:
        """The body of a request has been read, or it failed."""
        for budget in self._both(host):
            budget.in_flight = max(budget.in_flight - 1, 0)
            budget.took = now - budget.started

    def slow(self, host: HostKey) -> bool:
        """The last request took so long that the next one belongs into the slow lane."""
        budget = self._hosts.get(host)
        return budget is not None and budget.took > SLOW_ANSWER

    def told(
        self,
        host: HostKey,
        feed: FeedId,
        kind: str,
        retry_after: float | None,
        now: float,
        *,
        scope: Scope = "feed",
    ) -> None:
        """What came of a poll. `retry_after`: seconds; within scope `feed` a host waits once three feeds were told."""
        budget = self._hosts.setdefault(host, _Budget())
        if kind != "rate_limited":
            self._forgive(budget, host, kind)
        elif retry_after is None:
            self._slow_down(budget, host)
        else:
            self._hold(host, feed, retry_after, now, scope)

    def refused(self, host: HostKey, feed: FeedId, now: float) -> bool:
        """A 403 came: do feeds of this host turn 403 together? Then it throttles us, and no feed is broken (B31)."""
        budget = self._hosts.setdefault(host, _Budget())
        together = _together(budget, feed, now)
        if together:
            self._slow_down(budget, host)
        return together

    def spacing(self, host: HostKey) -> float:
        """Seconds between the starts of two requests at this host, as it is now."""
        budget = self._hosts.get(host)
        return max(self.settings.rule(host).spacing, budget.spacing if budget else 0.0)

    def _both(self, host: HostKey) -> tuple[_Budget, _Budget]:
        domain = self._domains.setdefault(registrable_domain(host), _Budget())
        return self._hosts.setdefault(host, _Budget()), domain

    @staticmethod
    def _ready(budget: _Budget | None, rule: HostRule, now: float) -> float | None:
        if budget is None:
            return now
        if budget.in_flight >= rule.in_flight:
            return None
        return max(now, budget.blocked_until, budget.started + max(rule.spacing, budget.spacing))

    def _slow_down(self, budget: _Budget, host: HostKey) -> None:
        budget.spacing = min(max(self.spacing(host), 1.0) * 2, MAX_SPACING)
        budget.good = 0

    def _forgive(self, budget: _Budget, host: HostKey, kind: str) -> None:
        budget.good += kind in ("ok", "not_modified", "redirected")
        if budget.spacing and budget.good >= GOOD_POLLS:
            budget.good = 0
            half = budget.spacing / 2
            budget.spacing = half if half > max(self.settings.rule(host).spacing, 1.0) else 0.0

    def _hold(self, host: HostKey, feed: FeedId, retry_after: float, now: float, scope: Scope) -> None:
        budget, domain = self._both(host)
        together = _together(budget, feed, now)
        until = now + min(max(retry_after, 0.0), MAX_RETRY_AFTER)
        if scope == "domain":
            domain.blocked_until = max(domain.blocked_until, until)
        elif scope == "host" or together:
            budget.blocked_until = max(budget.blocked_until, until)

    def _sweep(self, now: float) -> None:
        """Redirects may lead to ever new hosts: those that have nothing to remember go."""
        self._hosts = {name: budget for name, budget in self._hosts.items() if not budget.idle(now)}
        self._domains = {name: budget for name, budget in self._domains.items() if not budget.idle(now)}
        self._sweep_at = max(SWEEP_AT, 2 * (len(self._hosts) + len(self._domains)))


def _together(budget: _Budget, feed: FeedId, now: float) -> bool:
    """Notes that this feed was refused, and says whether enough others were lately."""
    recent = {name: at for name, at in budget.refusals.items() if at + TOGETHER_WITHIN >= now}
    budget.refusals = {**recent, feed: now}
    return len(budget.refusals) >= TOGETHER
