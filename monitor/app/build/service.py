"""Config → Service: every port gets its adapter, every part what it works with."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from monitor.app.arming import Arming
from monitor.app.assignment import Shards
from monitor.app.build.counts import shelf_of
from monitor.app.build.rim import Settled, make_observer, make_parts
from monitor.app.build.sinks import SinkContext, build_sink
from monitor.app.build.storage import Storage, open_embedded
from monitor.app.census import Census
from monitor.app.console import ServiceConsole
from monitor.app.enrol import Enrolment, Share
from monitor.app.outbox import Outbox, Takes
from monitor.app.parts import InForce, Parts
from monitor.app.presence import Presence
from monitor.app.reload import Reloader
from monitor.app.replay import Rescuer
from monitor.app.running import Round
from monitor.app.shards import Shard
from monitor.app.supervise import Service
from monitor.config.config import Config
from monitor.config.schema import AnySink
from monitor.fetch.request import credentials_from
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import Note
from monitor.model.poll import Credentials
from monitor.pipeline import Rules
from monitor.ports import Clock, ConfigSource, EventLog, Point, pass_by
from monitor.publish.topics import TopicTable

if TYPE_CHECKING:
    from monitor.adapters.observe import Observer


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

    clock = SystemClock(lambda note: observer(note))  # noqa: PLW0108  the observer needs the clock, and comes later
    observer, force = make_observer(config, clock, options.stderr), in_force(config)
    storage = await _open_storage(config, options, force, clock, observer)
    try:
        made = make_parts(config, force, storage.ledger, clock, observer)
        told = [options.settled]
        parts = replace(made, point=options.point, settled=partial(_tell, told))
        parts = replace(parts, shards=storage.shards, spool=storage.spool, rescue=storage.rescue)
        built = await _assemble(config, source, options, storage, (parts, observer, told))
    except BaseException:
        await storage.close()
        raise
    # Modules and rules stay for good. Walked by every full collection they would hold up all polls for 50 ms and more.
    gc.collect()
    gc.freeze()
    return built


async def _open_storage(
    config: Config, options: Options, force: InForce, clock: Clock, observe: Callable[[Note], None]
) -> Storage:
    if config.settings.ledger.kind == "sqlite":
        return await open_embedded(config, clock, observe, options.point)
    from monitor.app.build.replicated import open_replicated

    once = options.round is not None
    return await open_replicated(config, force, (clock, observe), options.point, once=once)


def _tell(told: Sequence[Settled], feed: FeedSpec, outcome: Outcome) -> None:
    for hear in told:
        hear(feed, outcome)


async def _assemble(
    config: Config,
    source: ConfigSource | None,
    options: Options,
    storage: Storage,
    rim: tuple[Parts, Observer, list[Settled]],
) -> Built:
    parts, observer, told = rim
    shards = Shards(
        lambda shard: Shard(shard, parts, options.round), ends=options.round is not None, drain=storage.drain
    )
    share = None if storage.mark is None else Share(lambda: ShardId(0) in shards.shards, storage.mark)
    enrolment = Enrolment(storage.registry, parts.clock, observer, share=share, extra=options.extra_feeds)
    await enrolment.take(config)
    if share is not None and options.round is not None:
        # Whose shards open at once must find their feeds.
        await enrolment.bring(config)
    outboxes = _outboxes(config, options, parts, storage.log_of) if options.sinks else []
    console = ServiceConsole(parts, shards, outboxes, storage.log, storage.registry)
    console.ownership_error = storage.absence
    census = Census(config.frequencies, parts.in_force, shelf_of(config.settings.data_dir), parts.clock, observer)
    told += [console.settled, census.settled]
    service = Service(parts, shards, storage.ownership, storage.log, outboxes, console)
    rescuer = Rescuer(parts, lambda: shards.assigned)
    presence = Presence(storage.absence, service.stopping, parts)
    service.helpers = [parts.workers.start, enrolment.run, rescuer.run, presence.run, census.run]
    closers = [outbox.sink.close for outbox in outboxes] + [parts.fetcher.close, parts.workers.close]
    service.closers = [*closers, census.keep, *storage.closers]
    built = Built(service, observer)
    arm = _attach_arming(service, storage)
    if source is not None:
        reloader = _attach_reload(built, config, source, enrolment, arm)
        reloader.counted, census.renew = census.frequencies.copy, reloader.renew
    if options.servers:
        from monitor.app.build.servers import attach_servers

        attach_servers(built, config)
    return built


def _attach_arming(service: Service, storage: Storage) -> Callable[[Rules], None]:
    """How new rules come into force: at once where no watch needs a topic, else each watch with its topic."""
    parts = service.parts
    if storage.faults is None:
        return partial(setattr, parts.in_force, "rules")
    arming = Arming(parts.in_force, parts.clock, parts.observe, storage.faults)
    service.helpers = [*service.helpers, arming.run]
    return arming.take


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


def _attach_reload(
    built: Built, config: Config, source: ConfigSource, enrolment: Enrolment, arm: Callable[[Rules], None]
) -> Reloader:
    service = built.service

    def apply(new: Config) -> None:
        now, fresh = service.parts.in_force, in_force(new)
        if fresh.fetch != now.fetch:
            service.parts.fetcher.use(fresh.fetch)
        now.fetch, now.credentials = fresh.fetch, fresh.credentials
        arm(fresh.rules)
        service.parts.pacer.book.settings = new.settings.hosts
        for shard in service.shards.shards.values():
            shard.nudge()

    reloader = Reloader(config, source, enrolment, apply=apply, console=service.console, observe=service.parts.observe)
    service.console.reload_with = reloader.reload
    service.helpers = [*service.helpers, reloader.run]
    return reloader
