"""Bodies that are too large, too slow, torn or not what they say: group E of the hostile inputs."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable
from dataclasses import replace

import brotli
import pytest

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import body_hash
from monitor.model.poll import Failed, Fetched, FetchRequest, NotModified, Validators
from monitor.model.units import Duration, Size
from tests.adapters.http.conftest import AGENT, Ask
from tests.support.bombs import brotli_bomb, gzip, gzip_bomb, wide_zstd, zstd_bomb
from tests.support.hostile import (
    FEED,
    SLOWED,
    Connection,
    CountingPacer,
    HostileServer,
    WallClock,
    memory_meter,
    reply,
)

ROOM = 64 << 20


@pytest.fixture(scope="module", autouse=True)
def bombs() -> None:
    """They are made before any loop runs, because making them takes a second."""
    for make in (gzip_bomb, brotli_bomb, zstd_bomb, wide_zstd):
        make()


async def _bomb(server: HostileServer, ask: Ask, body: bytes, coding: str) -> Failed:
    """The verdict of a bomb, which cost neither time nor memory."""
    url = server.say("/", reply(body, f"Content-Encoding: {coding}"))
    started = time.thread_time()
    with memory_meter() as growth:
        verdict = await ask(url)
    assert isinstance(verdict, Failed)
    assert growth.bytes < ROOM
    assert time.thread_time() - started < SLOWED
    return verdict


async def test_h103_b24_gzip_bomb(server: HostileServer, ask: Ask) -> None:
    """256 MiB in 256 KiB."""
    assert (await _bomb(server, ask, gzip_bomb(), "gzip")).kind == "too_large"


async def test_h104_b24_brotli_bomb(server: HostileServer, ask: Ask) -> None:
    """256 MiB in a few hundred bytes."""
    assert (await _bomb(server, ask, brotli_bomb(), "br")).kind == "too_large"


async def test_h105_zstd_bomb(server: HostileServer, ask: Ask) -> None:
    """256 MiB in some KiB."""
    assert (await _bomb(server, ask, zstd_bomb(), "zstd")).kind == "too_large"


async def test_h105_zstd_window(server: HostileServer, ask: Ask) -> None:
    """A window of 128 MiB is refused before it is allocated."""
    assert (await _bomb(server, ask, wide_zstd(), "zstd")).kind in ("encoding", "too_large")


async def test_h106_bomb_of_many_members(server: HostileServer, ask: Ask) -> None:
    """Two thousand small bombs behind each other."""
    member = gzip(bytes(1 << 16))

    assert (await _bomb(server, ask, member * 2000, "gzip")).kind in ("encoding", "too_large")


async def test_h106_too_many_empty_members(server: HostileServer, ask: Ask) -> None:
    """Members that hold nothing cost time and no cap would end them."""
    verdict = await _bomb(server, ask, gzip(b"") * 5000, "gzip")

    assert (verdict.kind, verdict.reason) == ("encoding", "members")


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip, br", "br,identity,gzip"])
async def test_h107_stacked_codings(server: HostileServer, ask: Ask, coding: str) -> None:
    """One coding is enough."""
    verdict = await ask(server.say("/", reply(gzip(gzip(FEED)), f"Content-Encoding: {coding}")))

    assert (verdict.kind, verdict.reason) == ("encoding", "stacked")


async def test_h107_stacked_codings_in_two_lines(server: HostileServer, ask: Ask) -> None:
    """Two headers are one list."""
    verdict = await ask(server.say("/", reply(gzip(gzip(FEED)), *["Content-Encoding: gzip"] * 2)))

    assert (verdict.kind, verdict.reason) == ("encoding", "stacked")


async def test_h107_coded_twice_in_secret(server: HostileServer, ask: Ask) -> None:
    """A document that is still compressed after decoding is not decoded for ever."""
    verdict = await ask(server.say("/", reply(gzip(gzip(FEED)), "Content-Encoding: gzip")))

    assert (verdict.kind, verdict.reason) == ("encoding", "stacked")


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(6, wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip),
        ("x-gzip", gzip),
        ("GZIP", gzip),
        ("identity, gzip", gzip),
        ("deflate", zlib.compress),
        ("deflate", _raw_deflate),
        ("br", brotli.compress),
        ("none", bytes),
        ("utf-8", bytes),
    ],
)
async def test_h108_codings(server: HostileServer, ask: Ask, coding: str, pack: Callable[[bytes], bytes]) -> None:
    """Every known coding is decoded, an unknown name means none."""
    verdict = await ask(server.say("/", reply(pack(FEED), f"Content-Encoding: {coding}")))

    assert isinstance(verdict, Fetched)
    assert verdict.body == FEED


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
async def test_codings_in_single_bytes(server: HostileServer, ask: Ask, coding: str) -> None:
    """Where the pieces end makes no difference."""
    from monitor.adapters.http.inflate import zstd

    pack = {"gzip": gzip, "br": brotli.compress, "zstd": zstd.compress, "deflate": zlib.compress}[coding]
    packed = pack(FEED)

    async def spell(connection: Connection) -> None:
        await connection.send(reply(b"", f"Content-Length: {len(packed)}", f"Content-Encoding: {coding}", length=False))
        await connection.drip([bytes([byte]) for byte in packed], 0.001)

    verdict = await ask(server.say("/", spell))

    assert isinstance(verdict, Fetched)
    assert verdict.body == FEED


async def test_h109_gzip_file_that_nobody_announced(server: HostileServer, ask: Ask) -> None:
    """It is known by its first two bytes."""
    verdict = await ask(server.say("/", reply(gzip(FEED), "Content-Type: application/x-gzip")))

    assert isinstance(verdict, Fetched)
    assert verdict.body == FEED


async def test_h109_bomb_that_nobody_announced(server: HostileServer, ask: Ask) -> None:
    """It is capped like an announced one."""
    assert (await ask(server.say("/", reply(gzip_bomb())))).kind == "too_large"


async def test_h110_infinite_body(server: HostileServer, ask: Ask) -> None:
    """No length, no end."""

    async def pour(connection: Connection) -> None:
        await connection.send(reply(b"", length=False))
        await connection.flood(b" " * 65536)

    url = server.say("/", pour)
    with memory_meter() as growth:
        verdict = await ask(url)

    assert (verdict.kind, verdict.reason) == ("too_large", "max_body")
    assert growth.bytes < ROOM


async def test_h111_infinite_slow_gzip(server: HostileServer, ask: Ask) -> None:
    """A stream of empty blocks decodes to nothing and never ends."""

    async def pour(connection: Connection) -> None:
        packer = zlib.compressobj(9, wbits=31)
        await connection.send(reply(b"", "Content-Encoding: gzip", length=False))
        await connection.flood(packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH) * 4096)

    verdict = await ask(server.say("/", pour))

    assert verdict.kind in ("too_large", "too_slow", "encoding")


async def test_h112_h111_h87_bodies_that_bring_too_little(server: HostileServer, ask: Ask) -> None:
    """Bytes now and then, gzip of nothing, a chunk extension for ever: the average rate ends them after 5 s."""

    async def drip(connection: Connection) -> None:
        await connection.send(reply(b"", "Content-Length: 5000", length=False))
        await connection.drip([b"a"] * 100, 0.3)

    async def ooze(connection: Connection) -> None:
        packer = zlib.compressobj(9, wbits=31)
        await connection.send(reply(b"", "Content-Encoding: gzip", length=False))
        while True:
            await connection.send(packer.compress(b"a") + packer.flush(zlib.Z_SYNC_FLUSH))
            await asyncio.sleep(0.3)

    async def extend(connection: Connection) -> None:
        await connection.send(reply(b"5;x=", "Transfer-Encoding: chunked", length=False))
        await connection.drip([b"a" * 100] * 1000, 0.01)

    started = time.monotonic()
    handlers = {"/a": drip, "/b": ooze, "/c": extend}
    verdicts = await asyncio.gather(*(ask(server.say(path, handler)) for path, handler in handlers.items()))

    assert [(verdict.kind, verdict.reason) for verdict in verdicts] == [("too_slow", "min_rate")] * 3
    assert time.monotonic() - started < 7


async def test_silent_body(server: HostileServer, ask: Ask) -> None:
    """A body that stops ends by the read timeout."""

    async def stop(connection: Connection) -> None:
        await connection.send(reply(b"", "Content-Length: 5000", length=False) + b"<rss>")
        await connection.silence()

    verdict = await ask(server.say("/", stop))

    assert (verdict.kind, verdict.reason) == ("timeout", "body")


@pytest.mark.parametrize(
    "said",
    [
        reply(FEED[:40], f"Content-Length: {len(FEED)}", length=False),
        reply(b"28\r\n" + FEED[:40] + b"\r\n", "Transfer-Encoding: chunked", length=False),
    ],
    ids=["length", "chunks"],
)
async def test_h89_body_shorter_than_announced(server: HostileServer, ask: Ask, said: bytes) -> None:
    """A body cut short is not published; its hash is told, so that three in a row can be."""

    async def cut(connection: Connection) -> None:
        await connection.send(said)

    verdict = await ask(server.say("/", cut))

    assert (verdict.kind, verdict.reason) == ("truncated", "framing")
    assert isinstance(verdict, Failed)
    assert verdict.body_hash == body_hash(FEED[:40])


async def test_h89_the_same_short_body_is_read_at_last(server: HostileServer, ask: Ask) -> None:
    """What always comes short is the publisher's fault and is read as it is."""

    async def cut(connection: Connection) -> None:
        await connection.send(reply(FEED[:40], f"Content-Length: {len(FEED)}", length=False))

    verdict = await ask(server.say("/", cut), truncated_hash=body_hash(FEED[:40]))

    assert isinstance(verdict, Fetched)
    assert verdict.body == FEED[:40]


async def test_h113_torn_gzip(server: HostileServer, ask: Ask) -> None:
    """The length is right, the end of the coding is missing."""
    verdict = await ask(server.say("/", reply(gzip(FEED)[:-10], "Content-Encoding: gzip")))

    assert (verdict.kind, verdict.reason) == ("truncated", "coding")


@pytest.mark.parametrize("coding", ["br", "zstd"])
async def test_h113_other_torn_codings(server: HostileServer, ask: Ask, coding: str) -> None:
    """The same for brotli and zstd."""
    from monitor.adapters.http.inflate import zstd

    packed = brotli.compress(FEED) if coding == "br" else zstd.compress(FEED)
    verdict = await ask(server.say("/", reply(packed[:-4], f"Content-Encoding: {coding}")))

    assert verdict.kind == "truncated"


async def test_document_that_ends_with_the_connection(server: HostileServer, ask: Ask) -> None:
    """Without a length only the document tells whether it is whole."""

    async def whole(connection: Connection) -> None:
        await connection.send(reply(FEED, length=False))

    async def torn(connection: Connection) -> None:
        await connection.send(reply(FEED[:60], length=False))

    assert isinstance(await ask(server.say("/whole", whole)), Fetched)
    verdict = await ask(server.say("/torn", torn))
    assert (verdict.kind, verdict.reason) == ("truncated", "document")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_h114_plain_body_labelled_compressed(server: HostileServer, ask: Ask, coding: str) -> None:
    """A label that lies."""
    verdict = await ask(server.say("/", reply(FEED, f"Content-Encoding: {coding}")))

    assert verdict.kind == "encoding"


@pytest.mark.parametrize(
    "junk", [b"\x00" * 100, b"junk", b"\x1f", b"\x1f\x8bjunk"], ids=["nul", "text", "half", "magic"]
)
async def test_h115_junk_behind_gzip(server: HostileServer, ask: Ask, junk: bytes) -> None:
    """Padding is ignored."""
    verdict = await ask(server.say("/", reply(gzip(FEED) + junk, "Content-Encoding: gzip")))

    assert verdict.kind in ("ok", "encoding", "truncated")


async def test_h115_junk_behind_brotli(server: HostileServer, ask: Ask) -> None:
    """In the same piece it makes no sense, in another it is not looked at."""
    packed = brotli.compress(FEED)

    async def spell(connection: Connection) -> None:
        await connection.send(reply(packed, "Content-Encoding: br", f"Content-Length: {len(packed) + 4}", length=False))
        await asyncio.sleep(0.05)
        await connection.send(b"junk")

    assert (await ask(server.say("/a", reply(packed + b"junk", "Content-Encoding: br")))).kind in ("encoding", "ok")
    assert (await ask(server.say("/b", spell))).kind == "ok"


async def test_gzip_of_several_members(server: HostileServer, ask: Ask) -> None:
    """Members behind each other are one body."""
    verdict = await ask(server.say("/", reply(gzip(FEED[:30]) + gzip(FEED[30:]), "Content-Encoding: gzip")))

    assert isinstance(verdict, Fetched)
    assert verdict.body == FEED


async def test_h116_empty_body(server: HostileServer, ask: Ask) -> None:
    """The fetcher hands nothing on as nothing; the gate of the parser says `not_a_feed`, `empty`."""
    for path, headers in (("/a", ()), ("/b", ("Content-Encoding: gzip",))):
        verdict = await ask(server.say(path, reply(b"", *headers)))
        assert isinstance(verdict, Fetched)
        assert verdict.body == b""


async def test_h118_a_little_too_large(server: HostileServer, ask: Ask) -> None:
    """10.1 MiB: the detail names the setting, announced or not."""
    body = bytes(10 * (1 << 20) + (1 << 17))

    async def pour(connection: Connection) -> None:
        await connection.send(reply(body, length=False))

    for url in (server.say("/a", reply(body)), server.say("/b", pour)):
        verdict = await ask(url)
        assert isinstance(verdict, Failed)
        assert verdict.kind == "too_large"
        assert "fetch.max_body" in verdict.detail


async def test_h117_nearly_too_large(server: HostileServer, ask: Ask) -> None:
    """9.9 MiB are read."""
    body = b"<rss>" + b"a" * (10 * (1 << 20) - (1 << 17)) + b"</rss>"
    with memory_meter() as growth:
        verdict = await ask(server.say("/", reply(body)))

    assert isinstance(verdict, Fetched)
    assert growth.bytes < ROOM


async def test_wire_cap(server: HostileServer, settings: FetchSettings) -> None:
    """What hardly compresses is capped as it is sent."""
    from random import Random

    tight = HttpFetcher(replace(settings, max_wire=Size(100_000)), AGENT, WallClock(), CountingPacer())
    packed = gzip(Random(1).randbytes(300_000))
    verdict = await tight.fetch(FetchRequest(server.say("/", reply(packed, "Content-Encoding: gzip"))))
    await tight.close()

    assert (verdict.kind, verdict.reason) == ("too_large", "max_wire")


async def test_h78_304_with_a_body(server: HostileServer, ask: Ask) -> None:
    """The body is not read, and it does not become the answer to the next request."""
    url = server.url("/")
    server.say("/", reply(FEED, 'ETag: "1"'), reply(FEED, 'ETag: "1"', status="304 Not Modified"), reply(b"<rss/>"))
    first = await ask(url)
    assert isinstance(first, Fetched)
    known = ((url, first.validators),)

    second, third = await ask(url, validators=known), await ask(url, validators=known)

    assert isinstance(second, NotModified)
    assert isinstance(third, Fetched)
    assert third.body == b"<rss/>"


async def test_h119_the_same_body_under_a_new_etag(server: HostileServer, ask: Ask) -> None:
    """Nothing to parse, but the new ETag is kept."""
    url = server.say("/", reply(FEED, 'ETag: "2"'))
    verdict = await ask(url, body_hash=body_hash(FEED), validators=((url, Validators('"1"')),))

    assert isinstance(verdict, NotModified)
    assert (verdict.reason, verdict.validators.etag) == ("same_body", '"2"')


async def test_total_deadline(server: HostileServer, settings: FetchSettings) -> None:
    """A body that is fast enough and never ends is ended by the deadline of the poll."""

    async def go_on(connection: Connection) -> None:
        await connection.send(reply(b"", length=False))
        await connection.drip([b"a" * 2000] * 1000, 0.05)

    hasty = HttpFetcher(replace(settings, total_timeout=Duration(0.5)), AGENT, WallClock(), CountingPacer())
    verdict = await hasty.fetch(FetchRequest(server.say("/", go_on)))
    await hasty.close()

    assert (verdict.kind, verdict.reason) == ("timeout", "total")
