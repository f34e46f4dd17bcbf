"""The admin port: probes, metrics, reload, changes of feeds, and who may ask for them."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from dataclasses import replace

import pytest

from monitor.app.build.servers import read_feed
from monitor.app.build.service import in_force
from monitor.config.load import load
from monitor.config.writing import entry_of
from monitor.errors import LedgerError, UsageError
from monitor.model.feed import FeedChanges, FeedSpec, Interval
from monitor.model.ids import FeedId
from monitor.server.admin import Admin
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import ScriptedConsole, picture
from tests.support.alerts import served

RULES = in_force(load({"watches/port.yaml": "id: port\nquery: port\n"}, {}, {})).rules
URL = "https://new.example/rss"


def admin(console: ScriptedConsole, **settings) -> Admin:
    """The port with the real reader of feeds."""
    base = Admin(
        console=console,
        metrics=lambda: (b"up 1\n", "text/plain; version=1.0.0; charset=utf-8"),
        now=lambda: START,
        read_feed=lambda wanted: read_feed(wanted, RULES),
        write_feed=entry_of,
    )
    return replace(base, **settings)


async def ask(app: Admin, method: str, path: str, body: object = None, **how) -> tuple[int, dict]:
    """Status and JSON of an answer."""
    data = how.pop("data", None if body is None else json.dumps(body))
    async with served(app.application()) as client, client.request(method, path, data=data, **how) as answer:
        return answer.status, json.loads(await answer.read())


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz", "/startupz"])
async def test_probes_of_a_service_that_is_well(path):
    """200 and no reasons."""
    assert await ask(admin(ScriptedConsole()), "GET", path) == (200, {"ok": True, "reasons": []})


async def test_probes_while_the_ledger_is_away():
    """Not ready, with the reason; alive, and the start stays over."""
    app = admin(ScriptedConsole(picture(ready=False, reasons=("shard 0: disk full",), heartbeat=START - 900)))

    assert await ask(app, "GET", "/readyz") == (503, {"ok": False, "reasons": ["shard 0: disk full"]})
    assert (await ask(app, "GET", "/livez"))[0] == 200
    assert (await ask(app, "GET", "/startupz"))[0] == 200


async def test_probes_while_starting():
    """Not started, not ready, alive."""
    app = admin(ScriptedConsole(picture(ready=False, reasons=("no shard yet",), heartbeat=0.0)))

    assert await ask(app, "GET", "/startupz") == (503, {"ok": False, "reasons": ["no shard yet"]})
    assert (await ask(app, "GET", "/livez"))[0] == 200


async def test_e03_probe_fails_when_the_scheduler_stands():
    """Then, and only then, a restart helps."""
    app = admin(ScriptedConsole(picture(heartbeat=START - 60)))

    assert (await ask(app, "GET", "/livez"))[0] == (await ask(app, "GET", "/healthz"))[0] == 503


async def test_probes_and_metrics_need_no_token():
    """Neither kubelet nor Prometheus has the one for changes."""
    async with served(admin(ScriptedConsole(), token="t", open=False).application()) as client:
        for path in ("/livez", "/readyz", "/startupz", "/metrics"):
            async with client.get(path) as answer:
                assert answer.status == 200
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "Server" not in answer.headers


async def test_metrics_keep_their_content_type():
    """Scrapers choose their parser by it."""
    async with served(admin(ScriptedConsole()).application()) as client, client.get("/metrics") as answer:
        assert await answer.text() == "up 1\n"
        assert answer.headers["Content-Type"] == "text/plain; version=1.0.0; charset=utf-8"


async def test_h206_nothing_to_debug_with_and_no_page_here():
    """Only what the table of routes names."""
    async with served(admin(ScriptedConsole()).application()) as client:
        for path in ("/debug", "/debug/pprof", "/", "/api/feeds/x", "/api/alerts"):
            async with client.get(path) as answer:
                assert answer.status in {404, 405}


async def test_reload_that_is_accepted_and_one_that_is_refused():
    """200 with what needs a restart; 422 with every problem."""
    console = ScriptedConsole(reloaded=(True, ("server.port needs a restart",)))
    assert await ask(admin(console), "POST", "/-/reload") == (
        200,
        {"ok": True, "problems": ["server.port needs a restart"]},
    )
    console.reloaded = (False, ("feeds/a.yaml:1: bad",))
    assert await ask(admin(console), "POST", "/-/reload") == (422, {"ok": False, "problems": ["feeds/a.yaml:1: bad"]})


async def test_feed_is_added_with_origin_runtime():
    """201, its id, and a specification like one from a file."""
    console = ScriptedConsole()
    body = {"url": URL, "id": "new", "name": "Neu 😀", "class": "news", "interval": "10m", "watches": ["port"]}
    status, said = await ask(admin(console), "POST", "/api/feeds", body)

    wanted = FeedSpec(
        FeedId("new"), URL, "Neu 😀", cls="news", interval=Interval(600, 600), watches=("port",), origin="runtime"
    )
    assert (status, said) == (201, {"id": "new"})
    assert console.changes == [FeedChanges(put=(wanted,))]


async def test_feed_needs_only_a_url():
    """Its id is derived from that; its class is that of the configuration."""
    console = ScriptedConsole()
    status, said = await ask(admin(console), "POST", "/api/feeds", {"url": URL})

    assert (status, said["id"][:12]) == (201, "new-example-")
    assert console.changes[0].put[0].cls == RULES.schedule.cls


async def test_feed_that_is_there_already_is_replaced():
    """200 instead of 201: adding twice is harmless."""
    console = ScriptedConsole()
    console.put(feed("new", origin="runtime"))

    assert await ask(admin(console), "POST", "/api/feeds", {"url": URL, "id": "new"}) == (200, {"id": "new"})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "url"),
        ({"url": "ftp://x.example/"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": 5}, "url"),
        ({"url": URL, "id": "No Such Id"}, "id"),
        ({"url": URL, "nmae": "x"}, "name"),
        ({"url": URL, "interval": 5}, "interval"),
        ({"url": URL, "watches": ["prot"]}, 'did you mean "port"'),
        ({"url": URL, "filter": "a AND b"}, "filter: a feed added while running cannot have it"),
        ({"url": URL, "auth_file": "/etc/passwd"}, "auth_file: a feed added while running cannot have it"),
        ({"url": URL, "headers_file": "/etc/passwd"}, "headers_file: a feed added while running cannot have it"),
        ({"url": URL, "origin": "config"}, "origin"),
    ],
)
async def test_feed_that_is_wrong_is_refused_with_what_is_wrong(body, said):
    """422, and nothing was changed."""
    console = ScriptedConsole()
    status, answer = await ask(admin(console), "POST", "/api/feeds", body)

    assert status == 422
    assert said in answer["error"]["message"]
    assert answer["error"]["id"].startswith("MON-")
    assert console.changes == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"url": "\xff"}',
        b"[]",
        b"null",
        b'"text"',
        b'{"name": "\\ud800"}',
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=["empty", "open", "word", "latin", "list", "null", "text", "surrogate", "deep-object", "deep-list"],
)
async def test_h203_what_is_no_object_is_refused(body):
    """400, however deep it is."""
    status, answer = await ask(admin(ScriptedConsole()), "POST", "/api/feeds", data=body)

    assert (status, answer["error"]["id"]) == (400, "MON-RUN-400")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_h203_body_beyond_a_mebibyte(method):
    """413, also if it says nothing of its length, also if it is small until it is unpacked."""
    console = ScriptedConsole()
    console.put(feed("new", origin="runtime"))
    path = "/api/feeds" if method == "POST" else "/api/feeds/new"
    large = b'{"name": "' + b"x" * (2 << 20) + b'"}'

    async def parts():
        for at in range(0, len(large), 1 << 16):
            yield large[at : at + (1 << 16)]

    assert (await ask(admin(console), method, path, data=io.BytesIO(large)))[0] == 413
    assert (await ask(admin(console), method, path, data=parts()))[0] == 413
    packed = gzip.compress(b" " * (50 << 20), 9)
    status, answer = await ask(
        admin(console), method, path, data=packed, headers={"Content-Encoding": "gzip", "Content-Type": "text/json"}
    )
    assert (status, answer["error"]["id"]) == (413, "MON-RUN-413")
    assert console.changes == []


async def test_change_keeps_what_it_does_not_name():
    """Every key survives; null takes one away; the id is that of the path."""
    console = ScriptedConsole()
    old = feed("new", origin="runtime", country="FR", tags=("a",), interval=Interval(600, 7200), notes="n", owner="o")
    console.put(old)
    body = {"paused": True, "notes": None, "country": None, "id": "other"}

    assert await ask(admin(console), "PATCH", "/api/feeds/new", body) == (200, {"id": "new"})
    assert console.changes == [FeedChanges(put=(replace(old, paused=True, notes=None, country=None),))]


async def test_what_is_wrong_with_a_feed_is_told_by_its_keys():
    """A request has no lines; a single problem lends its id, several carry their own."""
    one = await ask(admin(ScriptedConsole()), "POST", "/api/feeds", {"url": "gopher://x"})
    assert one[1]["error"] == {"id": "MON-CFG-010", "message": "url: has to begin with http:// or https://"}
    _, two = await ask(admin(ScriptedConsole()), "POST", "/api/feeds", {"url": "gopher://x", "class": "fast"})
    assert two["error"]["id"] == "MON-CFG-000"
    assert "[MON-CFG-010]; " in two["error"]["message"] or "[MON-CFG-007]; " in two["error"]["message"]
    assert "feeds[0]" not in two["error"]["message"]


async def test_change_that_is_wrong_changes_nothing():
    """422, like for a new feed."""
    console = ScriptedConsole()
    console.put(feed("new", origin="runtime"))
    status, _ = await ask(admin(console), "PATCH", "/api/feeds/new", {"url": "gopher://x"})

    assert (status, console.changes) == (422, [])


async def test_feed_is_removed():
    """And named once more."""
    console = ScriptedConsole()
    console.put(feed("new", origin="runtime"))

    assert await ask(admin(console), "DELETE", "/api/feeds/new") == (200, {"id": "new"})
    assert console.changes == [FeedChanges(removed=(FeedId("new"),))]


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"paused": True}), ("DELETE", None)])
async def test_feed_that_is_not_there(method, body):
    """404; 503 while the shard is not open, for then nobody knows."""
    console = ScriptedConsole()
    status, answer = await ask(admin(console), method, "/api/feeds/nobody", body)
    assert (status, answer["error"]["message"]) == (404, "there is no feed nobody")

    console.show(ready=False, reasons=("shard 0: disk full",))
    status, answer = await ask(admin(console), method, "/api/feeds/nobody", body)
    assert (status, answer["error"]["id"]) == (503, "MON-RUN-503")


async def test_feeds_that_other_processes_poll_are_changed_here_as_well():
    """What is there is what the registry has, not the picture of this process; where it is away, nobody knows."""
    console, there = ScriptedConsole(), {FeedId("elsewhere"): feed("elsewhere", origin="runtime", notes="kept")}

    async def registered():
        if not there:
            raise LedgerError("the broker is away")
        return there

    console.put(feed("gone"))
    app = admin(console, registered=registered)
    assert (await ask(app, "PATCH", "/api/feeds/elsewhere", {"paused": True}))[0] == 200
    assert (await ask(app, "DELETE", "/api/feeds/elsewhere"))[0] == 200
    assert (await ask(app, "POST", "/api/feeds", {"id": "elsewhere", "url": URL}))[0] == 200
    assert (await ask(app, "POST", "/api/feeds", {"id": "fresh", "url": URL}))[0] == 201
    assert (await ask(app, "PATCH", "/api/feeds/gone", {"paused": True}))[0] == 404
    assert [(change.put[0].paused, change.put[0].notes) for change in console.changes[:1]] == [(True, "kept")]
    there.clear()
    assert (await ask(app, "DELETE", "/api/feeds/elsewhere"))[0] == 503


@pytest.mark.parametrize(
    ("error", "status"), [(UsageError("stands in the configuration"), 409), (LedgerError("disk full"), 503)]
)
async def test_refusals_of_the_service_are_passed_on(error, status):
    """A feed of the configuration is a conflict; a ledger that is away is no mistake of the caller."""
    console = ScriptedConsole(refusing=error)
    console.put(feed("new"))
    for method, path, body in [
        ("POST", "/api/feeds", {"url": URL}),
        ("PATCH", "/api/feeds/new", {"paused": True}),
        ("DELETE", "/api/feeds/new", None),
    ]:
        got, answer = await ask(admin(console), method, path, body)
        assert (got, answer["error"]) == (status, {"id": error.id, "message": str(error)})


CHANGES = [("POST", "/-/reload"), ("POST", "/api/feeds"), ("PATCH", "/api/feeds/new"), ("DELETE", "/api/feeds/new")]


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8081"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_h202_pages_cannot_change_anything(method, path, headers):
    """A form or script in somebody's browser reaches loopback, too; what it sends says where it comes from."""
    console = ScriptedConsole()
    console.put(feed("new", origin="runtime"))
    with_token = {**headers, "Authorization": "Bearer t"}
    status, answer = await ask(admin(console, token="t"), method, path, {"url": URL}, headers=with_token)

    assert (status, answer["error"]["id"], console.changes) == (403, "MON-RUN-403", [])


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({"token": "t"}, {}, 401),
        ({"token": "t"}, {"Authorization": "Bearer wrong"}, 401),
        ({"token": "t"}, {"Authorization": "Basic bWU6dA=="}, 401),
        ({"token": "t", "open": False}, {}, 401),
        ({"token": ""}, {"Authorization": "Bearer "}, 401),
        ({"open": False}, {}, 403),
        ({"open": False}, {"Authorization": "Bearer t"}, 403),
    ],
)
async def test_changes_need_the_token(method, path, settings, headers, status):
    """Not as a password a browser would send by itself; without a token set, only on loopback."""
    console = ScriptedConsole()
    console.put(feed("new", origin="runtime"))

    assert (await ask(admin(console, **settings), method, path, {"url": URL}, headers=headers))[0] == status
    assert console.changes == []


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_token_allows_changes(method, path):
    """From the network, too."""
    console = ScriptedConsole()
    console.put(feed("new", origin="runtime"))
    headers = {"Authorization": "Bearer t"}

    assert (await ask(admin(console, token="t", open=False), method, path, {"url": URL}, headers=headers))[0] < 300


async def test_change_is_finished_when_its_client_has_gone():
    """Whoever hangs up too early must not leave half a change."""
    console = ScriptedConsole()
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(ScriptedConsole):
        async def change_feeds(self, changes):
            begun.set()
            await go_on.wait()
            console.changes.append(changes)

    async with served(admin(Slow()).application()) as client:
        asking = asyncio.ensure_future(client.post("/api/feeds", json={"url": URL}))
        await begun.wait()
        asking.cancel()
        await asyncio.wait([asking])
        await asyncio.sleep(0.05)
        go_on.set()
        while not console.changes:
            await asyncio.sleep(0.005)

    assert len(console.changes) == 1
