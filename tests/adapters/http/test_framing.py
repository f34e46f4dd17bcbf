"""What is no HTTP, or hardly: group D of the hostile inputs."""

from __future__ import annotations

import asyncio
import time
from random import Random

import pytest

from monitor.model.poll import Failed, Fetched, NotModified
from tests.adapters.http.conftest import Ask
from tests.support.hostile import FEED, SLOWED, Connection, HostileServer, reply, slowness

LONG = b"a" * (1 << 20)


async def test_h69_fin_inside_the_headers(server: HostileServer, ask: Ask) -> None:
    """Half a head is a fault of the protocol, and is asked for once."""
    verdict = await ask(server.say("/", b"HTTP/1.1 200 OK\r\nContent-Ty"))

    assert (verdict.kind, verdict.reason, len(server.requests)) == ("protocol", "framing", 1)


@pytest.mark.parametrize(
    "said",
    [
        FEED,
        b"ICY 200 OK\r\ncontent-type: audio/mpeg\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["http-0.9", "icy", "http-2", "http-3.7"],
)
async def test_h71_other_protocols(server: HostileServer, ask: Ask, said: bytes) -> None:
    """What speaks something else is told so."""
    assert (await ask(server.say("/", said))).kind == "protocol"


@pytest.mark.parametrize("seed", range(5))
async def test_h72_random_bytes(server: HostileServer, ask: Ask, seed: int) -> None:
    """Noise is no HTTP."""
    assert (await ask(server.say("/", Random(seed).randbytes(3000)))).kind == "protocol"


@pytest.mark.parametrize("status", ["99 Low", "abc Text", "999 High", "000 Zero", "600 Six"])
async def test_h73_no_such_status(server: HostileServer, ask: Ask, status: str) -> None:
    """A number outside of 100 to 599 means nothing."""
    assert (await ask(server.say("/", reply(status=status)))).kind in ("protocol", "http_status")


@pytest.mark.parametrize("status", ["101 Switching Protocols", "206 Partial Content", "226 IM Used"])
async def test_h74_unasked_success(server: HostileServer, ask: Ask, status: str) -> None:
    """A success nobody asked for is none."""
    verdict = await ask(server.say("/", reply(status=status)))

    assert verdict.kind in ("protocol", "http_status")


@pytest.mark.parametrize("status", ["204 No Content", "205 Reset Content"])
async def test_h74_no_content(server: HostileServer, ask: Ask, status: str) -> None:
    """Nothing to read is nothing new."""
    assert isinstance(await ask(server.say("/", reply(b"", status=status))), NotModified)


@pytest.mark.parametrize("status", ["100 Continue", "103 Early Hints"])
async def test_h75_endless_interim_responses(server: HostileServer, ask: Ask, status: str) -> None:
    """Interim answers for ever end by the deadline of the headers."""

    async def go_on(connection: Connection) -> None:
        while True:
            await connection.send(f"HTTP/1.1 {status}\r\n\r\n".encode())
            await asyncio.sleep(0.01)

    verdict = await ask(server.say("/", go_on))

    assert (verdict.kind, verdict.reason) == ("timeout", "headers")


async def test_h76_early_hints_then_a_document(server: HostileServer, ask: Ask) -> None:
    """Early hints are skipped."""
    verdict = await ask(server.say("/", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + reply()))

    assert isinstance(verdict, Fetched)


async def test_h77_304_nobody_asked_for(server: HostileServer, ask: Ask) -> None:
    """Not modified against what? The state drops its validators on this verdict."""
    verdict = await ask(server.say("/", reply(b"", status="304 Not Modified")))

    assert (verdict.kind, verdict.reason) == ("http_status", "unasked_304")


async def test_h79_a_thousand_headers(server: HostileServer, ask: Ask) -> None:
    """More than 128 are refused."""
    verdict = await ask(server.say("/", reply(FEED, *(f"X-{n}: y" for n in range(1000)))))

    assert verdict.kind == "protocol"


async def test_h80_huge_header_in_single_bytes(server: HostileServer, ask: Ask) -> None:
    """A header without end, byte by byte."""

    async def go_on(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(1 << 20):
            await connection.send(b"a")
            await asyncio.sleep(0)

    assert (await ask(server.say("/", go_on))).kind in ("protocol", "timeout")


async def test_h81_huge_reason_phrase(server: HostileServer, ask: Ask) -> None:
    """A megabyte behind the status."""
    assert (await ask(server.say("/", b"HTTP/1.1 200 " + LONG + b"\r\n\r\n"))).kind == "protocol"


async def test_h82_endless_header(server: HostileServer, ask: Ask) -> None:
    """A header value that never ends."""

    async def go_on(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nX: ")
        await connection.flood(b"a" * 4096)

    assert (await ask(server.say("/", go_on))).kind == "protocol"


async def test_h83_dripped_headers(server: HostileServer, ask: Ask) -> None:
    """A byte now and then stays under every socket timeout, not under the deadline of the headers."""

    async def go_on(connection: Connection) -> None:
        await connection.drip([bytes([byte]) for byte in reply(FEED, *(f"X-{n}: y" for n in range(50)))], 0.05)

    started = time.monotonic()
    verdict = await ask(server.say("/", go_on))

    assert (verdict.kind, verdict.reason) == ("timeout", "headers")
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("control", ["\x00", "\r"], ids=["nul", "cr"])
async def test_h84_controls_in_a_header(server: HostileServer, ask: Ask, control: str) -> None:
    """Controls that split headers elsewhere are refused."""
    assert (await ask(server.say("/", reply(FEED, f"X-Evil: a{control}b")))).kind == "protocol"


async def test_h84_escape_code_in_a_header(server: HostileServer, ask: Ask) -> None:
    """An escape code passes as text and never shows in what people are told."""
    verdict = await ask(server.say("/", reply(b"", "X-Evil: \x1b[31mred", status="404 \x1b[31m")))

    assert isinstance(verdict, Failed)
    assert "\x1b" not in verdict.detail


@pytest.mark.parametrize(
    "said",
    [
        reply(FEED, "X-Name: caf\xe9"),
        "HTTP/1.1 200 OK\r\nX-Name: café\r\n".encode() + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED,
        b"HTTP/1.1 200 OK\nContent-Length: %d\n\n" % len(FEED) + FEED,
    ],
    ids=["latin-1", "utf-8", "bare-lf"],
)
async def test_h85_sloppy_headers(server: HostileServer, ask: Ask, said: bytes) -> None:
    """What has one meaning is read."""
    assert isinstance(await ask(server.say("/", said)), Fetched)


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -5",),
        ("Content-Length: +5",),
        ("Content-Length: 5_0",),
        ("Content-Length: 1" + "0" * 30,),
    ],
    ids=["cl-te", "two", "negative", "plus", "underscore", "huge"],
)
async def test_h86_lengths_that_smuggle(server: HostileServer, ask: Ask, lines: tuple[str, ...]) -> None:
    """Framing with two meanings is refused."""
    verdict = await ask(server.say("/", reply(b"5\r\nhello\r\n0\r\n\r\n", *lines, length=False)))

    assert verdict.kind == "protocol"


@pytest.mark.parametrize("size", [b"xyz", b"-5", b"f" * 20, b"0x5"], ids=["bad", "negative", "overflow", "prefix"])
async def test_h87_bad_chunk_sizes(server: HostileServer, ask: Ask, size: bytes) -> None:
    """A chunk size that is none."""
    verdict = await ask(server.say("/", reply(size + b"\r\nhello\r\n", "Transfer-Encoding: chunked", length=False)))

    assert verdict.kind == "protocol"


async def test_h87_bad_chunk_size_after_a_good_one(server: HostileServer, ask: Ask) -> None:
    """Nonsense in the middle is a fault of the protocol, not a body cut short."""

    async def go_on(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await asyncio.sleep(0.1)
        await connection.send(b"nonsense\r\n")

    assert (await ask(server.say("/", go_on))).kind == "protocol"


async def test_h88_endless_trailers(server: HostileServer, ask: Ask) -> None:
    """Trailers are counted like headers."""

    async def go_on(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n")
        await connection.flood(b"X-Trailer: y\r\n")

    assert (await ask(server.say("/", go_on))).kind == "protocol"


async def test_h90_more_than_the_announced_length(server: HostileServer, ask: Ask) -> None:
    """What follows the announced end is nobody's answer."""
    verdict = await ask(server.say("/", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + FEED))

    assert verdict.kind == "protocol"


async def test_h91_a_million_chunks_of_one_byte(server: HostileServer, ask: Ask) -> None:
    """Small chunks cost CPU, but less than 2 s for a million, on a machine with nothing else to do."""

    async def spell(connection: Connection) -> None:
        await connection.send(reply(b"", "Transfer-Encoding: chunked", length=False))
        for _ in range(128):
            await connection.send(b"1\r\na\r\n" * (1 << 13))
            await asyncio.sleep(0)
        await connection.send(b"0\r\n\r\n")

    async def cost() -> float:
        before = time.thread_time()
        verdict = await ask(server.url("/"))
        assert isinstance(verdict, Fetched)
        assert len(verdict.body) == 1 << 20
        return (time.thread_time() - before) / slowness()

    server.say("/", spell)
    taken = [await cost()]
    while min(taken) >= 2 * SLOWED and len(taken) < 3:
        taken.append(await cost())
    assert min(taken) < 2 * SLOWED


@pytest.mark.parametrize("extra", ["Expires: 0", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "Date: soon"])
async def test_h96_odd_dates(server: HostileServer, ask: Ask, extra: str) -> None:
    """Dates off by years do not spoil a document."""
    assert isinstance(await ask(server.say("/", reply(FEED, extra))), Fetched)


async def test_h97_html_type_over_a_feed(server: HostileServer, ask: Ask) -> None:
    """The type is a hint for the parser, not a reason to refuse."""
    verdict = await ask(server.say("/", reply(FEED, "Content-Type: text/html")))

    assert isinstance(verdict, Fetched)
    assert verdict.response.header("content-type") == "text/html"


async def test_h98_html_under_a_feed_type(server: HostileServer, ask: Ask) -> None:
    """The fetcher hands it on with its facts; the gate of the parser says `not_a_feed`."""
    verdict = await ask(server.say("/", reply(b"<html></html>", "Content-Type: application/rss+xml")))

    assert isinstance(verdict, Fetched)


async def test_h101_cookies_are_never_kept(server: HostileServer, ask: Ask) -> None:
    """Sixty cookies, one for all of `com`: none comes back."""
    cookies = [f"Set-Cookie: c{n}=1; Domain=com" for n in range(60)]
    url = server.say("/", reply(FEED, *cookies))
    await ask(url)
    await ask(url)

    assert [request.headers.get("cookie") for request in server.requests] == [None, None]
