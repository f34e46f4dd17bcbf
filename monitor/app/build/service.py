"""Config → Service: every port gets its adapter, every part what it works with."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from monitor import __version__
from monitor.app.build.sinks import SinkContext, build_sink
from monitor.app.build.storage import Storage, open_embedded
from monitor.app.console import ServiceConsole
from monitor.app.enrol import Enrolment
from monitor.app.lane import Lane
from monitor.app.outbox import Outbox, Takes
from monitor.app.pacing import HostPacer
from monitor.app.parts import InForce, Parts
from monitor.app.reload import Reloader
from monitor.app.running import Round
from monitor.app.shards import Shard, Shards
from monitor.app.supervise import Service
from monitor.config.config import Config
from monitor.config.schema import PLACEHOLDER, AnySink
from monitor.fetch.request import credentials_from
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.poll import Credentials
from monitor.pipeline import Rules, read
from monitor.ports import Clock, ConfigSource, EventLog, Ledger, Point, pass_by
from monitor.publish.topics import TopicTable
from monitor.schedule.breaker import UplinkBreaker
from monitor.schedule.hosts import HostBook

if TYPE_CHECKING:
    from monitor.adapters.observe import Observer

Settled = Callable[[FeedSpec, Outcome], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a service is run, besides its configuration."""

    point: Point = pass_by
    """Crash points of tests."""
    round: Round | None = None
    """One round of polls instead of running on."""
    settled: Settled = lambda _feed, _outcome: None
    """Told of every poll that is durable."""
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    sinks: bool = True
    servers: bool = True
    extra_feeds: tuple[FeedSpec, ...] = ()
    """Polled, although the configuration does not name them."""


@dataclass(slots=True)
class Built:
    """A service with what commands want to look at beside it."""

    service: Service
    observer: Observer
    addresses: dict[str, str] = field(default_factory=dict)
    """Where `page` and `admin` listen, once they do."""


def agent_of(contact: str) -> str:
    """The User-Agent: name, version and whom to turn to; a contact nobody has filled in is never sent."""
    about = f" (+{contact})" if contact and contact != PLACEHOLDER else ""
    return f"news-monitor/{__version__}{about}"


def in_force(config: Config) -> InForce:
    """What a reload replaces."""
    settings = config.settings
    rules = Rules(
        rules=config.rules,
        topics=TopicTable(settings.topics.prefix, settings.alerts.topic),
        generation=config.generation,
        schedule=settings.schedule,
        alert_since=settings.first_import.alert_since,
        filters=config.filters,
        publish_body=settings.publish.body,
    )
    return InForce(rules, settings.fetch, _credentials(config))


def _credentials(config: Config) -> Mapping[FeedId, Credentials]:
    found = ((feed.id, credentials_from(feed, config.secrets)) for feed in config.feeds)
    return {feed: credentials for feed, credentials in found if credentials is not None}


async def build(config: Config, source: ConfigSource | None = None, options: Options = Options()) -> Built:
    """The service with its ledger. Raises LedgerError, OSError; UsageError for what an operator has to mend."""
    from monitor.adapters.clock import SystemClock

    clock = SystemClock(lambda note: observer(note))
    observer = make_observer(config, clock, options.stderr)
    storage = await open_storage(config, clock, observer, options)
    try:
        built = await _assemble(config, source, options, storage, (clock, observer))
    except BaseException:
        await storage.close()
        raise
    # Modules and rules stay for good. Walked by every full collection they would hold up all polls for 50 ms and more.
    gc.collect()
    gc.freeze()
    return built


async def open_storage(config: Config, clock: Clock, observer: Observer, options: Options) -> Storage:
    """The ports of the ledger that the configuration names."""
    return await open_embedded(config, clock, observer, options.point)


async def _assemble(
    config: Config, source: ConfigSource | None, options: Options, storage: Storage, rim: tuple[Clock, Observer]
) -> Built:
    clock, observer = rim
    told: list[Settled] = [options.settled]
    parts = _parts(config, options, storage.ledger, clock, observer, told)
    enrolment = Enrolment(storage.registry, clock, observer, extra=options.extra_feeds)
    await enrolment.take(config)
    shards = Shards(lambda shard: Shard(shard, parts, options.round), ends=options.round is not None)
    outboxes = _outboxes(config, options, parts, storage.log_of) if options.sinks else []
    console = ServiceConsole(parts, shards, outboxes, storage.log, storage.registry)
    console.enrolment = enrolment
    told.append(console.settled)
    helpers = [parts.workers.start, enrolment.run, *storage.helpers]
    service = Service(parts, shards, storage.ownership, storage.log, outboxes, console, helpers=helpers)
    service.closers = [
        *(outbox.sink.close for outbox in outboxes),
        parts.fetcher.close,
        parts.workers.close,
        *storage.closers,
    ]
    built = Built(service, observer)
    if source is not None:
        _attach_reload(built, config, source, enrolment)
    if options.servers:
        from monitor.app.build.servers import attach_servers

        attach_servers(built, config)
    return built


def make_observer(config: Config, clock: Clock, stderr: TextIO) -> Observer:
    """Logging and metrics of this process."""
    from prometheus_client import (
        CollectorRegistry,
        GCCollector,
        PlatformCollector,
        ProcessCollector,
        disable_created_metrics,
    )

    from monitor.adapters.logs import configure
    from monitor.adapters.observe import Metrics, Observer

    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    metrics = Metrics(registry)
    metrics.build.info({"version": __version__})
    metrics.generation.info({"generation": config.generation})
    return Observer(configure(config.settings.log.format, config.settings.log.level, clock.monotonic, stderr), metrics)


def _parts(
    config: Config, options: Options, ledger: Ledger, clock: Clock, observer: Observer, told: Sequence[Settled]
) -> Parts:
    from monitor.adapters.http.fetcher import HttpFetcher
    from monitor.adapters.processes import ProcessWorkers

    def tell(feed: FeedSpec, outcome: Outcome) -> None:
        for hear in told:
            hear(feed, outcome)

    settings = config.settings
    pacer = HostPacer(HostBook(settings.hosts), clock)
    cap = float(settings.schedule.retry_after_cap)
    return Parts(
        clock=clock,
        fetcher=HttpFetcher(settings.fetch, agent_of(settings.contact), clock, pacer, retry_after_cap=cap),
        workers=ProcessWorkers(read, settings.parse, observe=observer),
        ledger=ledger,
        pacer=pacer,
        breaker=UplinkBreaker(),
        lane=Lane(clock.monotonic),
        observe=observer,
        in_force=in_force(config),
        point=options.point,
        settled=tell,
    )


def _outboxes(config: Config, options: Options, parts: Parts, log_of: Callable[[AnySink], EventLog]) -> list[Outbox]:
    context = SinkContext(
        config.settings,
        Path(config.settings.data_dir),
        watches=lambda: parts.in_force.rules.rules.watches,
        point=options.point,
        stdout=options.stdout,
    )
    return [
        Outbox(
            build_sink(wanted, context),
            log_of(wanted),
            parts.clock,
            parts.observe,
            Takes(wanted.topics, wanted.max_lag),
            point=options.point,
        )
        for wanted in config.settings.sinks
    ]


def _attach_reload(built: Built, config: Config, source: ConfigSource, enrolment: Enrolment) -> None:
    service = built.service

    def apply(new: Config) -> None:
        now, fresh = service.parts.in_force, in_force(new)
        if fresh.fetch != now.fetch:
            service.parts.fetcher.use(fresh.fetch)
        now.rules, now.fetch, now.credentials = fresh.rules, fresh.fetch, fresh.credentials
        service.parts.pacer.book.settings = new.settings.hosts
        for shard in service.shards.shards.values():
            shard.nudge()

    reloader = Reloader(config, source, enrolment, apply=apply, console=service.console, observe=service.parts.observe)
    service.console.reload_with = reloader.reload
    service.helpers = [*service.helpers, reloader.run]
