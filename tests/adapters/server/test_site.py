"""What holds for every answer of the server port: headers, errors, tokens, base path, static files."""

from __future__ import annotations

import asyncio
import base64
import re

import aiohttp
import pytest

from monitor.server.web import listen
from tests.support.alerts import Desk, served

ROUTES = [
    "/",
    "/api/status",
    "/api/feeds",
    "/api/watches",
    "/api/articles",
    "/api/alerts",
    "/api/alerts?format=csv",
    "/api/alerts?format=jsonl",
    "/alerts/port.atom",
    "/alerts/port.json",
    "/static/page.css",
    "/static/icon.svg",
]
WRONG = ["/nothing", "/api/feeds/nobody", "/api/alerts?limit=x", "/static/nothing.css", "/alerts/nobody.atom"]


def basic(password: bytes, user: bytes = b"me") -> dict[str, str]:
    """What a browser sends."""
    return {"Authorization": "Basic " + base64.b64encode(user + b":" + password).decode()}


@pytest.mark.parametrize("path", [*ROUTES, *WRONG])
async def test_h202_every_answer_carries_the_security_headers(path):
    """Also errors; no script may run, nobody may frame, nothing is told to other sites."""
    desk = Desk()
    desk.raise_alert(1)
    async with served(desk.site().application()) as client, client.get(path) as answer:
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))

    assert policy["default-src"] == policy["form-action"] == policy["img-src"] == "'self'"
    assert policy["script-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Cache-Control" in answer.headers
    assert "Server" not in answer.headers


@pytest.mark.parametrize("path", ROUTES)
async def test_head_is_get_without_its_body(path):
    """Probes of proxies ask so."""
    desk = Desk()
    desk.raise_alert(1)
    async with served(desk.site().application()) as client:
        async with client.get(path) as whole:
            length = len(await whole.read())
        async with client.head(path) as answer:
            assert (answer.status, answer.headers["Content-Length"]) == (200, str(length))
            assert await answer.read() == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/api/feeds", "/api/alerts/stream"])
async def test_nothing_can_be_changed_here(method, path):
    """405 as JSON, with what is allowed."""
    async with served(Desk().site().application()) as client, client.request(method, path) as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]
        allowed = answer.headers["Allow"].replace(",", ", ")
        said = f"allowed here: {allowed}; feeds are changed on the admin port"
        assert (await answer.json())["error"] == {"id": "MON-RUN-405", "message": said}


async def test_h203_body_of_100_mb_is_not_read():
    """An answer comes before the body does, and the connection is of no more use."""
    sent = 0

    async def body():
        nonlocal sent
        for _ in range(100):
            sent += 1 << 20
            yield b"x" * (1 << 20)

    async with served(Desk().site().application()) as client:
        try:
            async with client.post("/api/feeds", data=body()) as answer:
                assert answer.status == 405
        except aiohttp.ClientConnectionError:
            assert sent < 100 << 20
        async with client.get("/api/status") as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../site.py",
        "/static/..%2fsite.py",
        "/static/%2e%2e%2fsite.py",
        "/static/..%5csite.py",
        "/static/%2fetc%2fpasswd",
        "/static/page.css%00",
        "/static/page.css/..",
        "/static/",
        "/alerts/..%2f..%2fx.atom",
        "//static/page.css",
    ],
)
async def test_h203_path_traversal_finds_nothing(path):
    """Names are looked up, never joined; asked byte for byte, for clients tidy paths up."""
    async with listen(Desk().site().application(), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert answer.split(b" ", 2)[1] in {b"404", b"400"}
    assert b"def " not in answer
    assert b"color-scheme" not in answer


@pytest.mark.parametrize("base", ["/", "/news", "/news/", "/a/b/"])
async def test_h205_links_come_from_the_base_path_never_from_the_client(base):
    """A forged Host, or what proxies say of it, is in no page, feed, redirect or header."""
    desk = Desk()
    desk.raise_alerts(60)
    front = "" if base == "/" else "/" + base.strip("/")
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    async with served(desk.site(base_path=base).application()) as client:
        for path in ROUTES:
            async with client.get(front + path, headers=forged) as answer:
                text = await answer.text()
                assert answer.status == 200
                assert "evil.example" not in text + str(answer.headers)
        async with client.get(f"{front}/?watch=port&q=number") as answer:
            page = await answer.text()

    links = [link for link in re.findall(r'(?:href|action)="([^"]*)"', page) if not link.startswith("http")]
    assert links
    assert all(link.startswith((f"{front}/", "#")) for link in links)
    assert f'href="{front}/?watch=port&amp;q=number&amp;cursor=' in page


async def test_h205_address_in_the_request_line_is_not_repeated():
    """A request as proxies get it names a host of its own choice."""
    desk = Desk()
    desk.raise_alerts(3)
    async with listen(desk.site(base_path="/news").application(), "127.0.0.1", 0) as port:
        for path in ("/news", "/news/", "/news/api/alerts?format=jsonl&limit=1"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            request = f"GET http://evil.example{path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            assert answer.split(b" ", 2)[1] in {b"200", b"301"}
            assert b"evil" not in answer


async def test_every_link_of_the_page_leads_somewhere():
    """Below a base path, too."""
    desk = Desk()
    desk.raise_alerts(60)
    async with served(desk.site(base_path="/news").application()) as client:
        async with client.get("/news/?watch=port") as answer:
            page = await answer.text()
        for link in set(re.findall(r'(?:href|action)="(/[^"]*)"', page)):
            async with client.get(link.replace("&amp;", "&")) as answer:
                assert answer.status == 200, link


async def test_base_path_without_its_slash_leads_to_the_page():
    """A redirect that names no host; what lies outside the base path is not there."""
    async with served(Desk().site(base_path="/news").application()) as client:
        async with client.get("/news?watch=port", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (301, "/news/?watch=port")
            assert "Content-Security-Policy" in answer.headers
        for path in ("/", "/api/status", "/newsapi/status", "/news/nothing"):
            async with client.get(path) as answer:
                assert (answer.status, (await answer.json())["error"]["id"]) == (404, "MON-RUN-404")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer s3cret-ü"},
        {"Authorization": "bearer  s3cret-ü "},
        basic("s3cret-ü".encode()),
        basic("s3cret-ü".encode(), b""),
    ],
)
async def test_token_lets_readers_in(headers):
    """As a header of programs, or as the password a browser asks for."""
    app = Desk().site(token="s3cret-ü").application()
    async with served(app) as client, client.get("/api/status", headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "s3cret"},
        {"Authorization": "Basic s3cret"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Digest s3cret"},
        {"Cookie": "token=s3cret"},
        basic(b"wrong"),
        basic(b"", b"s3cret"),
        basic(b"s3cret:x"),
    ],
)
@pytest.mark.parametrize(
    "path", ["/", "/api/alerts", "/api/alerts/stream", "/alerts/port.atom", "/static/page.css", "/x"]
)
async def test_nobody_else_gets_anything(headers, path):
    """Not even whether there is such a path; a browser is told how to ask its user."""
    async with served(Desk().site(token="s3cret").application()) as client:
        async with client.get(path, headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith('Basic realm="news-monitor"')
            assert (await answer.json())["error"]["id"] == "MON-RUN-401"
        async with client.get("/?token=s3cret") as answer:
            assert answer.status == 401


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, basic(b"")])
async def test_empty_token_lets_nobody_in(headers):
    """A secret file that was emptied by mistake does not open the door."""
    async with served(Desk().site(token="").application()) as client, client.get("/", headers=headers) as answer:
        assert answer.status == 401


async def test_feeds_of_alerts_know_what_a_reader_has():
    """Their version is asked for in vain until there is a new alert."""
    desk = Desk()
    desk.raise_alert(1)
    async with served(desk.site().application()) as client:
        for path, kind in (
            ("/alerts/port.atom", "application/atom+xml"),
            ("/alerts/port.json", "application/feed+json"),
        ):
            async with client.get(path) as answer:
                tag, body = answer.headers["ETag"], await answer.read()
                assert answer.content_type == kind
                assert answer.headers["Cache-Control"] == "no-cache"
            async with client.get(path, headers={"If-None-Match": f'"x", {tag}'}) as answer:
                assert (answer.status, await answer.read()) == (304, b"")
            desk.raise_alert(2 if path.endswith("atom") else 3)
            async with client.get(path, headers={"If-None-Match": tag}) as answer:
                assert answer.status == 200
                assert len(await answer.read()) > len(body)


async def test_h206_the_page_port_has_no_probe_metric_or_change():
    """Those have a port of their own; nothing of a debugger is anywhere."""
    async with served(Desk().site().application()) as client:
        for path in ("/metrics", "/livez", "/readyz", "/healthz", "/startupz", "/-/reload", "/debug", "/debug/pprof"):
            async with client.get(path) as answer:
                assert answer.status == 404
