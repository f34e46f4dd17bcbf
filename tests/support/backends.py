"""Ledgers to run a contract suite over: each opens, is opened again as after a restart, and closes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.events import Retention, SqliteEventLog
from monitor.adapters.sqlite.ledger import SqliteLedger, SqliteView
from monitor.adapters.sqlite.registry import SqliteRegistry
from monitor.ports import EventLog, Ledger, LedgerView, Registry
from monitor.testing.clock import ManualClock
from monitor.testing.ledger import MemoryEventLog, MemoryLedger, MemoryRegistry, MemoryStore, MemoryView


class BackEnd(Protocol):
    """One installation and its clock; the ports are those of the process that runs now."""

    clock: ManualClock
    ledger: Ledger
    registry: Registry
    view: LedgerView
    log: EventLog

    async def start(self, age: float = 86400.0, size: int = 1 << 30) -> None:
        """Starts a process with this retention, seconds and bytes."""

    async def restart(self, age: float = 86400.0, size: int = 1 << 30) -> None:
        """Ends the process and starts the next."""

    async def close(self) -> None:
        """Ends the process."""


class MemoryBackEnd:
    """Everything in one object; what a restart leaves is the store."""

    def __init__(self, _folder: Path) -> None:
        self.clock, self._store = ManualClock(), MemoryStore()

    async def start(self, age: float = 86400.0, size: int = 1 << 30) -> None:
        self.ledger, self.registry = MemoryLedger(self._store), MemoryRegistry(self._store)
        self.view, self.log = MemoryView(self._store), MemoryEventLog(self._store, self.clock, age, size)

    async def restart(self, age: float = 86400.0, size: int = 1 << 30) -> None:
        await self.start(age, size)

    async def close(self) -> None:
        """Nothing is held."""


class SqliteBackEnd:
    """The embedded ledger on disk."""

    def __init__(self, folder: Path) -> None:
        self.clock, self._folder = ManualClock(), folder

    async def start(self, age: float = 86400.0, size: int = 1 << 30) -> None:
        self._database = await Database.open(self._folder, reserve=1 << 16)
        self.ledger, self.registry = SqliteLedger(self._database), SqliteRegistry(self._database)
        self.view = SqliteView(self._database)
        self.log = SqliteEventLog(self._database, self.clock, Retention(age, size))

    async def restart(self, age: float = 86400.0, size: int = 1 << 30) -> None:
        await self.close()
        await self.start(age, size)

    async def close(self) -> None:
        await self._database.close()


BACK_ENDS = {"memory": MemoryBackEnd, "sqlite": SqliteBackEnd}
"""By name; a suite takes those that run everywhere, and names others with the mark `service`."""
