"""The service out of fakes: shards, sinks and the console as they run, over a ledger and a web in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.app.assignment import Shards
from monitor.app.console import ServiceConsole
from monitor.app.lane import Lane
from monitor.app.outbox import Outbox
from monitor.app.pacing import HostPacer
from monitor.app.parts import InForce, Parts
from monitor.app.running import Round
from monitor.app.shards import Shard
from monitor.app.supervise import Service
from monitor.config.config import Config
from monitor.config.load import load
from monitor.fetch.settings import FetchSettings
from monitor.match.compiler import compile_rules
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, WatchId
from monitor.model.notes import Note
from monitor.model.poll import FetchRequest, Verdict
from monitor.model.watch import Watch
from monitor.pipeline import Rules, read
from monitor.ports import Pacer
from monitor.publish.topics import TopicTable
from monitor.schedule.breaker import UplinkBreaker
from monitor.schedule.hosts import HostBook
from monitor.schedule.placement import host_key
from monitor.schedule.settings import HostSettings
from monitor.testing.fetcher import ScriptedFetcher
from monitor.testing.ledger import MemoryEventLog, MemoryLedger, MemoryRegistry, MemoryStore
from monitor.testing.ownership import ScriptedOwnership
from monitor.testing.workers import InlineWorkers
from tests.support.virtual import LoopClock

TOPICS = TopicTable("news.", "alerts.{watch}")


def rules(*queries: str, **more: Any) -> Rules:
    """Watches named after their first word, and what a test wants besides."""
    watches = [Watch(WatchId(query.split()[0].lower()), query) for query in queries]
    return Rules(compile_rules(watches, {}), TOPICS, "test", **more)


def rss(*titles: str, **fields: str) -> bytes:
    """A feed with one item a title; the guid follows from the title."""
    more = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    items = "".join(
        f"<item><guid isPermaLink='false'>{t}</guid><title>{t}</title>"
        f"<description>What is to be said about {t} in some more words</description>{more}</item>"
        for t in titles
    )
    return f'<rss version="2.0"><channel><title>A feed</title>{items}</channel></rss>'.encode()


class PacedFetcher:
    """The scripted web behind turns at hosts, with a duration for every answer and the times at which it was asked."""

    def __init__(self, web: ScriptedFetcher, pacer: Pacer, clock: LoopClock) -> None:
        self.web, self._pacer, self._clock = web, pacer, clock
        self.seconds = 0.1
        self.asked: list[tuple[str, float]] = []
        self.inside: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.raising: set[str] = set()

    async def fetch(self, request: FetchRequest) -> Verdict:
        host = host_key(request.url)
        async with self._pacer.turn(host):
            self.asked.append((request.url, self._clock.now()))
            self.inside[host] = self.inside.get(host, 0) + 1
            self.most[host] = max(self.most.get(host, 0), self.inside[host])
            try:
                await asyncio.sleep(self.seconds)
                if request.url in self.raising:
                    raise RuntimeError("a mistake of ours")
                return await self.web.fetch(request)
            finally:
                self.inside[host] -= 1

    def use(self, settings: FetchSettings) -> None:
        """The rules of a script do not change."""

    async def close(self) -> None:
        await self.web.close()

    def times(self, url: str) -> list[float]:
        """When a URL was asked."""
        return [at for asked, at in self.asked if asked == url]


@dataclass
class Rig:
    """Everything that is real in `app`, on everything that is fake below it. Make it where a loop runs."""

    rules: Rules = field(default_factory=lambda: rules("ukraine"))
    hosts: HostSettings = field(default_factory=HostSettings)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    store: MemoryStore = field(default_factory=MemoryStore)
    round: Round | None = None
    sinks: Sequence[Any] = ()
    shards: int = 1

    def __post_init__(self) -> None:
        self.clock = LoopClock()
        self.store.shards = self.shards
        self.notes: list[Note] = []
        self.web = ScriptedFetcher(replace(self.fetch, allow_cidrs=()))
        self.pacer = HostPacer(HostBook(self.hosts), self.clock)
        self.fetcher = PacedFetcher(self.web, self.pacer, self.clock)
        self.ledger: Any = MemoryLedger(self.store)
        self.registry = MemoryRegistry(self.store)
        self.log = MemoryEventLog(self.store, self.clock)
        self.settled: list[tuple[FeedId, Any]] = []
        self.ownership = ScriptedOwnership(*range(self.shards))

    def feeds(self, *specs: FeedSpec) -> None:
        """Feeds that are there from the start; each has a document."""
        for spec in specs:
            self.store.specs[spec.id] = spec
            self.web.publish(spec.url, rss(f"First of {spec.id}"))

    def parts(self) -> Parts:
        """The ports, once."""
        return Parts(
            clock=self.clock,
            fetcher=self.fetcher,
            workers=InlineWorkers(read),
            ledger=self.ledger,
            pacer=self.pacer,
            breaker=UplinkBreaker(),
            lane=Lane(self.clock.monotonic),
            observe=self.notes.append,
            in_force=InForce(self.rules, self.fetch, {}),
            shards=self.shards,
            settled=lambda feed, outcome: self.settled.append((feed.id, outcome)),
        )

    def service(self) -> Service:
        """All of it."""
        parts = self.parts()
        shards = Shards(lambda shard: Shard(shard, parts, self.round), ends=self.round is not None)
        outboxes = [Outbox(sink, self.log, self.clock, self.notes.append) for sink in self.sinks]
        console = ServiceConsole(parts, shards, outboxes, self.log, self.registry)
        return Service(parts, shards, self.ownership, self.log, outboxes, console)

    def of(self, kind: type[Note]) -> list[Any]:
        """Notes of one class."""
        return [note for note in self.notes if isinstance(note, kind)]


@asynccontextmanager
async def running(thing: Any):
    """Runs a shard or service beside the block, then stops it and waits until it is over."""
    task = asyncio.create_task(thing.run())
    try:
        yield task
    finally:
        thing.stop()
        await task


@asynccontextmanager
async def sharing(rig: Rig, **more: float):
    """Shards that follow the ownership of a rig beside the block, and nothing else of the service."""
    parts = rig.parts()
    shards = Shards(lambda number: Shard(number, parts), **more)
    task = asyncio.create_task(shards.run(rig.ownership.assignments()))
    try:
        yield shards
    finally:
        shards.stop()
        await task


def configuration(files: Mapping[str, str]) -> Config:
    """A configuration out of texts."""
    return load({"monitor.yaml": "contact: tests@example.org\n", **files}, {}, {})


Make = Callable[[], Rig]
