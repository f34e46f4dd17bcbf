"""Ledgers to run a contract suite over: each opens, is opened again as after a restart, and closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol
from uuid import uuid4

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.event_places import event_topics
from monitor.adapters.kafka.events import KafkaEventLog
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.ledger import KafkaLedger
from monitor.adapters.kafka.shard import KafkaShard
from monitor.adapters.kafka.topics import ensure
from monitor.adapters.kafka.view import KafkaView
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.events import Retention, SqliteEventLog
from monitor.adapters.sqlite.ledger import SqliteLedger, SqliteView
from monitor.adapters.sqlite.registry import SqliteRegistry
from monitor.model.ids import ShardId
from monitor.ports import EventLog, Ledger, LedgerView, Registry
from monitor.publish.topics import TopicSpec, TopicTable
from monitor.testing.clock import ManualClock
from monitor.testing.ledger import MemoryEventLog, MemoryLedger, MemoryRegistry, MemoryStore, MemoryView


class BackEnd(Protocol):
    """One installation and its clock; the ports are those of the process that runs now."""

    embedded: ClassVar[bool]
    """Whether its log is one numbered table: ids are unique in it, numbers have no gap, and order holds over topics."""
    prefix: str
    """Of the names of topics."""
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

    embedded, prefix = True, "news."

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

    embedded, prefix = True, "news."

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


class KafkaBackEnd:
    """An installation of its own on brokers that others use too, with one shard and every topic the suites name."""

    embedded = False

    def __init__(self, bootstrap_servers: Sequence[str], shards: int = 1, **settings: Any) -> None:
        self.clock, name = ManualClock(), f"test-{uuid4().hex[:12]}"
        self.prefix = f"{name}."
        self.table = TopicTable(self.prefix)
        self.settings = ClusterSettings(tuple(bootstrap_servers), **settings)
        topics = self.table.feeds, self.table.feed_state, self.table.rescue
        self.installation = Installation(name, *topics, shards, session_timeout=6.0, prefix=self.prefix)
        self._there = False

    async def start(self, age: float = 86400.0, size: int = 1 << 30) -> None:
        """Retention is the brokers': neither age nor size is looked at."""
        if not self._there:
            for _ in range(5):
                # Brokers that many tests use at once may be late with an answer.
                rows = await ensure(self.settings, self._plan())
                self._there = all(row.usable for row in rows)
                if self._there:
                    break
            assert self._there, rows[0]
        self.ledger = _Counted(self.settings, self.installation)
        self.view = KafkaView(self.settings, self.installation)
        self.log = KafkaEventLog.window(self.settings, lambda: event_topics(self.table))

    @cached_property
    def registry(self) -> Registry:
        from monitor.adapters.kafka.registry import KafkaRegistry

        return KafkaRegistry(self.settings, self.installation)

    async def restart(self, age: float = 86400.0, size: int = 1 << 30) -> None:
        await self.close()
        await self.start(age, size)

    async def close(self) -> None:
        for shard in self.ledger.opened:
            await shard.close()
        await self.log.close()

    def _plan(self) -> tuple[TopicSpec, ...]:
        articles, *others = self.table.plan((), 1, 1)
        alerts = [
            replace(articles, name=f"{self.prefix}alerts.{watch}", partitions=3) for watch in ("ukraine", "taiwan")
        ]
        return (articles, *others, *alerts, *self.table.ledger_plan(self.installation.shards, 1, 1))


class _Counted(KafkaLedger):
    """Knows what it has opened, so that the end of a process ends it too."""

    def __init__(self, settings: ClusterSettings, installation: Installation) -> None:
        super().__init__(settings, installation)
        self.opened: list[KafkaShard] = []

    async def open(self, shard: ShardId) -> KafkaShard:
        opened = await super().open(shard)
        self.opened.append(opened)
        return opened


BACK_ENDS = {"memory": MemoryBackEnd, "sqlite": SqliteBackEnd}
"""Those that run everywhere, by name; the suites run over Kafka too, with the mark `service`."""
