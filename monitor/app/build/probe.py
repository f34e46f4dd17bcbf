"""What `probe` works with: one poll without a ledger, its document read in the same processes as always."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from monitor.app.build.rim import agent_of
from monitor.app.build.service import in_force
from monitor.app.pacing import HostPacer
from monitor.app.parts import InForce
from monitor.config.config import Config
from monitor.pipeline import read
from monitor.ports import Clock, Fetcher, Workers
from monitor.schedule.hosts import HostBook


@dataclass(frozen=True, slots=True)
class Bench:
    """The rim of a poll, and what it is judged by."""

    clock: Clock
    fetcher: Fetcher
    workers: Workers
    in_force: InForce


@asynccontextmanager
async def open_bench(config: Config) -> AsyncIterator[Bench]:
    """Everything a poll needs but a ledger; connections and processes end with the block."""
    from monitor.adapters.clock import SystemClock
    from monitor.adapters.http.fetcher import HttpFetcher
    from monitor.adapters.processes.workers import ProcessWorkers

    settings, clock = config.settings, SystemClock(lambda _note: None)
    pacer = HostPacer(HostBook(settings.hosts), clock)
    cap = float(settings.schedule.retry_after_cap)
    fetcher = HttpFetcher(settings.fetch, agent_of(settings.contact), clock, pacer, retry_after_cap=cap)
    workers = ProcessWorkers(read, settings.parse)
    try:
        yield Bench(clock, fetcher, workers, in_force(config))
    finally:
        await fetcher.close()
        await workers.close()
