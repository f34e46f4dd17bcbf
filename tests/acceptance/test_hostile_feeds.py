"""Hostile feeds beside good ones in a running daemon: each gets its verdict, and nobody else notices."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.support import bombs
from tests.support.hostile import Connection, Handler, hostile_server, reply
from tests.support.installation import Installation
from tests.support.site import Issuer, Site

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

GOOD = 20
HOSTILE_HOST = "127.0.0.2"
AT_ONCE = 2
"""Hostile feeds that are polled at the same time; as shipped it is one of a host."""
WATCHED = 15.0
"""Seconds the good feeds are watched beside the hostile ones: longer than any deadline of reading or fetching."""
LATEST = 6.0
"""Seconds between two polls of a good feed, at most; its interval is one second."""
GROWTH = 96 << 20
"""Of all of them together, two at a time; one alone is held to 64 MiB where fetching and reading are tested."""
STALL = 0.1
XML = '<?xml version="1.0"?>'
ITEM = "<rss version='2.0'><channel><title>t</title><item><title>one</title><description>{}</description></item>"


def rss(text: str, before: str = "") -> bytes:
    """A feed of one item with this in its description."""
    return f"{XML}{before}{ITEM.format(text)}</channel></rss>".encode()


def entities(*declared: str) -> str:
    """A document type with these entities."""
    return "<!DOCTYPE rss [" + "".join(declared) + "]>"


LAUGHS = entities('<!ENTITY a0 "ha">', *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)))
QUADRATIC = entities(f'<!ENTITY a "{"x" * 50_000}">')
EXTERNAL = entities(
    '<!ENTITY a SYSTEM "file:///etc/passwd">',
    '<!ENTITY b SYSTEM "http://127.0.0.1:1/x">',
    "<!ENTITY % p SYSTEM 'p.dtd'>",
)
DECLARED = entities(*(f'<!ENTITY e{n} "x">' for n in range(100_000)))
MANY = (
    XML
    + "<rss version='2.0'><channel><title>t</title>"
    + "<item><title>x</title></item>" * 100_000
    + "</channel></rss>"
)


async def _endless(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<rss>")
    await connection.flood(b" " * 65_536)


async def _slow_gzip(connection: Connection) -> None:
    packer = zlib.compressobj(wbits=31)
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    await connection.drip([packer.compress(b"<rss>") + packer.flush(zlib.Z_SYNC_FLUSH) for _ in range(60)], 0.5)


async def _drip(connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    await connection.drip([b"<"] * 10, 9.0)


def _coded(body: bytes, coding: str) -> bytes:
    return reply(body, f"Content-Encoding: {coding}")


OK_OR_PARSE = {"ok", "parse", "parse_timeout"}
HOSTILE: dict[str, tuple[bytes | Handler, set[str]]] = {
    "h103": (_coded(bombs.gzip_bomb(128), "gzip"), {"too_large"}),
    "h104": (_coded(bombs.brotli_bomb(128), "br"), {"too_large"}),
    "h105": (_coded(bombs.zstd_bomb(128), "zstd"), {"too_large"}),
    "h105-window": (_coded(bombs.wide_zstd(), "zstd"), {"too_large", "encoding"}),
    "h106": (_coded(bombs.gzip(bytes(200_000)) * 1_500, "gzip"), {"too_large", "encoding"}),
    "h110": (_endless, {"too_large"}),
    "h111": (_slow_gzip, {"too_large", "too_slow", "timeout"}),
    "h112": (_drip, {"too_slow", "timeout"}),
    "h113": (_coded(bombs.gzip(rss("x" * 5_000))[:-20], "gzip"), {"truncated"}),
    "h114": (_coded(rss("plain"), "gzip"), {"encoding"}),
    "h121": (reply(b"/etc/passwd"), {"not_a_feed"}),
    "h122": (reply(b"/dev/zero"), {"not_a_feed"}),
    "h123": (reply(b"http://127.0.0.1:1/"), {"not_a_feed"}),
    "h124": (reply(b"/var/run/secrets/kubernetes.io/serviceaccount/token"), {"not_a_feed"}),
    "h125": (reply(rss("&a11;", LAUGHS)), OK_OR_PARSE),
    "h126": (reply(rss("&a;" * 50_000, QUADRATIC)), OK_OR_PARSE),
    "h127": (reply(rss("&a;&b;", EXTERNAL)), OK_OR_PARSE),
    "h128": (reply(rss("&e7;", DECLARED)), OK_OR_PARSE),
    "h131": (reply(rss("<x>" * 100_000 + "</x>" * 100_000)), OK_OR_PARSE),
    "h131-text": (reply(rss("&lt;b&gt;" * 100_000)), OK_OR_PARSE),
    "h132": (reply(MANY.encode()), {"ok"}),
    "h133": (reply(b"<rss><channel>" + b"<" * 1_000_000), {*OK_OR_PARSE, "truncated", "not_a_feed"}),
    "h133-amp": (reply(rss("&" * 1_000_000)), OK_OR_PARSE),
    "h133-declarations": (reply(b"<rss><channel>" + b"<!" * 500_000), {*OK_OR_PARSE, "truncated", "not_a_feed"}),
    "h134": (reply(rss("x" * (20 << 20))), {"too_large"}),
    "h134-attribute": (reply(rss(f"<a b='{'x' * (9 << 20)}'/>")), {*OK_OR_PARSE, "too_large"}),
}  # fmt: skip


@dataclass
class Memory:
    """Resident memory of a process, bytes."""

    pid: int

    def now(self) -> int:
        """As it is."""
        return self._read("VmRSS")

    def peak(self) -> int:
        """The highest since `reset`."""
        return self._read("VmHWM")

    def reset(self) -> None:
        """The peak counts from here."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def _read(self, key: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(key)).split()[1]) * 1024


@dataclass
class Good:
    """Feeds that bring an item a second, with the times they were asked at."""

    site: Site
    asked: dict[str, list[float]]

    def gaps(self, since: float, until: float) -> list[float]:
        """Seconds between two polls of one feed, of all feeds, the ends of the time included."""
        found = []
        for times in self.asked.values():
            inside = [since, *(at for at in times if since <= at <= until), until]
            found += [b - a for a, b in itertools.pairwise(inside)]
        return found


@pytest.fixture
def good() -> Iterator[Good]:
    """Twenty of them."""
    asked: dict[str, list[float]] = defaultdict(list)

    def page(issuer: Issuer):
        def answer() -> bytes:
            asked[issuer.name].append(time.monotonic())
            return issuer.document()

        return answer

    pages = {f"/{n}.xml": page(Issuer(f"good-{n}", 1.0, window=30)) for n in range(GOOD)}
    with Site(pages).running() as site:
        yield Good(site, asked)


async def test_h103_to_h134_hostile_feeds_get_their_verdict_and_nobody_else_notices(tmp_path, good):
    """Twenty good feeds keep their pace, the process its memory and its loop, while every bomb there is goes off."""
    async with hostile_server(HOSTILE_HOST) as server:
        for name, (said, _) in HOSTILE.items():
            server.say(f"/{name}", said)
        installation = install(tmp_path, good.site, server.port)
        daemon = installation.start(module="tests.acceptance.daemon", stdout=-1)
        try:
            assert await asyncio.to_thread(daemon.stdout.readline) == "ready\n"
            await until(lambda: len(good.asked) == GOOD and min(map(len, good.asked.values())) >= 3, 30)
            # The first reload costs memory of its own, which is no feed's fault.
            installation.write("feeds/hostile.yaml", {"feeds": hostile_feeds(server, ["h121"])})
            await until(lambda: "h121" in verdicts(installation), 20)
            memory = Memory(daemon.pid)
            before = memory.now()
            memory.reset()
            installation.write("feeds/hostile.yaml", {"feeds": hostile_feeds(server, HOSTILE)})
            await until(lambda: len(server.requests) > 1, 20)
            since = time.monotonic()
            await asyncio.sleep(WATCHED)
            await until(lambda: HOSTILE.keys() <= verdicts(installation).keys(), 60)
            until_ = time.monotonic()
            assert daemon.poll() is None
            growth = memory.peak() - before
        finally:
            daemon.send_signal(signal.SIGTERM)
            output, _ = await asyncio.to_thread(daemon.communicate, timeout=30)
    assert daemon.returncode == 0
    found = verdicts(installation)
    wrong = {name: found[name] for name, (_, allowed) in HOSTILE.items() if found[name] not in allowed}
    assert wrong == {}
    gaps, worst = good.gaps(since, until_), json.loads(output.splitlines()[-1])["worst_stall_s"]
    print(f"\ngaps {median(gaps):.1f} s, at most {max(gaps):.1f} s; +{growth >> 20} MiB; stall {worst * 1000:.0f} ms")
    assert max(gaps) < LATEST
    assert growth < GROWTH
    assert worst < STALL
    truncated = [value for _, _, _, value in installation.events("news.feed-events") if value["feed"]["id"] == "h132"]
    assert [(one["kind"], one["detail"]["cut"]) for one in truncated] == [("truncated", 98_000)]


def install(folder: Path, site: Site, hostile_port: int) -> Installation:
    """The daemon's configuration, with the good feeds only."""
    hosts = {"127.0.0.1": GOOD, HOSTILE_HOST: AT_ONCE}
    made = Installation(
        folder,
        site.port,
        fetch={"allow_cidrs": ["127.0.0.0/8"], "allow_ports": [site.port, hostile_port]},
        hosts={"overrides": {name: {"in_flight": count, "spacing": "0s"} for name, count in hosts.items()}},
        sinks=[{"kind": "jsonl"}],
    )
    made.feeds(
        {"id": f"good-{n}", "url": site.url(f"/{n}.xml"), "interval": {"min": "1s", "max": "1s"}} for n in range(GOOD)
    )
    return made


def hostile_feeds(server, names) -> list[dict]:
    """Each is polled once in the time of the test."""
    return [{"id": name, "url": server.url(f"/{name}"), "interval": "1h"} for name in names]


def verdicts(installation: Installation) -> dict[str, str]:
    """The last verdict of every feed, from the log."""
    lines = [line for line in (installation.folder / "log").read_text().splitlines() if line.startswith("{")]
    polls = [line for line in map(json.loads, lines) if line["event"] == "poll"]
    return {poll["feed_id"]: poll["verdict"] for poll in polls}


async def until(happened, seconds: float) -> None:
    """Waits for something, at most so long."""
    async with asyncio.timeout(seconds):
        while not happened():
            await asyncio.sleep(0.1)
