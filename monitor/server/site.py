"""The server port: the page and the read-only API, from the picture of the running service and its event log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

from monitor.ports import Console, EventLog
from monitor.publish.envelope import Topics
from monitor.server import api
from monitor.server.alerts import Alerts
from monitor.server.page import Page
from monitor.server.stream import Stream
from monitor.server.syndication import Syndication
from monitor.server.web import Handler, application, not_found, require_token

STATIC = {"page.css": "text/css", "icon.svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Site:
    """What the server port works with. Links are built from `base_path`, never from what a client sends."""

    console: Console
    log: EventLog
    topics: Callable[[], Topics]
    token: str | None = None
    base_path: str = "/"
    clients: int = 100
    """Followers of the stream at once."""

    def application(self) -> web.Application:
        """The routes, below `base_path`."""
        app, base = application(self._admit), self.base_path.strip("/")
        if not base:
            self._add_routes(app, "")
            return app
        inside = web.Application()
        self._add_routes(inside, f"/{base}")
        app.router.add_get(f"/{base}", _inside)
        app.add_subapp(f"/{base}", inside)
        return app

    def _add_routes(self, app: web.Application, base: str) -> None:
        alerts = Alerts(self.log, self.topics, self.console)
        Stream(alerts, most=self.clients).add_routes(app)
        api.add_routes(app, self.console, self.log, self.topics, alerts)
        Syndication(alerts).add_routes(app)
        app.router.add_get("/", Page(self.console, alerts, base).show)
        app.router.add_get("/static/{name}", _static)

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Nothing can be changed here, so a browser may keep the token and send it by itself."""
        require_token(request, self.token, basic=True)
        return await handler(request)


async def _inside(request: web.Request) -> web.StreamResponse:
    query = request.rel_url.raw_query_string
    raise web.HTTPMovedPermanently(f"{request.rel_url.raw_path}/{'?' if query else ''}{query}")


async def _static(request: web.Request) -> web.Response:
    """A file of the package; names are looked up in a table, never joined to a path."""
    name = request.match_info["name"]
    if name not in STATIC:
        raise not_found("there is no such file")
    body = files("monitor.server").joinpath("static", name).read_bytes()
    return web.Response(body=body, content_type=STATIC[name], headers={"Cache-Control": "private, max-age=3600"})
