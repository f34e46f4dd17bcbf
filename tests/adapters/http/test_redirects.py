"""Redirects are walked by hand: every hop is judged and gets headers of its own. Group B of the hostile inputs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.fetch.settings import FetchSettings
from monitor.model.poll import Credentials, Failed, Fetched, FetchRequest, Hop, Validators
from tests.adapters.http.conftest import AGENT, Ask
from tests.support.hostile import FEED, CountingPacer, HostileServer, WallClock, hostile_server, reply

SECRETS = (("authorization", "Bearer secret"), ("x-api-key", "secret"))


@pytest.fixture
async def other() -> AsyncIterator[HostileServer]:
    """Another origin: the same host, another port."""
    async with hostile_server() as running:
        yield running


@pytest.fixture
def settings(settings: FetchSettings, other: HostileServer) -> FetchSettings:
    return replace(settings, allow_ports=(*settings.allow_ports, other.port))


def to(location: str, status: str = "302 Found") -> bytes:
    return reply(b"", f"Location: {location}", status=status)


async def test_h35_loop(server: HostileServer, ask: Ask) -> None:
    """A circle ends when it closes, with the hops on record."""
    server.say("/a", to("/b"))
    server.say("/b", to("/a"))
    verdict = await ask(server.url("/a"))

    assert (verdict.kind, verdict.reason) == ("http_status", "loop")
    assert verdict.response.hops == (Hop(server.url("/a"), 302), Hop(server.url("/b"), 302))


async def test_h35_six_hops(server: HostileServer, ask: Ask) -> None:
    """Five are followed, the sixth is not."""
    for n in range(7):
        server.say(f"/{n}", to(f"/{n + 1}"))
    server.say("/five/5", reply())
    for n in range(5):
        server.say(f"/five/{n}", to(f"/five/{n + 1}"))

    assert isinstance(await ask(server.url("/five/0")), Fetched)
    verdict = await ask(server.url("/0"))
    assert (verdict.kind, verdict.reason) == ("http_status", "too_many_hops")
    assert len(verdict.response.hops) == 6


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
async def test_redirects_are_followed(server: HostileServer, ask: Ask, status: str) -> None:
    """All five kinds, always with GET."""
    server.say("/new", reply())
    verdict = await ask(server.say("/old", to("/new?x=1#part", status)))

    assert isinstance(verdict, Fetched)
    assert verdict.response.hops == (Hop(server.url("/old"), int(status[:3])),)
    assert verdict.url == server.url("/new?x=1")
    assert server.requests[-1].raw.startswith(b"GET /new?x=1 HTTP/1.1")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://h/x", "javascript:alert(1)", "data:text/xml,<rss/>"])
async def test_h40_other_schemes(server: HostileServer, ask: Ask, target: str) -> None:
    """Only http and https are followed."""
    verdict = await ask(server.say("/", to(target)))

    assert (verdict.kind, verdict.reason) == ("blocked_url", "scheme")


@pytest.mark.parametrize("line", ["Location: ", "X-Other: y", "Location: [", "Location: http://["])
async def test_h41_no_location(server: HostileServer, ask: Ask, line: str) -> None:
    """A redirect to nowhere is a fault of the protocol."""
    assert (await ask(server.say("/", reply(b"", line, status="302 Found")))).kind == "protocol"


async def test_h41_relative_query(server: HostileServer, ask: Ask) -> None:
    """A query alone is a whole reference."""
    server.say("/feed", to("?x=1"), reply())

    assert isinstance(await ask(server.url("/feed")), Fetched)
    assert server.paths() == ["/feed", "/feed?x=1"]


async def test_a_blank_in_a_location(server: HostileServer, ask: Ask) -> None:
    """It is sent encoded."""
    server.say("/a%20b", reply())

    assert isinstance(await ask(server.say("/", to("/a b"))), Fetched)


@pytest.mark.parametrize("target", ["/caf\xe9", "/" + "a" * 100_000], ids=["latin-1", "long"])
async def test_h42_unreadable_location(server: HostileServer, ask: Ask, target: str) -> None:
    """What is not ASCII or has no end cannot be followed."""
    assert (await ask(server.say("/", to(target)))).kind == "protocol"


async def test_h42_location_with_line_breaks(server: HostileServer, ask: Ask) -> None:
    """A line break ends the header; what follows is another one."""
    server.say("/x", reply())
    verdict = await ask(server.say("/", to("/x\r\nX-Injected: 1")))

    assert isinstance(verdict, Fetched)
    assert "x-injected" not in server.requests[-1].headers


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/", "http://10.0.0.1/", "http://[::1]/", "http://[64:ff9b::7f00:1]/", "//10.0.0.1/"],
)
async def test_h36_h37_to_private_addresses(server: HostileServer, ask: Ask, target: str) -> None:
    """A literal is refused before any socket exists."""
    verdict = await ask(server.say("/", to(target)))

    assert verdict.kind == "blocked_address"
    assert [hop.status for hop in verdict.response.hops] == [302]


async def _headers_at(other: HostileServer, ask: Ask, start: str, request: FetchRequest) -> dict[str, str]:
    verdict = await ask(start, validators=request.validators, credentials=request.credentials)
    assert isinstance(verdict, Fetched)
    return other.requests[-1].headers


async def test_h44_h45_h48_b25_credentials_stay_at_their_origin(
    server: HostileServer, other: HostileServer, ask: Ask
) -> None:
    """Same host, other port: neither Authorization nor a key goes along; at their own origin both are sent."""
    own = Credentials(("http", "127.0.0.1", server.port), SECRETS)
    start = server.say("/", to(other.say("/there", reply())))
    seen = await _headers_at(other, ask, start, FetchRequest(start, credentials=own))

    assert {"authorization", "x-api-key"} & seen.keys() == set()
    assert server.requests[0].headers["authorization"] == "Bearer secret"
    assert server.requests[0].headers["x-api-key"] == "secret"


async def test_credentials_are_sent_again_on_the_way_back(
    server: HostileServer, other: HostileServer, ask: Ask
) -> None:
    """Away and back: only the foreign hop goes without."""
    own = Credentials(("http", "127.0.0.1", server.port), SECRETS)
    server.say("/home", reply())
    other.say("/there", to(server.url("/home")))
    await ask(server.say("/", to(other.url("/there"))), credentials=own)

    assert [request.headers.get("x-api-key") for request in server.requests] == ["secret", "secret"]
    assert other.requests[0].headers.get("x-api-key") is None


async def test_h46_validators_belong_to_their_url(server: HostileServer, other: HostileServer, ask: Ask) -> None:
    """The first hop goes without, the hop to the remembered URL with its own, a third with none."""
    there = other.say("/there", reply(FEED, 'ETag: "t"'))
    start = server.say("/", to(there))
    first = await ask(start)
    assert isinstance(first, Fetched)
    await ask(start, validators=((there, first.validators), (other.url("/x"), Validators('"x"'))))

    assert [request.headers.get("if-none-match") for request in server.requests] == [None, None]
    assert [request.headers.get("if-none-match") for request in other.requests] == [None, '"t"']


async def test_h47_userinfo_of_a_location_is_dropped(server: HostileServer, other: HostileServer, ask: Ask) -> None:
    """Nobody but the operator sets credentials."""
    other.say("/there", reply())
    verdict = await ask(server.say("/", to(f"http://user:pw@127.0.0.1:{other.port}/there")))

    assert isinstance(verdict, Fetched)
    assert "authorization" not in other.requests[-1].headers
    assert "user" not in verdict.url


async def test_p12_p13_p14_b22_what_is_sent(server: HostileServer, ask: Ask) -> None:
    """Exactly our headers: no cookie, no referer, no query of ours, no fragment."""
    await ask(server.say("/feed", reply()) + "?a=1#top")
    sent = server.requests[0]

    assert sent.path == "/feed?a=1"
    assert sent.headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}
    assert sent.headers["user-agent"] == AGENT
    assert sent.headers["accept-encoding"] == "gzip, br, zstd"


async def test_p15_every_hop_takes_a_turn(server: HostileServer, ask: Ask, pacer: CountingPacer) -> None:
    """The turn of a host is held until the answer is read, and taken anew for the next hop."""
    inside: list[int] = []

    async def look(connection: object) -> None:
        inside.append(pacer.inside)
        await connection.send(reply())  # type: ignore[attr-defined]

    server.say("/new", look)
    await ask(server.say("/", to("/new")))

    assert pacer.turns == ["127.0.0.1", "127.0.0.1"]
    assert (inside, pacer.inside) == ([1], 0)


async def test_waiting_for_a_turn_is_outside_the_deadline(server: HostileServer, settings: FetchSettings) -> None:
    """A long queue at a host is no timeout."""
    from monitor.model.units import Duration

    waiting = HttpFetcher(replace(settings, total_timeout=Duration(0.3)), AGENT, WallClock(), CountingPacer(wait=0.4))
    verdict = await waiting.fetch(FetchRequest(server.say("/", reply())))
    await waiting.close()

    assert isinstance(verdict, Fetched)
    assert verdict.response.duration < 0.3


async def test_h26_userinfo_that_was_not_configured(server: HostileServer, ask: Ask) -> None:
    """A request with userinfo in its URL is refused, and the refusal does not repeat the password."""
    verdict = await ask(f"http://user:hunter2@127.0.0.1:{server.port}/")

    assert isinstance(verdict, Failed)
    assert (verdict.kind, verdict.reason) == ("blocked_url", "userinfo")
    assert "hunter2" not in verdict.detail


async def test_p18_h100_h102_a_poll_is_one_get(server: HostileServer, other: HostileServer, ask: Ask) -> None:
    """No HEAD before it, no icon, hub, refresh or discovery after it, although every host named here is allowed."""
    away = other.say("/", reply())
    headers = (
        f"Refresh: 0; url={away}",
        f'Link: <{away}>; rel="hub", <{away}>; rel="self"',
        f"Content-Location: {away}",
    )
    page = f'<html><meta http-equiv=refresh content="0;url={away}"><link rel="alternate" href="{away}">'.encode()
    for path, said in {
        "/feed": reply(FEED, *headers),
        "/page": reply(page, "Content-Type: text/html", *headers),
        "/missing": reply(page, *headers, status="404 Not Found"),
    }.items():
        await ask(server.say(path, said))

    assert [request.raw.split(b" ", 2)[:2] for request in server.requests] == [
        [b"GET", b"/feed"],
        [b"GET", b"/page"],
        [b"GET", b"/missing"],
    ]
    assert other.connections == 0
