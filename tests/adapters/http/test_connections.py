"""Connections: kept, refused, broken, silent, proxied, and many at once. Group C without names and TLS."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import replace

import pytest

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.adapters.http.lanes import SLOW_LANE, Lanes
from monitor.fetch.settings import FetchSettings
from monitor.model.poll import Fetched, FetchRequest, Gone, NotModified, Throttled
from tests.adapters.http.conftest import AGENT, Ask
from tests.support.hostile import FEED, Connection, CountingPacer, HostileServer, WallClock, reply


async def test_h55_nobody_listens(server: HostileServer, settings: FetchSettings, ask: Ask) -> None:
    """A closed port refuses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lonely = HttpFetcher(replace(settings, allow_ports=(port,)), AGENT, WallClock(), CountingPacer())
    verdict = await lonely.fetch(FetchRequest(f"http://127.0.0.1:{port}/"))
    await lonely.close()

    assert (verdict.kind, verdict.reason) == ("connect", "refused")


async def test_h55_reset(server: HostileServer, ask: Ask) -> None:
    """A reset instead of an answer is a fault of the connection, and is not asked for again."""

    async def slam(connection: Connection) -> None:
        connection.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        connection.writer.transport.abort()

    verdict = await ask(server.say("/", slam))

    assert (verdict.kind, verdict.reason, len(server.requests)) == ("connect", "reset", 1)


async def test_h56_accepts_and_never_speaks(server: HostileServer, ask: Ask) -> None:
    """Silence ends by the deadline of the headers."""
    verdict = await ask(server.say("/", Connection.silence))

    assert (verdict.kind, verdict.reason) == ("timeout", "headers")


async def test_h64_kept_connection_that_died(server: HostileServer, ask: Ask) -> None:
    """A kept connection closed in between costs one transparent repetition."""

    async def leave(connection: Connection) -> None:
        await connection.send(reply())

    url = server.say("/", leave, leave, reply())
    for _ in range(3):
        assert isinstance(await ask(url), Fetched)


async def test_h64_kept_connection_that_dies_at_the_request(server: HostileServer, ask: Ask) -> None:
    """The same when it dies only as the request arrives: asked twice, answered once."""

    async def hang_up(connection: Connection) -> None:
        connection.writer.close()

    url = server.say("/", reply(), hang_up, reply())

    assert isinstance(await ask(url), Fetched)
    assert isinstance(await ask(url), Fetched)
    assert (len(server.requests), server.connections) == (3, 2)


async def test_h64_only_once(server: HostileServer, ask: Ask) -> None:
    """A server that always hangs up is asked twice at most."""

    async def hang_up(connection: Connection) -> None:
        connection.writer.close()

    url = server.say("/", reply(), hang_up)
    await ask(url)
    verdict = await ask(url)

    assert verdict.kind in ("protocol", "connect")
    assert len(server.requests) == 3


async def test_p20_connections_are_kept_inside_a_burst(server: HostileServer, ask: Ask) -> None:
    """Ten polls, one connection; a 304 and an error do not end it."""
    url = server.say("/", reply(FEED, 'ETag: "1"'))
    missing = server.say("/404", reply(b"", status="404 Not Found"))
    for _ in range(5):
        await ask(url)
        await ask(missing)

    assert server.connections == 1


@pytest.mark.parametrize(
    ("status", "lines", "kind", "reason"),
    [
        ("400 B", (), "http_status", "4xx"),
        ("401 U", (), "auth", "401"),
        ("403 F", (), "http_status", "4xx"),
        ("404 N", (), "http_status", "4xx"),
        ("407 P", (), "auth", "407"),
        ("410 G", (), "gone", ""),
        ("429 T", (), "rate_limited", ""),
        ("500 I", (), "http_status", "5xx"),
        ("503 S", (), "http_status", "5xx"),
        ("503 S", ("Retry-After: 120",), "rate_limited", ""),
        ("503 S", ("Retry-After: soon",), "http_status", "5xx"),
        ("300 M", (), "http_status", "3xx"),
        ("201 C", (), "http_status", "unexpected_2xx"),
    ],
)
async def test_p9_statuses(
    server: HostileServer, ask: Ask, status: str, lines: tuple[str, ...], kind: str, reason: str
) -> None:
    """Every status is one verdict."""
    verdict = await ask(server.say("/", reply(FEED, *lines, status=status)))

    assert (verdict.kind, verdict.reason) == (kind, reason)
    assert verdict.response.status == int(status[:3])


@pytest.mark.parametrize(
    ("value", "wait"),
    [("120", 120), ("1000000000", 86400), ("-1", None), ("soon", None), ("Fri, 01 Jan 2099 00:00:00 GMT", 86400)],
)
async def test_h95_p7_retry_after(server: HostileServer, ask: Ask, value: str, wait: float | None) -> None:
    """Clamped to a day, or ignored."""
    verdict = await ask(server.say("/", reply(b"", f"Retry-After: {value}", status="429 T")))

    assert isinstance(verdict, Throttled)
    assert verdict.retry_after == wait


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        ('"' + "e" * 300 + '"', True),
        ('"' + "e" * 1022 + '"', True),
        ('"' + "e" * 1023 + '"', False),
        ('"' + "e" * 8000 + '"', False),
        ('"a\x1b[31m"', False),
        ("unquoted", True),
        ('W/"weak"', True),
        ('"café"', False),
        ("", False),
    ],
)
async def test_h92_b06_etags(server: HostileServer, ask: Ask, etag: str, kept: bool) -> None:
    """Up to 1 KiB comes back byte for byte, anything else is ignored, never cut."""
    url = server.say("/", reply(FEED, f"ETag: {etag}"), reply(b"", status="304 Not Modified"))
    first = await ask(url)
    assert isinstance(first, Fetched)
    second = await ask(url, validators=((url, first.validators),))

    assert server.requests[1].headers.get("if-none-match") == (etag if kept else None)
    assert isinstance(second, NotModified) is kept


@pytest.mark.parametrize(
    "date", ["garbage", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2099 00:00:00 GMT", "12.11.2026"]
)
async def test_h93_p2_last_modified(server: HostileServer, ask: Ask, date: str) -> None:
    """An opaque text, not a date of ours."""
    url = server.say("/", reply(FEED, f"Last-Modified: {date}", 'ETag: "1"'))
    first = await ask(url)
    assert isinstance(first, Fetched)
    await ask(url, validators=((url, first.validators),))

    assert server.requests[1].headers["if-modified-since"] == date
    assert server.requests[1].headers["if-none-match"] == '"1"'


async def test_p9_gone(server: HostileServer, ask: Ask) -> None:
    """410 is its own verdict."""
    assert isinstance(await ask(server.say("/", reply(b"", status="410 Gone"))), Gone)


async def test_proxy(server: HostileServer, settings: FetchSettings) -> None:
    """A configured proxy is asked for the whole URL."""
    through = HttpFetcher(replace(settings, allow_cidrs=()), AGENT, WallClock(), CountingPacer())
    server.say("http://feeds.example.org/rss", reply())
    verdict = await through.fetch(FetchRequest("http://feeds.example.org/rss", proxy=server.url("")))
    private = await through.fetch(FetchRequest("http://10.0.0.1/rss", proxy=server.url("")))
    await through.close()

    assert isinstance(verdict, Fetched)
    assert private.kind == "blocked_address"
    assert server.paths() == ["http://feeds.example.org/rss"]


async def test_h33_private_proxy_only_for_itself(server: HostileServer, settings: FetchSettings) -> None:
    """The proxy's own address is allowed as a proxy, not as a target."""
    strict = HttpFetcher(replace(settings, allow_cidrs=()), AGENT, WallClock(), CountingPacer())
    verdict = await strict.fetch(FetchRequest(server.say("/", reply())))
    await strict.close()

    assert verdict.kind == "blocked_address"
    assert server.connections == 0


async def test_h32_proxy_of_the_environment(server: HostileServer, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of the environment are not obeyed."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")

    assert isinstance(await ask(server.say("/", reply())), Fetched)


async def test_proxy_that_refuses_a_tunnel(server: HostileServer, settings: FetchSettings) -> None:
    """Its answer is a fault of the connection, not of the feed."""
    server.say("feeds.example.org:443", reply(b"", status="403 Forbidden"))
    through = HttpFetcher(settings, AGENT, WallClock(), CountingPacer())
    verdict = await through.fetch(FetchRequest("https://feeds.example.org/rss", proxy=server.url("")))
    await through.close()

    assert (verdict.kind, verdict.reason) == ("connect", "proxy")


async def test_concurrency_is_bounded(server: HostileServer, settings: FetchSettings) -> None:
    """No more polls run at once than `fetch.concurrency` says."""
    running, most = 0, 0

    async def count(connection: Connection) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        await connection.send(reply())

    server.say("/", count)
    few = HttpFetcher(replace(settings, concurrency=3), AGENT, WallClock(), CountingPacer())
    verdicts = await asyncio.gather(*(few.fetch(FetchRequest(server.url("/"))) for _ in range(12)))
    await few.close()

    assert {verdict.kind for verdict in verdicts} == {"ok"}
    assert most == 3


async def test_h65_slow_hosts_share_a_lane() -> None:
    """Hosts that were slow cannot take all the places; one quick answer and a host is out of the lane."""
    lanes = Lanes(256)
    for n in range(100):
        lanes.note(f"slow{n}", 6.0)
    inside: list[str] = []
    release = asyncio.Event()

    async def poll(host: str) -> None:
        async with lanes.place(host):
            inside.append(host)
            await release.wait()

    tasks = [asyncio.ensure_future(poll(host)) for host in [*(f"slow{n}" for n in range(100)), "good"]]
    await asyncio.sleep(0.01)
    assert len(inside) == SLOW_LANE + 1
    assert "good" in inside
    release.set()
    await asyncio.gather(*tasks)
    lanes.note("slow0", 0.1)
    assert "slow0" not in lanes._hosts


async def test_cancelled_poll(fetcher: HttpFetcher, server: HostileServer, pacer: CountingPacer) -> None:
    """A poll that is cancelled gives its turn and its place back."""
    task = asyncio.ensure_future(fetcher.fetch(FetchRequest(server.say("/", Connection.silence))))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert pacer.inside == 0
    assert isinstance(await fetcher.fetch(FetchRequest(server.say("/ok", reply()))), Fetched)


async def test_n05_half_open_connection(server: HostileServer, settings: FetchSettings, ask: Ask) -> None:
    """The peer of a kept connection is gone without a word: the read timeout ends it, the next poll gets through."""
    url = server.say("/", reply(), Connection.silence, reply())
    assert isinstance(await ask(url), Fetched)

    verdict = await asyncio.wait_for(ask(url), 2 * settings.read_timeout + 1)

    assert (verdict.kind, verdict.reason, server.connections) == ("timeout", "headers", 1)
    assert isinstance(await ask(url), Fetched)
    assert server.connections == 2
