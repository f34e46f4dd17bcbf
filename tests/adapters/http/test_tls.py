"""TLS that cannot be trusted, or is none."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.fetch.settings import FetchSettings
from monitor.model.poll import Fetched, FetchRequest, Verdict
from tests.adapters.http.conftest import AGENT
from tests.support.hostile import FEED, Connection, CountingPacer, HostileServer, WallClock, hostile_server, reply

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def fetcher(settings: FetchSettings, ca: trustme.CA) -> AsyncIterator[HttpFetcher]:
    """Trusts the test's own authority besides the system's."""
    everywhere = replace(settings, allow_ports=tuple(range(1024, 65536)))
    roots = ca.cert_pem.bytes().decode()
    running = HttpFetcher(everywhere, AGENT, WallClock(), CountingPacer(), authorities=roots)
    yield running
    await running.close()


@asynccontextmanager
async def tls_server(certificate: trustme.LeafCert) -> AsyncIterator[HostileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    async with hostile_server(ssl=context) as server:
        server.say("/", reply())
        yield server


async def _verdict(fetcher: HttpFetcher, certificate: trustme.LeafCert) -> Verdict:
    async with tls_server(certificate) as server:
        return await fetcher.fetch(FetchRequest(server.url("/")))


async def test_trusted(fetcher: HttpFetcher, ca: trustme.CA) -> None:
    """A certificate of a trusted authority for this host."""
    assert isinstance(await _verdict(fetcher, ca.issue_cert("127.0.0.1")), Fetched)


async def test_h62_certificate_with_a_hundred_names(fetcher: HttpFetcher, ca: trustme.CA) -> None:
    """Large but fine."""
    names = [f"{'a' * 50}{n}.example.org" for n in range(100)]

    assert isinstance(await _verdict(fetcher, ca.issue_cert("127.0.0.1", *names)), Fetched)


async def test_h58_certificates(fetcher: HttpFetcher, ca: trustme.CA) -> None:
    """Each kind of mistrust has its reason."""
    now = datetime.now(UTC)
    certificates = {
        "unknown_ca": trustme.CA().issue_cert("127.0.0.1"),
        "wrong_host": ca.issue_cert("elsewhere.example.org"),
        "expired": ca.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=now - timedelta(days=1)),
        "not_yet_valid": ca.issue_cert("127.0.0.1", not_before=now + timedelta(days=1)),
    }
    verdicts = {reason: await _verdict(fetcher, certificate) for reason, certificate in certificates.items()}

    assert {reason: (v.kind, v.reason) for reason, v in verdicts.items()} == {
        reason: ("tls_cert", reason) for reason in certificates
    }
    assert [reason for reason, verdict in verdicts.items() if "clock" in verdict.detail] == ["not_yet_valid"]


@pytest.mark.parametrize(
    "said",
    [
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"HTTP/1.1 400 Bad\r\n\r\n",
        b"\x00junk" * 100,
        b"",
    ],
    ids=["h59-old-version", "h59-no-cipher", "h60-plain-http", "h61-junk", "h61-nothing"],
)
async def test_h59_h60_h61_no_tls(fetcher: HttpFetcher, said: bytes) -> None:
    """Whatever answers a ClientHello with something else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        verdict = await fetcher.fetch(FetchRequest(f"https://127.0.0.1:{port}/"))

    assert (verdict.kind, verdict.reason) == ("tls", "handshake")


async def test_h60_tls_where_http_is_asked(fetcher: HttpFetcher, ca: trustme.CA) -> None:
    """The alert of a TLS server is no HTTP."""
    async with tls_server(ca.issue_cert("127.0.0.1")) as server:
        verdict = await fetcher.fetch(FetchRequest(server.url("/").replace("https", "http")))

    assert verdict.kind in ("protocol", "connect")


async def test_h57_silent_handshake(fetcher: HttpFetcher) -> None:
    """Told from a network that does not answer."""
    async with hostile_server() as server:
        verdict = await fetcher.fetch(FetchRequest(f"https://127.0.0.1:{server.port}/"))

    assert (verdict.kind, verdict.reason) == ("timeout", "handshake")


@contextmanager
def abrupt_server(certificate: trustme.LeafCert, said: bytes) -> Iterator[int]:
    """Answers one TLS connection and closes it without saying so (no close_notify)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        raw, _ = listener.accept()
        with context.wrap_socket(raw, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(said)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    thread.join()
    listener.close()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (reply(), "ok"),
        (reply(FEED, length=False), "ok"),
        (reply(FEED[:50], length=False), "truncated"),
        (reply(FEED[:50], f"Content-Length: {len(FEED)}", length=False), "truncated"),
    ],
    ids=["length", "whole-document", "torn-document", "short"],
)
async def test_h63_close_without_notice(fetcher: HttpFetcher, ca: trustme.CA, said: bytes, kind: str) -> None:
    """Fine behind a body that is known to be whole, truncated otherwise."""
    with abrupt_server(ca.issue_cert("127.0.0.1"), said) as port:
        verdict = await fetcher.fetch(FetchRequest(f"https://127.0.0.1:{port}/"))

    assert verdict.kind == kind


async def test_h43_downgrade(fetcher: HttpFetcher, ca: trustme.CA) -> None:
    """From https to http only where the feed allows it, and never with credentials."""
    from monitor.model.poll import Credentials

    async with tls_server(ca.issue_cert("127.0.0.1")) as server, hostile_server() as plain:
        url = server.say("/", reply(b"", f"Location: {plain.say('/', reply())}", status="302 Found"))
        secret = Credentials(("https", "127.0.0.1", server.port), (("authorization", "x"),))
        requests = [
            FetchRequest(url),
            FetchRequest(url, allow_downgrade=True),
            FetchRequest(url, allow_downgrade=True, credentials=secret),
        ]
        verdicts = [await fetcher.fetch(request) for request in requests]

    assert [(v.kind, v.reason) for v in verdicts] == [
        ("blocked_url", "downgrade"),
        ("ok", ""),
        ("blocked_url", "downgrade"),
    ]


async def test_p20_tls_connections_are_kept(fetcher: HttpFetcher, ca: trustme.CA) -> None:
    """One handshake for a burst."""

    async with tls_server(ca.issue_cert("127.0.0.1")) as server:
        for _ in range(5):
            assert isinstance(await fetcher.fetch(FetchRequest(server.url("/"))), Fetched)
        await fetcher.close()

    assert server.connections == 1


async def test_silent_after_the_handshake(fetcher: HttpFetcher, ca: trustme.CA) -> None:
    """Then it is the headers that do not come."""
    async with tls_server(ca.issue_cert("127.0.0.1")) as server:
        verdict = await fetcher.fetch(FetchRequest(server.say("/", Connection.silence)))
        await fetcher.close()

    assert (verdict.kind, verdict.reason) == ("timeout", "headers")
