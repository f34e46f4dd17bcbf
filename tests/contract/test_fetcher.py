"""What every `Fetcher` promises: the one over aiohttp and the scripted one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import pytest

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import body_hash
from monitor.model.poll import (
    Credentials,
    Failed,
    Fetched,
    FetchRequest,
    Gone,
    Headers,
    Hop,
    NotModified,
    Throttled,
    Validators,
)
from monitor.model.units import Size
from monitor.ports import Fetcher
from monitor.testing.fetcher import AGENT, Answer, ScriptedFetcher
from tests.support.hostile import FEED, CountingPacer, HostileServer, WallClock, hostile_server


class Web(Protocol):
    """A fetcher and the web it sees."""

    fetcher: Fetcher

    def say(self, path: str, *answers: Answer) -> str:
        """What a path answers, in turn; returns its URL."""

    def sent(self) -> list[dict[str, str]]:
        """Headers of all requests, in order."""


@dataclass
class RealWeb:
    fetcher: HttpFetcher
    server: HostileServer

    def say(self, path: str, *answers: Answer) -> str:
        return self.server.say(path, *map(_bytes, answers))

    def sent(self) -> list[dict[str, str]]:
        return [request.headers for request in self.server.requests]


@dataclass
class ScriptedWeb:
    fetcher: ScriptedFetcher

    def say(self, path: str, *answers: Answer) -> str:
        url = f"http://127.0.0.1:8080{path}"
        self.fetcher.answer(url, *answers)
        return url

    def sent(self) -> list[dict[str, str]]:
        return [dict(headers) for _, headers in self.fetcher.sent]


def _bytes(answer: Answer) -> bytes:
    length = len(answer.body) + (0 if answer.complete else 10)
    lines = [f"HTTP/1.1 {answer.status} X", *(f"{n}: {v}" for n, v in answer.headers), f"Content-Length: {length}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body


@pytest.fixture(params=["aiohttp", "scripted"])
async def web(request: pytest.FixtureRequest) -> AsyncIterator[Web]:
    """Each implementation with a cap of 1 KiB."""
    loopback = FetchSettings(allow_cidrs=("127.0.0.0/8",), max_body=Size(1024))
    if request.param == "scripted":
        yield ScriptedWeb(ScriptedFetcher(loopback))
        return
    async with hostile_server() as server:
        everywhere = FetchSettings(allow_cidrs=("127.0.0.0/8",), max_body=Size(1024), allow_ports=(server.port,))
        fetcher = HttpFetcher(everywhere, AGENT, WallClock(), CountingPacer())
        yield RealWeb(fetcher, server)
        await fetcher.close()


def _to(location: str, status: int = 302) -> Answer:
    return Answer(status, (("location", location),))


def _origin(url: str) -> tuple[str, str, int]:
    return ("http", "127.0.0.1", int(url.split(":")[2].split("/", maxsplit=1)[0]))


async def test_document(web: Web) -> None:
    """A 200 is a document with its hash, its validators and its headers."""
    url = web.say("/rss", Answer(200, (("etag", '"1"'), ("content-type", "text/xml")), FEED))
    verdict = await web.fetcher.fetch(FetchRequest(url))

    assert isinstance(verdict, Fetched)
    assert (verdict.url, verdict.body, verdict.body_hash) == (url, FEED, body_hash(FEED))
    assert verdict.validators.etag == '"1"'
    assert verdict.response.header("content-type") == "text/xml"
    assert verdict.response.wire_bytes == len(FEED)


async def test_conditional_request(web: Web) -> None:
    """What came with a document goes with the next request, and 304 renews it."""
    etag = (("etag", '"1"'),)
    url = web.say("/rss", Answer(200, etag, FEED), Answer(304, (*etag, ("last-modified", "now"))))
    first = await web.fetcher.fetch(FetchRequest(url))
    assert isinstance(first, Fetched)
    second = await web.fetcher.fetch(FetchRequest(url, validators=((url, first.validators),), body_hash="h"))

    assert isinstance(second, NotModified)
    assert (second.reason, second.body_hash) == ("status", "h")
    assert (second.validators.etag, second.validators.last_modified) == ('"1"', "now")
    assert web.sent()[1]["if-none-match"] == '"1"'


async def test_same_body(web: Web) -> None:
    """Nothing new, but new validators."""
    url = web.say("/rss", Answer(200, (("etag", '"2"'),), FEED))
    verdict = await web.fetcher.fetch(FetchRequest(url, body_hash=body_hash(FEED)))

    assert isinstance(verdict, NotModified)
    assert (verdict.reason, verdict.validators.etag) == ("same_body", '"2"')


async def test_unasked_304(web: Web) -> None:
    """A server that says so without being asked."""
    verdict = await web.fetcher.fetch(FetchRequest(web.say("/rss", Answer(304))))

    assert (verdict.kind, verdict.reason) == ("http_status", "unasked_304")


async def test_body_is_never_above_the_cap(web: Web) -> None:
    """One byte too many is `too_large`."""
    fits = await web.fetcher.fetch(FetchRequest(web.say("/a", Answer(200, (), b"a" * 1024))))
    verdict = await web.fetcher.fetch(FetchRequest(web.say("/b", Answer(200, (), b"a" * 1025))))

    assert isinstance(fits, Fetched)
    assert (verdict.kind, verdict.reason) == ("too_large", "max_body")


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://169.254.169.254/", "http://[::1]/", "http://①⓪.0.0.1/"])
async def test_private_addresses_on_every_hop(web: Web, url: str) -> None:
    """As the first URL and behind a redirect."""
    first = await web.fetcher.fetch(FetchRequest(url))
    verdicts = [first]
    if url.isascii():
        verdicts.append(await web.fetcher.fetch(FetchRequest(web.say("/r", _to(url)))))

    assert {verdict.kind for verdict in verdicts} == {"blocked_address"}


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://h:22/", "", "\x00", "http://" + "a" * 10_000])
async def test_urls_that_are_none(web: Web, url: str) -> None:
    """A value, not an exception."""
    assert (await web.fetcher.fetch(FetchRequest(url))).kind == "blocked_url"


async def test_redirects(web: Web) -> None:
    """Followed with their hops on record; the verdict speaks of the last URL."""
    last = web.say("/c", Answer(200, (), FEED))
    web.say("/b", _to("/c", 308))
    first = web.say("/a", _to("/b", 301))
    verdict = await web.fetcher.fetch(FetchRequest(first))

    assert isinstance(verdict, Fetched)
    assert verdict.url == last
    assert verdict.response.hops == (Hop(first, 301), Hop(first[:-1] + "b", 308))


async def test_redirects_without_end(web: Web) -> None:
    """Circles and long ways end."""
    web.say("/a", _to("/b"))
    circle = await web.fetcher.fetch(FetchRequest(web.say("/b", _to("/a"))))
    for n in range(10):
        web.say(f"/{n}", _to(f"/{n + 1}"))
    long = await web.fetcher.fetch(FetchRequest(web.say("/0", _to("/1"))))

    assert (circle.reason, long.reason) == ("loop", "too_many_hops")


async def test_credentials(web: Web) -> None:
    """For their origin alone."""
    url = web.say("/rss", Answer(200, (), FEED))
    own = Credentials(_origin(url), (("authorization", "Bearer t"),))
    await web.fetcher.fetch(FetchRequest(url, credentials=own))
    await web.fetcher.fetch(FetchRequest(url, credentials=Credentials(("http", "h.org", 80), own.headers)))

    assert [headers.get("authorization") for headers in web.sent()] == ["Bearer t", None]


async def test_validators_of_another_url(web: Web) -> None:
    """Are not sent."""
    url = web.say("/rss", Answer(200, (), FEED))
    await web.fetcher.fetch(FetchRequest(url, validators=((url + "?x", Validators('"x"')),)))

    assert "if-none-match" not in web.sent()[0]


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (204, (), "not_modified"),
        (206, (), "http_status"),
        (404, (), "http_status"),
        (401, (), "auth"),
        (410, (), "gone"),
        (429, (), "rate_limited"),
        (503, (("retry-after", "5"),), "rate_limited"),
        (503, (), "http_status"),
    ],
)
async def test_statuses(web: Web, status: int, headers: Headers, kind: str) -> None:
    """The same verdict from both."""
    verdict = await web.fetcher.fetch(FetchRequest(web.say("/rss", Answer(status, headers))))

    assert verdict.kind == kind
    assert verdict.response.status == status
    assert isinstance(verdict, Gone) is (status == 410)
    assert not isinstance(verdict, Throttled) or verdict.retry_after == (5 if headers else None)


async def test_truncated(web: Web) -> None:
    """Not a document, but its hash is told; the same one is read when the request says so."""

    url = web.say("/rss", Answer(200, (), b"<rss>", complete=False))
    if isinstance(web, RealWeb):
        said = _bytes(Answer(200, (), b"<rss>", complete=False))

        async def cut(connection: object) -> None:
            await connection.send(said)  # type: ignore[attr-defined]

        web.server.say("/rss", cut)
    verdict = await web.fetcher.fetch(FetchRequest(url))
    again = await web.fetcher.fetch(FetchRequest(url, truncated_hash=body_hash(b"<rss>")))

    assert isinstance(verdict, Failed)
    assert (verdict.kind, verdict.body_hash) == ("truncated", body_hash(b"<rss>"))
    assert isinstance(again, Fetched)


async def test_closed_and_used_again(web: Web) -> None:
    """Closing drops connections, it does not end the fetcher."""
    url = web.say("/rss", Answer(200, (), FEED))
    await web.fetcher.fetch(FetchRequest(url))
    await web.fetcher.close()

    assert isinstance(await web.fetcher.fetch(FetchRequest(url)), Fetched)


async def test_other_settings_hold_from_the_next_poll_on(web: Web) -> None:
    """A reload: what was allowed is refused, and the other way round."""
    url = web.say("/rss", Answer(200, (), FEED))
    before = await web.fetcher.fetch(FetchRequest(url))
    web.fetcher.use(FetchSettings(deny_cidrs=("127.0.0.0/8",)))
    refused = await web.fetcher.fetch(FetchRequest(url))

    assert isinstance(before, Fetched)
    assert refused.kind in ("blocked_url", "blocked_address")


async def test_name_with_private_addresses_in_the_script() -> None:
    """The scripted resolver follows the rule of the real one: some public address is enough, none is not."""
    web = ScriptedFetcher()
    for host in ("private.example.org", "mixed.example.org"):
        web.publish(f"http://{host}/rss", FEED, etag='"1"')
    web.resolve("private.example.org", "10.0.0.1", "::1")
    web.resolve("mixed.example.org", "10.0.0.1", "8.8.8.8")
    verdicts = [
        await web.fetch(FetchRequest(f"http://{host}.example.org/rss")) for host in ("private", "mixed", "unknown")
    ]

    assert [verdict.kind for verdict in verdicts] == ["blocked_address", "ok", "dns"]


async def test_published_document_in_the_script() -> None:
    """Who has its ETag gets a 304; verdicts can be scripted as they are."""
    web = ScriptedFetcher()
    url = "http://feeds.example.org/rss"
    web.publish(url, FEED, etag='"1"')
    first = await web.fetch(FetchRequest(url))
    assert isinstance(first, Fetched)
    second = await web.fetch(FetchRequest(url, validators=((url, first.validators),)))
    web.answer(url, Failed("timeout", "connect"))

    assert isinstance(second, NotModified)
    assert (await web.fetch(FetchRequest(url))).kind == "timeout"
    assert len(web.requests) == 3
