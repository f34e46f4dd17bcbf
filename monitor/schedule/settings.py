"""What an operator can say about when feeds and hosts are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.model.feed import FeedClass
from monitor.model.units import Duration, Ratio


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """Cadence. All durations are seconds."""

    cls: FeedClass = "polite"
    """`class` in files: polite 60m–24h, news 5m–60m, burst 30s; for feeds that name none."""
    jitter: Ratio = Ratio(0.1)
    """Of the interval, at most 30 min, never below the floor: no spikes at full minutes."""
    retry_after_cap: Duration = Duration(86400)
    """A server that names a longer wait is asked after this."""
    error_ceiling: Duration = Duration(86400)
    """No feed waits longer than this after failures."""
    retired_probe: Duration = Duration(30 * 86400)
    """How often a feed that is gone is asked whether it has come back."""


@dataclass(frozen=True, slots=True)
class HostRule:
    """Budget of one host (or of one registrable domain)."""

    in_flight: int = 1
    """Requests at once."""
    spacing: Duration = Duration(1)
    """Between the starts of two requests."""


@dataclass(frozen=True, slots=True)
class HostSettings:
    """Budgets per host."""

    in_flight: int = 1
    """Requests at once to one host."""
    spacing: Duration = Duration(1)
    """Between the starts of two requests to one host."""
    domain: HostRule = field(default_factory=lambda: HostRule(4, Duration(0.25)))
    """Budget of all hosts of one registrable domain together."""
    overrides: Mapping[str, HostRule] = field(default_factory=dict)
    """Budgets of single hosts, by host name."""
    deny: tuple[str, ...] = ()
    """Hosts that are never asked."""

    def rule(self, host: str) -> HostRule:
        """The budget of this host."""
        return self.overrides.get(host) or HostRule(self.in_flight, self.spacing)
