"""The server port: the page and the read-only API, from the picture of the running service and its event log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

from monitor.ports import Console, EventLog
from monitor.publish.envelope import Topics
from monitor.server import api, page
from monitor.server.alerts import Alerts
from monitor.server.web import MAX_BODY, ApiError, Handler, guard, require_token

STATIC = {"page.css": "text/css"}


@dataclass(frozen=True, slots=True)
class Site:
    """What the server port works with."""

    console: Console
    log: EventLog
    topics: Callable[[], Topics]
    token: str | None = None
    base_path: str = "/"

    def application(self) -> web.Application:
        """The routes, below `base_path`."""
        inside = web.Application(middlewares=[guard, self._admit], client_max_size=MAX_BODY)
        alerts = Alerts(self.log, self.topics, self.console)
        api.add_routes(inside, self.console, self.log, self.topics, alerts)
        page.add_routes(inside, self.console, alerts, "/" + self.base_path.strip("/"))
        inside.router.add_get("/static/{name}", _static)
        if not self.base_path.strip("/"):
            return inside
        app = web.Application(middlewares=[guard])
        app.add_subapp("/" + self.base_path.strip("/"), inside)
        return app

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        require_token(request, self.token)
        return await handler(request)


async def _static(request: web.Request) -> web.Response:
    """A file of the package; names are looked up in a table, never joined to a path."""
    found = STATIC.get(request.match_info["name"])
    if found is None:
        raise ApiError(404, "MON-RUN-404", "there is no such file")
    body = files("monitor.server").joinpath("static", request.match_info["name"]).read_bytes()
    return web.Response(body=body, content_type=found, headers={"Cache-Control": "max-age=3600"})
