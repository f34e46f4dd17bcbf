"""Names, with a name server and all addresses on loopback; 127.9/16 plays the forbidden part."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.adapters.http.guard import MAX_TRIED, REMEMBERED, GuardedResolver, SocketGuard
from monitor.fetch.guard import Guard
from monitor.fetch.settings import FetchSettings
from monitor.model.poll import Failed, Fetched, FetchRequest, Verdict
from tests.adapters.http.conftest import AGENT
from tests.support.hostile import CountingPacer, HostileServer, WallClock, reply
from tests.support.names import NameServer, name_server

HOST = "feeds.example.org"


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    async with name_server() as running:
        yield running


@pytest.fixture
def settings(settings: FetchSettings, names: NameServer) -> FetchSettings:
    return replace(settings, nameservers=(names.address,), deny_cidrs=("127.9.0.0/16",))


Poll = Callable[..., Awaitable[Verdict]]


@pytest.fixture
async def poll(settings: FetchSettings, server: HostileServer) -> AsyncIterator[Poll]:
    """Polls a host of this name with settings of its own."""
    made: list[HttpFetcher] = []

    async def poll(host: str = HOST, path: str = "/", **changes: object) -> Verdict:
        server.say("/", reply())
        made.append(HttpFetcher(replace(settings, **changes), AGENT, WallClock(), CountingPacer()))  # type: ignore[arg-type]
        return await made[-1].fetch(FetchRequest(f"http://{host}:{server.port}{path}"))

    yield poll
    for fetcher in made:
        await fetcher.close()


async def test_name_is_asked_at_the_configured_server(names: NameServer, poll: Poll) -> None:
    """`address:port` of `fetch.nameservers`."""
    names.say(HOST, ("127.0.0.1",))

    assert isinstance(await poll(), Fetched)
    assert {name for name, _ in names.asked} == {HOST}


async def test_h18_h21_forbidden_addresses(names: NameServer, server: HostileServer, poll: Poll) -> None:
    """One or several: `blocked_address`, and nothing is connected to."""
    names.say(HOST, ("127.9.0.1",))
    names.say("several.example.org", ("127.9.0.1", "127.9.0.2", "127.9.0.3"))
    verdicts = [await poll(), await poll("several.example.org")]

    assert [(verdict.kind, verdict.reason) for verdict in verdicts] == [("blocked_address", "denied")] * 2
    assert server.connections == 0


async def test_h20_mixed_answer(names: NameServer, poll: Poll) -> None:
    """Used and told, or refused where names are strict; a clean answer later clears the name."""
    names.say(HOST, ("127.9.0.1", "127.0.0.1"))
    mixed, strict = await poll(), await poll(strict_dns=True)

    assert isinstance(mixed, Fetched)
    assert mixed.response.partly_private
    assert (strict.kind, strict.reason) == ("blocked_address", "partly_private")


async def test_h22_h23_rebinding(names: NameServer, settings: FetchSettings, server: HostileServer) -> None:
    """Every new connection is judged by the address it connects to."""
    names.say(HOST, ("127.0.0.1",), ("127.9.0.1",))
    url = server.say("/", reply()).replace("127.0.0.1", HOST)
    fetcher = HttpFetcher(settings, AGENT, WallClock(), CountingPacer())
    kinds = [(await fetcher.fetch(FetchRequest(url))).kind for _ in range(2)]
    await fetcher.close()
    kinds.append((await fetcher.fetch(FetchRequest(url))).kind)
    await fetcher.close()

    assert kinds == ["ok", "ok", "blocked_address"]


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (("NXDOMAIN",), {"nxdomain"}),
        (("SERVFAIL",), {"servfail"}),
        ((), {"empty", "nxdomain"}),
        ((f"CNAME {HOST}",), {"empty", "servfail", "nxdomain"}),
    ],
    ids=["h51-nxdomain", "h52-servfail", "h54-empty", "h54-cname-loop"],
)
async def test_h51_h52_h54_names_that_fail(
    names: NameServer, poll: Poll, answer: tuple[str, ...], reasons: set[str]
) -> None:
    """Each with its reason."""
    names.say(HOST, answer)
    verdict = await poll()

    assert isinstance(verdict, Failed)
    assert verdict.kind == "dns"
    assert verdict.reason in reasons


async def test_h53_silent_name_server(names: NameServer, poll: Poll) -> None:
    """The connect timeout ends it, whatever the resolver would still wait for."""
    names.say(HOST, ("SILENT",))
    started = time.monotonic()
    verdict = await poll()

    assert (verdict.kind, verdict.reason) == ("dns", "silent")
    assert time.monotonic() - started < 3


async def test_h24_h70_odd_names(names: NameServer, poll: Poll) -> None:
    """Many addresses, and 253 characters."""
    long = ".".join(["a" * 63] * 3 + ["b" * 61])
    names.say(HOST, tuple(f"127.0.{n}.1" for n in range(200)))
    names.say(long, ("127.0.0.1",))

    assert (await poll()).kind in ("ok", "connect")
    assert isinstance(await poll(long + "."), Fetched)


class FixedNames(AbstractResolver):
    """Every name has the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        pass


async def test_h24_a_few_of_each_family() -> None:
    """Both families keep their chance."""
    many = [f"203.0.114.{n}" for n in range(100)] + [f"2a00::{n}" for n in range(100)]
    resolver = GuardedResolver(FixedNames(*many), Guard.of(FetchSettings()), strict=False)
    found = [one["host"] for one in await resolver.resolve("feeds.example.org")]

    assert len(found) == 2 * MAX_TRIED
    assert {":" in host for host in found} == {True, False}


async def test_h33_proxy_of_a_private_name(
    names: NameServer, server: HostileServer, poll: Poll, settings: FetchSettings
) -> None:
    """The proxy's own name may be as private as it likes; it is the guard behind which targets are looked up."""
    names.say("proxy.example.org", ("127.0.0.1",))
    server.say(f"http://{HOST}:8080/", reply())
    through = HttpFetcher(replace(settings, allow_cidrs=()), AGENT, WallClock(), CountingPacer())
    proxy = f"http://proxy.example.org:{server.port}"
    verdict = await through.fetch(FetchRequest(f"http://{HOST}:8080/", proxy=proxy))
    await through.close()

    assert isinstance(verdict, Fetched)
    assert not verdict.response.partly_private
    assert [name for name, _ in names.asked if name == HOST] == []


async def test_mixed_names_are_remembered_within_bounds() -> None:
    """The oldest are forgotten; a clean answer is forgotten at once."""
    guard = Guard.of(FetchSettings())
    resolver = GuardedResolver(FixedNames("10.0.0.1", "8.8.8.8"), guard, strict=False)
    for n in range(REMEMBERED + 1):
        await resolver.resolve(f"{n}.example.org")

    assert not resolver.is_mixed("0.example.org")
    assert resolver.is_mixed("1.example.org")


def test_socket_guard_outside_of_a_poll() -> None:
    """Whoever opens a socket through it is judged, also where no poll runs."""
    guard = SocketGuard(Guard.of(FetchSettings()))

    with pytest.raises(OSError, match="loopback"):
        guard((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80)))
    with guard((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("8.8.8.8", 80))) as made:
        assert made.family == socket.AF_INET


async def test_h53_a_good_name_among_silent_ones(names: NameServer, poll: Poll) -> None:
    """Thirty silent names do not hold it up."""
    names.say(HOST, ("127.0.0.1",))
    for n in range(30):
        names.say(f"silent{n}.example.org", ("SILENT",))
    slow = [asyncio.ensure_future(poll(f"silent{n}.example.org")) for n in range(30)]
    await asyncio.sleep(0.05)
    started = time.monotonic()
    good = await poll()

    assert isinstance(good, Fetched)
    assert time.monotonic() - started < 0.5
    assert {verdict.kind for verdict in await asyncio.gather(*slow)} == {"dns"}
