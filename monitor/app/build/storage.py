"""The ports of one kind of ledger, and the embedded kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.app.arming import Faults
from monitor.app.assignment import DRAIN
from monitor.config.config import Config
from monitor.config.schema import AnySink
from monitor.model.feed import Mark
from monitor.model.notes import Note
from monitor.ports import Clock, EventLog, Ledger, Ownership, Point, Registry, Rescue, Spool

if TYPE_CHECKING:
    from monitor.adapters.sqlite.database import Source
    from monitor.adapters.sqlite.events import SqliteEventLog


@dataclass(slots=True)
class Storage:
    """Everything that stands on one ledger."""

    ledger: Ledger
    registry: Registry
    ownership: Ownership
    log: EventLog
    """What the page, the API and the housekeeping read."""
    log_of: Callable[[AnySink], EventLog]
    """What a sink reads."""
    shards: int = 1
    mark: Callable[[], Awaitable[Mark | None]] | None = None
    """Which configuration the registry was brought level with, where replicas share it."""
    absence: Callable[[], str] = lambda: ""
    """Why the group that shares the shards out does not count us in; empty if it does, or where nobody shares."""
    faults: Faults | None = None
    """Why topics of watches cannot be used, where the ledger writes into topics."""
    rescue: Rescue | None = None
    """Where polls that waited here find the process that has their shard now."""
    drain: float = DRAIN
    """Seconds running polls are given at the stop: short where others wait to take over."""
    spool: Spool | None = None
    """Where polls wait while the ledger is away."""
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """At the end, in this order; the last one lets the ledger itself go."""

    async def close(self) -> None:
        """Lets go of everything, when the service never came to run."""
        for close in self.closers:
            await close()


async def open_embedded(config: Config, clock: Clock, observe: Callable[[Note], None], point: Point) -> Storage:
    """The data directory, locked. Raises LedgerError, OSError."""
    from monitor.adapters.sqlite.database import Database
    from monitor.adapters.sqlite.ledger import SqliteLedger
    from monitor.adapters.sqlite.registry import SqliteRegistry
    from monitor.adapters.static import StaticOwnership

    database = await Database.open(Path(config.settings.data_dir))
    database.observe = observe
    log = open_log(config, database, clock)
    return Storage(
        SqliteLedger(database, point),
        SqliteRegistry(database),
        StaticOwnership(),
        log,
        lambda _sink: log,
        closers=[database.close],
    )


def open_log(config: Config, source: Source, clock: Clock) -> SqliteEventLog:
    """The event log with the retention of the configuration."""
    from monitor.adapters.sqlite.events import SqliteEventLog
    from monitor.adapters.sqlite.retention import Retention

    wanted = config.settings.retention
    return SqliteEventLog(source, clock, Retention(wanted.age, wanted.size))
