"""The page in a real browser: nothing of a publisher runs, and it can be read on a phone, by day and by night."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from monitor.server.web import listen
from monitor.testing.builders import feed
from tests.support.alerts import Desk, hit
from tests.support.browser import Browser, browser, browser_missing
from tests.support.fixtures import absent
from tests.support.hostile_page import hostile_desk
from tests.support.vectors import VECTORS

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]
OURS = {"/", "/static/page.css", "/static/icon.svg"}


@pytest.fixture
async def window(tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser of this test alone."""
    reason = browser_missing()
    if reason is not None:
        absent(reason)
    async with browser(tmp_path / "profile") as one:
        yield one


@contextmanager
def asked(app: web.Application) -> Iterator[list[str]]:
    """The paths that are asked for."""
    paths: list[str] = []

    async def note(request: web.Request, _response: web.StreamResponse) -> None:
        paths.append(request.path)

    app.on_response_prepare.append(note)
    yield paths


async def no_policy(_request: web.Request, response: web.StreamResponse) -> None:
    """Takes away the second line of defence."""
    response.headers.pop("Content-Security-Policy", None)


def raw(vectors: tuple[str, ...]) -> web.Application:
    """A page that makes the mistake."""

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=f"<title>fine</title>{''.join(vectors)}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    return app


@pytest.mark.parametrize("vector", [VECTORS[0], VECTORS[4], VECTORS[6], VECTORS[16]])
async def test_h166_vector_runs_in_a_page_that_does_not_escape(window: Browser, vector: str):
    """What the tests below look for is really to be seen if something runs."""
    async with listen(raw((vector,)), "127.0.0.1", 0) as port:
        await window.ask("POST", "/url", {"url": f"http://127.0.0.1:{port}/"})
        assert await window.dialog() == "1"
        await window.ask("POST", "/alert/accept")
        assert await window.title() == "pwned"


@pytest.mark.parametrize("policy", [True, False], ids=["with-policy", "without-policy"])
async def test_h166_no_vector_runs_on_the_page(window: Browser, policy: bool):
    """No dialog, no other title, no element or request that is not ours; escaping alone is enough."""
    assert len(VECTORS) == 30
    app = hostile_desk().site().application()
    if not policy:
        app.on_response_prepare.append(no_policy)
    with asked(app) as paths:
        async with listen(app, "127.0.0.1", 0) as port:
            for path in ("/", f"/?q={'%3Cimg%20src=x%20onerror=alert(1)%3E'}", "/?watch=w0"):
                await window.open(f"http://127.0.0.1:{port}{path}")
                assert await window.dialog() is None
                assert "news-monitor" in await window.title()
                assert (
                    await window.run("return document.querySelectorAll('script,iframe,img,svg,style,base').length") == 0
                )
                assert await window.run("return document.querySelectorAll('.alerts li').length") == (
                    30 if path == "/" else (0 if "q=" in path else 1)
                )

    assert set(paths) <= OURS


@pytest.mark.parametrize(
    "path",
    ["/alerts/w0.atom", "/alerts/w0.json", "/api/alerts", "/api/feeds", "/api/alerts?q=%3Cscript%3E&x=%3Cscript%3E"],
)
async def test_h166_no_vector_runs_in_what_programs_read(window: Browser, path: str):
    """Opened by hand, JSON and Atom stay data."""
    app = hostile_desk().site().application()
    async with listen(app, "127.0.0.1", 0) as port:
        await window.open(f"http://127.0.0.1:{port}{path}")
        assert await window.dialog() is None
        assert await window.title() != "pwned"


def full_desk() -> Desk:
    """What is hard to lay out: long words, long names, both directions."""
    desk = Desk()
    long = "unbroken" * 40
    desk.raise_alert(
        1,
        title=long,
        summary=f"{long} port",
        hits=[hit("port", len(long) + 1, "summary")],
        url=f"https://e.example/{long}",
    )
    desk.raise_alert(2, "ship", title="سفينة في ميناء العقبة", language="ar", hits=[hit("سفينة")])
    desk.raise_alert(3, title="Port reopens")
    desk.console.put(feed("x" * 63))
    desk.console.put(feed("paused", paused=True))
    return desk


CONTRAST = """
const parts = (c) => c.match(/[\\d.]+/g).map(Number);
const light = (c) => parts(c).slice(0, 3).map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
  if (parts(c)[3] !== 0) return c; } return 'rgb(255, 255, 255)'; };
let worst = [99, ''];
for (const e of document.body.querySelectorAll('*')) {
  if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
  const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < worst[0]) worst = [ratio, e.tagName + '.' + e.className];
}
return worst;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_from_its_background(window: Browser, scheme: str):
    """At least 4.5 to 1 (WCAG 2.2, 1.4.3), also hits, links and states."""
    async with listen(full_desk().site().application(), "127.0.0.1", 0) as port:
        await window.prefer(scheme)
        await window.open(f"http://127.0.0.1:{port}/")
        ratio, where = await window.run(CONTRAST)
        dark = await window.run("return matchMedia('(prefers-color-scheme: dark)').matches")

    assert dark is (scheme == "dark")
    assert 4.5 <= ratio < 99, where


@pytest.mark.parametrize("width", [320, 375, 800, 1400])
async def test_page_never_scrolls_sideways(window: Browser, width: int):
    """On a phone the table becomes a list (WCAG 2.2, 1.4.10)."""
    async with listen(full_desk().site().application(), "127.0.0.1", 0) as port:
        await window.resize(width, 800)
        await window.open(f"http://127.0.0.1:{port}/")
        inner, whole = await window.run("return [innerWidth, document.documentElement.scrollWidth]")

    assert (inner, whole) == (width, width)


async def test_search_works_without_scripts_and_by_keyboard(window: Browser):
    """The form is sent to the page itself, as the policy wants it."""
    async with listen(full_desk().site(base_path="/news").application(), "127.0.0.1", 0) as port:
        await window.open(f"http://127.0.0.1:{port}/news/?watch=port")
        field = await window.ask("POST", "/element", {"using": "css selector", "value": "#q"})
        await window.ask("POST", f"/element/{next(iter(field.values()))}/value", {"text": "reopens\ue007"})
        place = ""
        while "q=" not in place:
            place = str(await window.run("return location.pathname + location.search"))
        await window.open(f"http://127.0.0.1:{port}{place}")
        found = await window.run("return [...document.querySelectorAll('h3')].map(e => e.textContent)")

    assert place == "/news/?watch=port&q=reopens"
    assert found == ["Port reopens"]
