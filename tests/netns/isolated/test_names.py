"""Names that lead to private places, or to none at all."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.model.poll import Fetched, FetchRequest
from monitor.model.units import Duration
from tests.netns.isolated.conftest import PUBLIC, PUBLIC_V6, Ask, Internet

URL = "http://feeds.example.org/"
HOST = "feeds.example.org"


async def test_name_with_a_public_address(ask: Ask, internet: Internet) -> None:
    """The ordinary case."""
    internet.names.say(HOST, (PUBLIC,))

    assert isinstance(await ask(URL), Fetched)


@pytest.mark.parametrize(
    "answer",
    [
        ("127.0.0.1",),
        ("::ffff:7f00:1",),
        ("10.0.0.1", "192.168.1.1", "127.0.0.1"),
        ("10.0.0.1", "fd00:ec2::254"),
        ("64:ff9b::7f00:1",),
    ],
    ids=["h18-loopback", "h19-mapped", "h21-several", "h21-both-families", "nat64"],
)
async def test_h18_h19_h21_names_of_private_addresses(ask: Ask, internet: Internet, answer: tuple[str, ...]) -> None:
    """`blocked_address`, not `connect`, also when all of several are refused."""
    internet.names.say(HOST, answer)

    assert (await ask(URL)).kind == "blocked_address"


async def test_h01_own_name_of_the_pod(fetchers: Callable[..., HttpFetcher], internet: Internet) -> None:
    """A listed single label is still judged by its address."""
    internet.names.say("monitor-0", ("10.0.0.1",))
    verdict = await fetchers(allow_hosts=("monitor-0",)).fetch(FetchRequest("http://monitor-0/"))

    assert verdict.kind == "blocked_address"
    assert internet.reached == []


async def test_h20_mixed_answer(ask: Ask, internet: Internet) -> None:
    """The public address is used, and that there was another is told."""
    internet.names.say(HOST, ("10.0.0.1", PUBLIC, "fd00:ec2::254"))
    verdict = await ask(URL)

    assert isinstance(verdict, Fetched)
    assert verdict.response.partly_private
    assert internet.reached == [PUBLIC]


async def test_h20_mixed_answer_where_names_are_strict(
    fetchers: Callable[..., HttpFetcher], internet: Internet
) -> None:
    """Then one private address is enough."""
    internet.names.say(HOST, ("10.0.0.1", PUBLIC))
    verdict = await fetchers(strict_dns=True).fetch(FetchRequest(URL))

    assert (verdict.kind, verdict.reason) == ("blocked_address", "partly_private")
    assert internet.reached == []


async def test_h22_rebinding(fetchers: Callable[..., HttpFetcher], internet: Internet) -> None:
    """Public when asked first, private when asked again: each connection is judged by what it connects to."""
    internet.names.say(HOST, (PUBLIC,), ("127.0.0.1",))
    kinds = []
    for _ in range(3):
        fetcher = fetchers()
        kinds.append((await fetcher.fetch(FetchRequest(URL))).kind)

    assert kinds == ["ok", "blocked_address", "blocked_address"]
    assert internet.reached == [PUBLIC]


async def test_h23_rebinding_on_a_kept_connection(fetchers: Callable[..., HttpFetcher], internet: Internet) -> None:
    """A kept connection keeps the address it was judged by; the next one is judged anew."""
    internet.names.say(HOST, (PUBLIC,), ("127.0.0.1",))
    fetcher = fetchers()
    verdicts = [await fetcher.fetch(FetchRequest(URL)) for _ in range(3)]
    await fetcher.close()
    verdicts.append(await fetcher.fetch(FetchRequest(URL)))

    assert [verdict.kind for verdict in verdicts] == ["ok", "ok", "ok", "blocked_address"]
    assert internet.reached == [PUBLIC]


async def test_h24_two_hundred_addresses(ask: Ask, internet: Internet) -> None:
    """A few are tried, then it is over."""
    internet.names.say(HOST, tuple(f"203.0.113.{n}" for n in range(50, 250)))
    started = time.monotonic()
    verdict = await ask(URL)

    assert verdict.kind == "connect"
    assert time.monotonic() - started < 5


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
    ask: Ask, internet: Internet, answer: tuple[str, ...], reasons: set[str]
) -> None:
    """Each with its reason."""
    internet.names.say(HOST, answer)
    verdict = await ask(URL)

    assert verdict.kind == "dns"
    assert verdict.reason in reasons


async def test_h53_silent_name_server(ask: Ask, internet: Internet) -> None:
    """Over within 6 s, and thirty silent names do not hold a good one up."""
    internet.names.say("good.example.org", (PUBLIC,))
    for n in range(30):
        internet.names.say(f"silent{n}.example.org", ("SILENT",))
    started = time.monotonic()
    slow = [asyncio.ensure_future(ask(f"http://silent{n}.example.org/")) for n in range(30)]
    await asyncio.sleep(0.1)
    good = await ask("http://good.example.org/")
    waited = time.monotonic() - started
    verdicts = await asyncio.gather(*slow)

    assert isinstance(good, Fetched)
    assert waited < 1
    assert {(verdict.kind, verdict.reason) for verdict in verdicts} == {("dns", "silent")}
    assert time.monotonic() - started < 7


@contextmanager
def black_hole(address: str, port: int) -> Iterator[None]:
    """A place that takes no more connections: its queue is full, so the kernel drops what comes."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(family))
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket(family))
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield


async def test_h55_black_hole(fetchers: Callable[..., HttpFetcher]) -> None:
    """No answer to a connection ends by the connect timeout."""
    fetcher = fetchers(connect_timeout=Duration(1))
    with black_hole(PUBLIC, 8080):
        verdicts = [await fetcher.fetch(FetchRequest(f"{scheme}://{PUBLIC}:8080/")) for scheme in ("http", "https")]

    assert [(verdict.kind, verdict.reason) for verdict in verdicts] == [("timeout", "connect")] * 2


async def test_h67_ipv6_dead_ipv4_fine(ask: Ask, internet: Internet) -> None:
    """The other family is tried within a second."""
    server = await asyncio.start_server(internet.servers[0].serve, PUBLIC, 8080)
    internet.names.say(HOST, (PUBLIC, PUBLIC_V6))
    started = time.monotonic()
    with black_hole(PUBLIC_V6, 8080):
        verdict = await ask("http://feeds.example.org:8080/")
    server.close()

    assert isinstance(verdict, Fetched)
    assert time.monotonic() - started < 1
