"""A hostile server on loopback and a fetcher that is allowed to speak to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import REASONS
from monitor.model.poll import Failed, FetchRequest, Verdict
from monitor.model.units import Duration
from tests.support.hostile import SLOWED, CountingPacer, HostileServer, WallClock, hostile_server, stall_meter

AGENT = "news-monitor/0.1 (+https://example.org/contact)"
Ask = Callable[..., Awaitable[Verdict]]


@pytest.fixture
async def server() -> AsyncIterator[HostileServer]:
    """A server that says what the test tells it to."""
    async with hostile_server() as running:
        yield running


@pytest.fixture
def settings(server: HostileServer) -> FetchSettings:
    """Loopback allowed, short deadlines."""
    return FetchSettings(
        allow_cidrs=("127.0.0.0/8",),
        allow_ports=(server.port,),
        connect_timeout=Duration(1),
        read_timeout=Duration(0.5),
        total_timeout=Duration(8),
    )


@pytest.fixture
def pacer() -> CountingPacer:
    return CountingPacer()


@pytest.fixture
async def fetcher(settings: FetchSettings, pacer: CountingPacer) -> AsyncIterator[HttpFetcher]:
    """The real one."""
    running = HttpFetcher(settings, AGENT, WallClock(), pacer)
    yield running
    await running.close()


@pytest.fixture
async def ask(fetcher: HttpFetcher) -> AsyncIterator[Ask]:
    """One poll; afterwards every reason was one of the closed set and the loop was never held for 100 ms."""

    async def poll(url: str, **facts: Any) -> Verdict:
        verdict = await fetcher.fetch(replace(FetchRequest(url), **facts))
        if isinstance(verdict, Failed):
            assert verdict.reason in REASONS[verdict.kind]
        return verdict

    async with stall_meter() as stall:
        yield poll
    assert stall.longest < 0.1 * SLOWED
