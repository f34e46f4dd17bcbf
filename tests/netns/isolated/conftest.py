"""A small internet on loopback: public, private and odd addresses, a web server on all of them, a name server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import REASONS
from monitor.model.poll import Failed, FetchRequest, Verdict
from monitor.model.units import Duration
from tests.support.hostile import CountingPacer, HostileServer, WallClock, hostile_server, reply
from tests.support.names import NameServer, name_server

PUBLIC, OTHER, PUBLIC_V6 = "203.0.113.10", "203.0.113.11", "2001:db8::10"
V4 = (
    *(PUBLIC, OTHER, "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200", "169.254.169.254"),
    *("168.63.129.16", "192.0.2.1", "198.18.0.1", "192.88.99.1"),
)
V6 = (
    *(PUBLIC_V6, "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "3fff::1", "5f00::1", "2001:db8:1::1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "64:ff9b::808:808", "2002:7f00:1::1"),
)


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True).stdout


def _ways_out() -> list[str]:
    """Routes that leave loopback."""
    routes = [
        route
        for family in ("-4", "-6")
        for route in json.loads(_ip("-j", family, "route", "show", "table", "all") or "[]")
    ]
    return [str(route) for route in routes if route.get("dev") != "lo"]


@pytest.fixture(scope="session", autouse=True)
def namespace() -> None:
    """Brings loopback up with all the addresses, after proof that nothing can leave it."""
    if not os.environ.get("MONITOR_TEST_NETNS") or _ways_out():
        pytest.exit("refused: this is no namespace of our own, packets could reach strangers", 1)
    _ip("link", "set", "lo", "up")
    for address in V4:
        _ip("addr", "add", f"{address}/32", "dev", "lo")
    for address in V6:
        _ip("-6", "addr", "add", f"{address}/128", "dev", "lo", "nodad")
    if _ways_out():
        pytest.exit("refused: a route leaves loopback", 1)


@dataclass
class Internet:
    """One web server on port 80 of every address, the name server, and who was really connected to."""

    servers: tuple[HostileServer, ...]
    names: NameServer
    reached: list[str]

    def say(self, path: str, *says: Any) -> None:
        for server in self.servers:
            server.say(path, *says)

    def requests(self) -> list[Any]:
        return [request for server in self.servers for request in server.requests]


class Witness(HostileServer):
    """Notes the address it was reached at."""

    reached: list[str]

    async def serve(self, reader: Any, writer: Any) -> None:
        self.reached.append(writer.get_extra_info("sockname")[0])
        await super().serve(reader, writer)


@pytest.fixture
async def internet() -> AsyncIterator[Internet]:
    reached: list[str] = []
    async with AsyncExitStack() as stack:
        names = await stack.enter_async_context(name_server())
        servers = [await stack.enter_async_context(hostile_server(host, 80)) for host in ("0.0.0.0", "::")]
        for server in servers:
            server.__class__ = Witness
            server.reached = reached  # type: ignore[attr-defined]
            server.say("/", reply())
        yield Internet(tuple(servers), names, reached)


@pytest.fixture
def settings(internet: Internet) -> FetchSettings:
    """Two documentation networks play the public part."""
    return FetchSettings(
        allow_cidrs=("203.0.113.0/24", PUBLIC_V6),
        nameservers=(internet.names.address,),
        connect_timeout=Duration(8),
        read_timeout=Duration(1),
    )


Ask = Callable[..., Awaitable[Verdict]]


@pytest.fixture
async def fetchers(settings: FetchSettings) -> AsyncIterator[Callable[..., HttpFetcher]]:
    """Makes fetchers whose settings differ."""
    made: list[HttpFetcher] = []

    def make(**changes: Any) -> HttpFetcher:
        made.append(HttpFetcher(replace(settings, **changes), "news-monitor/0 (+x)", WallClock(), CountingPacer()))
        return made[-1]

    yield make
    for fetcher in made:
        await fetcher.close()


@pytest.fixture
async def ask(fetchers: Callable[..., HttpFetcher], internet: Internet) -> AsyncIterator[Ask]:
    """One poll; afterwards nobody but the public addresses has been reached."""
    fetcher = fetchers()

    async def poll(url: str, **facts: Any) -> Verdict:
        verdict = await fetcher.fetch(replace(FetchRequest(url), **facts))
        if isinstance(verdict, Failed):
            assert verdict.reason in REASONS[verdict.kind]
        return verdict

    yield poll
    assert set(internet.reached) <= {PUBLIC, OTHER, PUBLIC_V6}
