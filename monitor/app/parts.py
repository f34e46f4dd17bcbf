"""What a running shard works with: ports and the rules in force, handed over as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitor.app.lane import Lane
from monitor.app.pacing import HostPacer
from monitor.fetch.settings import FetchSettings
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.notes import Note
from monitor.model.poll import Credentials
from monitor.pipeline import Rules
from monitor.ports import Clock, Fetcher, Ledger, Point, Rescue, Spool, Workers, pass_by
from monitor.schedule.breaker import UplinkBreaker


@dataclass(slots=True)
class InForce:
    """What a reload replaces, in one assignment each. Read anew at every poll."""

    rules: Rules
    fetch: FetchSettings
    credentials: Mapping[FeedId, Credentials]
    waiting: Mapping[str, str] = field(default_factory=dict)
    """Why each of the watches that are pending in `rules` is so."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The rim, as ports, and what all shards of a process share."""

    clock: Clock
    fetcher: Fetcher
    workers: Workers
    ledger: Ledger
    pacer: HostPacer
    breaker: UplinkBreaker
    lane: Lane
    observe: Callable[[Note], None]
    in_force: InForce
    point: Point = pass_by
    shards: int = 1
    """Of the whole installation. With more than one, feeds move to the shard of their host."""
    settled: Callable[[FeedSpec, Outcome], None] = lambda _feed, _outcome: None
    """Told of every poll that has become durable."""
    spool: Spool | None = None
    """Where polls wait while the ledger is away; without one nobody is polled meanwhile."""
    rescue: Rescue | None = None
    """Where those that waited here find the process that has their shard now."""
