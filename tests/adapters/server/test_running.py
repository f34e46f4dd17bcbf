"""Both ports of a service as it is built: feeds that are added while it runs, metrics of this instant, probes."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from monitor.app.build.servers import attach_servers, measure, read_feed
from monitor.app.build.service import Built, Options, build, in_force
from monitor.config.load import load
from monitor.errors import ConfigError, UsageError
from monitor.model.snapshot import SinkRow
from monitor.model.state import Cadence, Health
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import feed_row, picture
from tests.support.hostile import SLOWED, stall_meter

FEED = "feeds:\n- {id: fixed, url: https://fixed.example/rss}\n"
WATCH = "id: port\nquery: port\n"
SETTINGS = """
contact: tests@example.org
data_dir: {data}
server: {{port: 0, base_path: /news}}
admin: {{port: 0}}
fetch: {{paused: true}}
sinks: []
log: {{format: json, level: error}}
"""


@asynccontextmanager
async def running(
    folder: Path, more: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Built, aiohttp.ClientSession, aiohttp.ClientSession]]:
    """A service that polls nobody, with clients of its page and its admin port."""
    files = {"monitor.yaml": SETTINGS.format(data=folder), "feeds/a.yaml": FEED, "watches/port.yaml": WATCH}
    built = await build(load({**files, **(more or {})}, {}, {}), None, Options())
    task = asyncio.create_task(built.service.run())
    try:
        while len(built.addresses) < 2 or not built.service.console.snapshot().ready:
            await asyncio.sleep(0.01)
            assert not task.done()
        async with (
            aiohttp.ClientSession(built.addresses["page"]) as page,
            aiohttp.ClientSession(built.addresses["admin"]) as admin,
        ):
            yield built, page, admin
    finally:
        built.service.stop()
        await task


async def ids(page: aiohttp.ClientSession) -> dict[str, str]:
    """Feeds that the page port knows, with their origin."""
    async with page.get("/news/api/feeds") as answer:
        return {row["id"]: row["origin"] for row in (await answer.json())["items"]}


async def change(admin: aiohttp.ClientSession, method: str, path: str, body: object = None) -> tuple[int, dict]:
    """Status and answer."""
    async with admin.request(method, path, json=body) as answer:
        return answer.status, await answer.json()


async def until(page: aiohttp.ClientSession, wanted: dict[str, str]) -> None:
    """Changes reach the running shard a moment after they are durable."""
    while await ids(page) != wanted:
        await asyncio.sleep(0.01)


async def test_feed_is_added_changed_and_removed_while_running(tmp_path):
    """Each is durable when it is answered: the next start has it, or has it no more."""
    body = {"url": "https://new.example/rss?key=geheim", "id": "new", "name": "Neu 😀", "class": "news", "tags": ["a"]}
    async with running(tmp_path) as (_, page, admin):
        assert await change(admin, "POST", "/api/feeds", body) == (201, {"id": "new"})
        await until(page, {"fixed": "config", "new": "runtime"})
        assert await change(admin, "PATCH", "/api/feeds/new", {"paused": True}) == (200, {"id": "new"})
    async with running(tmp_path) as (built, page, admin):
        assert await ids(page) == {"fixed": "config", "new": "runtime"}
        (spec,) = (row.spec for row in built.service.console.snapshot().feeds if row.spec.id == "new")
        assert (spec.paused, spec.name, spec.url, spec.tags) == (True, "Neu 😀", body["url"], ("a",))
        assert await change(admin, "DELETE", "/api/feeds/new") == (200, {"id": "new"})
        await until(page, {"fixed": "config"})
    async with running(tmp_path) as (_, page, _):
        assert await ids(page) == {"fixed": "config"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/feeds", {"id": "fixed", "url": "https://other.example/"}),
        ("PATCH", "/api/feeds/fixed", {"paused": True}),
        ("DELETE", "/api/feeds/fixed", None),
    ],
)
async def test_feed_of_the_configuration_is_changed_there(tmp_path, method, path, body):
    """409: the next reload would undo it."""
    async with running(tmp_path) as (_, page, admin):
        status, answer = await change(admin, method, path, body)
        assert await ids(page) == {"fixed": "config"}

    assert (status, answer["error"]["id"]) == (409, "MON-RUN-002")
    assert "stands in the configuration" in answer["error"]["message"]


async def test_probes_and_metrics_of_a_running_service(tmp_path):
    """Ready, alive, started; gauges are those of the scrape."""
    async with running(tmp_path) as (_, _, admin):
        for path in ("/livez", "/readyz", "/startupz"):
            async with admin.get(path) as answer:
                assert answer.status == 200, path
        async with admin.get("/metrics") as answer:
            text = await answer.text()

    assert 'monitor_feeds{state="waiting"} 1.0' in text
    assert 'monitor_feeds{state="ok"} 0.0' in text
    assert "monitor_uplink 1.0" in text
    assert "monitor_log_head 0.0" in text
    assert "fixed" not in text


async def test_w02_slow_scrapes_keep_nobody_waiting(tmp_path):
    """Some never end their request, some never read the answers they ask for: probes, page and stop go on."""
    async with running(tmp_path) as (built, page, admin), stall_meter() as stall:
        host, port = re.search(r"//(.+):(\d+)$", built.addresses["admin"]).groups()
        slow = [await slow_scrape(host, int(port), asks) for asks in [b"GET /metrics HTTP/1.1\r\nHost: "] * 10]
        slow += [await slow_scrape(host, int(port), SCRAPE * 500) for _ in range(10)]
        for _ in range(10):
            async with asyncio.timeout(5), admin.get("/livez") as alive, page.get("/news/") as shown:
                assert (alive.status, shown.status) == (200, 200)
            async with asyncio.timeout(5), admin.get("/metrics") as answer:
                assert "monitor_uplink 1.0" in await answer.text()
        assert [writer.is_closing() for writer in slow] == [False] * 20
        built.service.stop()
        stopped = time.monotonic()
    assert time.monotonic() - stopped < 10
    assert stall.longest < 0.1 * SLOWED
    for writer in slow:
        writer.close()


SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def slow_scrape(host: str, port: int, said: bytes) -> asyncio.StreamWriter:
    """A client that says this and then takes nothing: its window is as small as the system allows."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (host, port))
    _, writer = await asyncio.open_connection(sock=connection, limit=1)
    writer.transport.pause_reading()
    writer.write(said)
    return writer


async def test_page_is_served_below_its_base_path(tmp_path):
    """With links that work there; the stream is there, too."""
    async with running(tmp_path) as (_, page, _):
        async with page.get("/news/") as answer:
            assert 'href="/news/static/page.css"' in await answer.text()
        async with page.get("/news/api/alerts/stream?watch=port") as answer:
            assert answer.content_type == "text/event-stream"
        async with page.get("/metrics") as answer:
            assert answer.status == 404


async def test_port_that_is_taken_is_one_clear_message(tmp_path):
    """Which key to change, without a traceback."""
    async with running(tmp_path / "a") as (built, _, _):
        port = int(re.search(r":(\d+)$", built.addresses["admin"])[1])
        settings = SETTINGS.format(data=tmp_path / "b").replace("admin: {port: 0}", f"admin: {{port: {port}}}")
        message = rf"^admin: cannot listen on 127.0.0.1:{port}: Address already in use; set admin.port to another one"
        with pytest.RaisesGroup(pytest.RaisesExc(UsageError, match=message), flatten_subgroups=True):
            async with running(tmp_path / "b", {"monitor.yaml": settings}):
                pass


async def test_listeners_that_are_off_are_not_there(tmp_path):
    """`null` means none."""
    settings = SETTINGS.format(data=tmp_path) + "\n"
    settings = re.sub(r"server: .*", "server: null", re.sub(r"admin: .*", "admin: null", settings))
    config = load({"monitor.yaml": settings}, {}, {})
    built = await build(config, None, Options(servers=False))
    before = list(built.service.helpers)
    attach_servers(built, config)
    for close in built.service.closers:
        await close()

    assert list(built.service.helpers) == before


RULES = in_force(load({"watches/port.yaml": WATCH}, {}, {})).rules


def test_read_feed_reports_every_mistake():
    """Not only the first."""
    with pytest.raises(ConfigError) as caught:
        read_feed({"url": "ftp://x", "language": "not a language"}, RULES)

    assert [problem.path for problem in caught.value.problems] == ["feeds[0].url", "feeds[0].language"]


def test_measured_gauges_are_those_of_the_picture():
    """States, overdue feeds, polls under way, log, sinks, network, configuration."""
    from prometheus_client import CollectorRegistry

    from monitor.adapters.observe import Metrics

    metrics = Metrics(CollectorRegistry())
    rows = (
        feed_row(feed("a"), cadence=Cadence(due=START - 61)),
        feed_row(feed("b"), cadence=Cadence(due=START - 59)),
        feed_row(feed("c", paused=True), cadence=Cadence(due=START - 999)),
        feed_row(feed("d"), health=Health(), cadence=Cadence()),
        feed_row(feed("e"), health=Health(last_poll=START, failures=1)),
    )
    sinks = (SinkRow("kafka", "kafka", 5, 37),)
    shown = picture(feeds=rows, sinks=sinks, head=42, in_flight=3, uplink=False, reload_ok=False)
    measure(metrics, picture(feeds=rows[:1]))
    measure(metrics, shown)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"monitor_{name}", labels)

    states = {state: value("feeds", state=state) for state in ("ok", "failing", "retired", "waiting", "paused")}
    assert states == {"ok": 2, "failing": 1, "retired": 0, "waiting": 1, "paused": 1}
    assert (value("feeds_overdue"), value("fetch_in_flight"), value("log_head")) == (1, 3, 42)
    assert (value("sink_lag_events", sink="kafka"), value("uplink"), value("config_last_reload_success")) == (37, 0, 0)
