"""The rim of a process: logging, metrics, the way out to feeds and the processes that read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from monitor import __version__
from monitor.app.lane import Lane
from monitor.app.pacing import HostPacer
from monitor.app.parts import InForce, Parts
from monitor.config.config import Config
from monitor.config.schema import PLACEHOLDER
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.pipeline import read
from monitor.ports import Clock, Ledger
from monitor.schedule.breaker import UplinkBreaker
from monitor.schedule.hosts import HostBook

if TYPE_CHECKING:
    from monitor.adapters.observe import Observer

Settled = Callable[[FeedSpec, Outcome], None]


def agent_of(contact: str) -> str:
    """The User-Agent: name, version and whom to turn to; a contact nobody has filled in is never sent."""
    about = f" (+{contact})" if contact and contact != PLACEHOLDER else ""
    return f"news-monitor/{__version__}{about}"


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
    from monitor.match.engine import engines

    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    metrics = Metrics(registry)
    metrics.build.info({"version": __version__, "engine": engines()[0].name})
    metrics.generation.info({"generation": config.generation})
    return Observer(configure(config.settings.log.format, config.settings.log.level, clock.monotonic, stderr), metrics)


def make_parts(config: Config, force: InForce, ledger: Ledger, clock: Clock, observer: Observer) -> Parts:
    """What shards work with, as the configuration has it; more of it is set by whoever assembles the service."""
    from monitor.adapters.http.fetcher import HttpFetcher
    from monitor.adapters.processes.workers import ProcessWorkers

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
        in_force=force,
    )
