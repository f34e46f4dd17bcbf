"""A picture of the running service, for the page, the API, the probes and `status`."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.model.feed import FeedSpec
from monitor.model.state import Cadence, Counts, Health
from monitor.model.units import Instant
from monitor.model.watch import Watch


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One feed: what it is, how it does, when it is due and why."""

    spec: FeedSpec
    health: Health
    cadence: Cadence
    totals: Counts
    title: str | None = None
    items: int = 0
    """Items in its memory."""


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One watch with its version and what it raised since start."""

    watch: Watch
    version: str
    topic: str
    armed: bool = True
    alerts: int = 0
    reason: str = ""
    """Why it waits, if it is armed as soon as its topic can be used."""


@dataclass(frozen=True, slots=True)
class SinkRow:
    """One sink: how far it is and what it says if it does not go on."""

    name: str
    kind: str
    seq: int
    lag: int
    dead: int = 0
    error: str = ""
    oldest: Instant | None = None
    """When the oldest undelivered record was made."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one instant."""

    at: Instant
    started: Instant
    version: str
    generation: str
    feeds: tuple[FeedRow, ...]
    watches: tuple[WatchRow, ...]
    sinks: tuple[SinkRow, ...]
    head: int
    totals: Counts
    in_flight: int
    uplink: bool
    ready: bool
    reasons: tuple[str, ...]
    """Why it is not ready; empty if it is."""
    heartbeat: Instant = 0.0
    """When the scheduler last went round."""
    reload_ok: bool = True
    reload_problems: tuple[str, ...] = ()
    unaccounted: int = 0
