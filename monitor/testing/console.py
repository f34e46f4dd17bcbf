"""A running service that is only a picture: shown as it is, and told what to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.errors import MonitorError
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId, WatchId
from monitor.model.snapshot import FeedRow, Snapshot, WatchRow
from monitor.model.state import Cadence, Counts, Health
from monitor.model.watch import Watch
from monitor.testing.clock import START


def picture(**changes: Any) -> Snapshot:
    """A service that has run for an hour and is ready; nothing is configured."""
    base = Snapshot(
        at=START,
        started=START - 3600,
        version="1.2.3",
        generation="generation-1",
        feeds=(),
        watches=(),
        sinks=(),
        head=0,
        totals=Counts(),
        in_flight=0,
        uplink=True,
        ready=True,
        reasons=(),
        heartbeat=START - 1,
    )
    return replace(base, **changes)


def feed_row(spec: FeedSpec, **changes: Any) -> FeedRow:
    """A feed that was read a minute ago and is due in nine."""
    health = Health(kind="ok", status=200, last_poll=START - 60, last_success=START - 60, last_new=START - 3600)
    cadence = Cadence(due=START + 540, reason="rate")
    base = FeedRow(spec, health, cadence, Counts(fetched=10, new=7, known=3), items=7)
    return replace(base, **changes)


def watch_row(id_: str = "port", **changes: Any) -> WatchRow:
    """A watch for the word that is its id, with the usual topic."""
    watch = Watch(WatchId(id_), changes.pop("query", id_), name=changes.pop("name", id_.title()))
    return replace(WatchRow(watch, "v1", f"news.alerts.{id_}"), **changes)


@dataclass(slots=True)
class ScriptedConsole:
    """Shows `shown` and remembers what it was asked to change."""

    shown: Snapshot = field(default_factory=picture)
    reloaded: tuple[bool, Sequence[str]] = (True, ())
    refusing: MonitorError | None = None
    """Raised by every change."""
    changes: list[FeedChanges] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        return self.shown

    async def reload(self) -> tuple[bool, Sequence[str]]:
        return self.reloaded

    async def change_feeds(self, changes: FeedChanges) -> None:
        if self.refusing is not None:
            raise self.refusing
        self.changes.append(changes)

    def show(self, **changes: Any) -> None:
        """From now on the picture differs in this."""
        self.shown = replace(self.shown, **changes)

    def put(self, spec: FeedSpec) -> FeedId:
        """One more feed in the picture."""
        self.show(feeds=(*self.shown.feeds, feed_row(spec)))
        return spec.id
