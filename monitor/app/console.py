"""What the page, the API, the probes and commands may ask of the running service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields

from monitor import __version__
from monitor.app.assignment import Shards
from monitor.app.enrol import Enrolment
from monitor.app.outbox import Outbox
from monitor.app.parts import Parts
from monitor.errors import UsageError
from monitor.model.event import Outcome
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.model.snapshot import FeedRow, SinkRow, Snapshot, WatchRow
from monitor.model.state import Counts
from monitor.model.units import Instant
from monitor.ports import EventLog, Registry

Reload = Callable[[], Awaitable[tuple[bool, Sequence[str]]]]
REASONS = 8
"""Lines of why shards are not open, at most."""


class ServiceConsole:
    """One picture at a time, made of what the running parts hold; nothing is awaited while it is made."""

    def __init__(
        self, parts: Parts, shards: Shards, outboxes: Sequence[Outbox], log: EventLog, registry: Registry
    ) -> None:
        self._parts, self._shards, self._outboxes = parts, shards, outboxes
        self._log, self._registry = log, registry
        self.started: Instant = parts.clock.now()
        self.stopping = False
        self.reload_ok = True
        self.reload_problems: tuple[str, ...] = ()
        self.head = 0
        self.reload_with: Reload | None = None
        self.enrolment: Enrolment | None = None
        """What a shared registry lacks of the configuration is told beside the last reload."""
        self.ownership_error: Callable[[], str] = lambda: ""
        """Why the group that shares the shards out does not count us in; empty if it does."""
        self._alerts: Counter[str] = Counter()
        self._unaccounted = 0

    def settled(self, _feed: FeedSpec, outcome: Outcome) -> None:
        """Counts what one poll led to."""
        self._alerts.update(dict(outcome.alerts_by_watch))
        self._unaccounted += abs(outcome.counts.unaccounted)

    def snapshot(self) -> Snapshot:
        """A consistent picture of this instant."""
        now = self._parts.clock.now()
        feeds = tuple(self._shards.rows().values())
        reasons = self._reasons()
        return Snapshot(
            at=now,
            started=self.started,
            version=__version__,
            generation=self._parts.in_force.rules.generation,
            feeds=feeds,
            watches=self._watches(),
            sinks=tuple(self._sink(outbox) for outbox in self._outboxes),
            head=self.head,
            totals=_sum(feeds),
            in_flight=sum(len(shard.in_flight) for shard in self._shards.shards.values()),
            uplink=self._parts.breaker.up,
            ready=not reasons,
            reasons=reasons,
            heartbeat=self._heartbeat(),
            reload_ok=self.reload_ok and not (self.enrolment is not None and self.enrolment.refused),
            reload_problems=self._problems(),
            unaccounted=self._unaccounted,
        )

    async def reload(self) -> tuple[bool, Sequence[str]]:
        """Reads the configuration again; a refused one changes nothing."""
        if self.reload_with is None:
            return False, ("this service was started without a configuration directory",)
        return await self.reload_with()

    async def registered(self) -> Mapping[FeedId, FeedSpec]:
        """Every feed there is, whichever process polls it. Raises LedgerError."""
        return await self._registry.feeds()

    async def change_feeds(self, changes: FeedChanges) -> None:
        """Feeds of origin `runtime`, durable on return.

        Raises UsageError for one that the configuration holds, or whose URL another feed polls already.
        """
        known = await self.registered()
        polled = {spec.url: feed for feed, spec in known.items()}
        for spec in changes.put:
            if (other := polled.get(spec.url, spec.id)) != spec.id:
                raise UsageError(f"{spec.id}: feed {other} polls this URL already; its articles would come twice")
        named = [spec.id for spec in changes.put] + list(changes.removed)
        for feed in named:
            if feed in known and known[feed].origin == "config":
                raise UsageError(f"feed {feed} stands in the configuration; change it there")
        await self._registry.apply(changes)

    def _problems(self) -> tuple[str, ...]:
        behind = self.enrolment.problem if self.enrolment is not None else ""
        return (*self.reload_problems, behind) if behind else tuple(self.reload_problems)

    def _reasons(self) -> tuple[str, ...]:
        reasons = ["stopping"] if self.stopping else []
        closed = {shard.shard: shard.error for shard in self._shards.shards.values() if shard.running is None}
        reasons += gathered(closed)
        fault = self.ownership_error()
        if self._shards.assigned is None:
            reasons.append(f"no assignment yet: {fault}" if fault else "no assignment yet")
        elif fault and fault not in closed.values():
            reasons.append(fault)
        return tuple(reasons)

    def _heartbeat(self) -> Instant:
        """Who waits as a spare for shards of others has nothing to go round, and is well."""
        if not self._shards.shards and self._shards.assigned is not None:
            return self._parts.clock.now()
        return max((shard.heartbeat for shard in self._shards.shards.values()), default=0.0)

    def _watches(self) -> tuple[WatchRow, ...]:
        in_force, waiting = self._parts.in_force.rules, self._parts.in_force.waiting
        return tuple(
            WatchRow(
                watch,
                in_force.rules.version(watch.id),
                in_force.topics.alert(watch),
                armed=not watch.paused and watch.id not in in_force.pending,
                alerts=self._alerts[watch.id],
                reason=waiting.get(watch.id, ""),
            )
            for watch in in_force.rules.watches
        )

    def _sink(self, outbox: Outbox) -> SinkRow:
        kind = type(outbox.sink).__name__.removesuffix("Sink").lower()
        lag = max(0, self.head - outbox.position)
        return SinkRow(outbox.sink.name, kind, outbox.position, lag, outbox.dead, outbox.error)


def gathered(errors: Mapping[ShardId, str]) -> list[str]:
    """Why shards are not open, each reason once with the shards it holds for; at most `REASONS` lines."""
    shards: dict[str, list[ShardId]] = {}
    for shard, error in sorted(errors.items()):
        # Whose number stands in front needs it no more behind.
        shards.setdefault(error.replace(f"shard {shard} ", "it ") or "not open", []).append(shard)
    found = [
        f"shard{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}: {reason}"
        for reason, numbers in shards.items()
    ]
    if len(found) <= REASONS:
        return found
    return [*found[: REASONS - 1], f"and {len(found) - REASONS + 1} more reasons"]


def _sum(feeds: Sequence[FeedRow]) -> Counts:
    return Counts(*(sum(getattr(row.totals, f.name) for row in feeds) for f in fields(Counts)))
