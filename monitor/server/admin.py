"""The admin port: probes, metrics, reload, feed changes. Bound to loopback unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from monitor.errors import MonitorError
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId
from monitor.model.units import Instant
from monitor.ports import Console
from monitor.server import health
from monitor.server.web import MAX_BODY, ApiError, guard, json_response, require_token


@dataclass(frozen=True, slots=True)
class Admin:
    """What the admin port works with. `metrics` gives the exposition and its content type."""

    console: Console
    metrics: Callable[[], tuple[bytes, str]]
    now: Callable[[], Instant]
    read_feed: Callable[[dict[str, Any]], FeedSpec]
    """A feed as JSON to a specification; raises MonitorError with all that is wrong."""
    token: str | None = None
    open: bool = True
    """Changes need no token: the port is bound to loopback."""

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[guard], client_max_size=MAX_BODY)
        app.router.add_get("/livez", self._alive)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/startupz", self._ready)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_post("/-/reload", self._reload)
        app.router.add_post("/api/feeds", self._put)
        app.router.add_patch("/api/feeds/{id}", self._patch)
        app.router.add_delete("/api/feeds/{id}", self._delete)
        return app

    async def _alive(self, _request: web.Request) -> web.Response:
        return _probe(health.alive(self.console.snapshot(), self.now()))

    async def _ready(self, _request: web.Request) -> web.Response:
        return _probe(health.ready(self.console.snapshot()))

    async def _metrics(self, _request: web.Request) -> web.Response:
        body, content_type = self.metrics()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _reload(self, request: web.Request) -> web.Response:
        self._authorise(request)
        ok, problems = await self.console.reload()
        return json_response({"ok": ok, "problems": list(problems)}, 200 if ok else 422)

    async def _put(self, request: web.Request) -> web.Response:
        self._authorise(request)
        spec = self._spec(await _object(request))
        await self._change(FeedChanges(put=(spec,)))
        return json_response({"id": spec.id}, 201)

    async def _patch(self, request: web.Request) -> web.Response:
        self._authorise(request)
        feed, wanted = request.match_info["id"], await _object(request)
        known = next((row.spec for row in self.console.snapshot().feeds if row.spec.id == feed), None)
        if known is None:
            raise ApiError(404, "MON-RUN-404", f"there is no feed {feed}")
        spec = self._spec({**_as_written(known), **wanted, "id": feed})
        await self._change(FeedChanges(put=(spec,)))
        return json_response({"id": spec.id})

    async def _delete(self, request: web.Request) -> web.Response:
        self._authorise(request)
        feed = FeedId(request.match_info["id"])
        if not any(row.spec.id == feed for row in self.console.snapshot().feeds):
            raise ApiError(404, "MON-RUN-404", f"there is no feed {feed}")
        await self._change(FeedChanges(removed=(feed,)))
        return json_response({"id": feed})

    def _authorise(self, request: web.Request) -> None:
        """A page in somebody's browser must not reach a port on loopback: it cannot set this header without asking."""
        if request.headers.get("Origin") is not None:
            raise ApiError(403, "MON-RUN-403", "changes are not made from pages")
        if self.token is None and not self.open:
            raise ApiError(403, "MON-RUN-403", "set admin.write_token_file to allow changes from the network")
        require_token(request, self.token)

    def _spec(self, wanted: dict[str, Any]) -> FeedSpec:
        try:
            return self.read_feed(wanted)
        except MonitorError as error:
            raise ApiError(422, error.id, str(error)) from error

    async def _change(self, changes: FeedChanges) -> None:
        try:
            await self.console.change_feeds(changes)
        except MonitorError as error:
            raise ApiError(409, error.id, str(error)) from error


def _probe(answer: health.Answer) -> web.Response:
    return json_response({"ok": answer.ok, "reasons": list(answer.reasons)}, 200 if answer.ok else 503)


def _as_written(spec: FeedSpec) -> dict[str, Any]:
    """The keys a change may leave out."""
    return {"url": spec.url, "name": spec.name, "tags": list(spec.tags), "class": spec.cls, "paused": spec.paused}


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(await request.read())
    except msgspec.DecodeError as error:
        raise ApiError(400, "MON-RUN-400", f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ApiError(400, "MON-RUN-400", "the body has to be an object")
    return value
