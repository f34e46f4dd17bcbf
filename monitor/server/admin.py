"""The admin port: probes, metrics, reload, feed changes. Bound to loopback unless told otherwise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from monitor.errors import ConfigError, UsageError
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId
from monitor.model.units import Instant
from monitor.ports import Console
from monitor.server import health
from monitor.server.web import (
    ApiError,
    application,
    bad_request,
    json_response,
    not_found,
    require_known,
    require_token,
)


@dataclass(frozen=True, slots=True)
class Admin:
    """What the admin port works with. `metrics` gives the exposition and its content type."""

    console: Console
    metrics: Callable[[], tuple[bytes, str]]
    now: Callable[[], Instant]
    read_feed: Callable[[dict[str, Any]], FeedSpec]
    """A feed as JSON to a specification; raises MonitorError with all that is wrong."""
    write_feed: Callable[[FeedSpec], dict[str, Any]]
    """The reverse: what a change is merged into."""
    token: str | None = None
    open: bool = True
    """Changes need no token: the port is bound to loopback."""
    registered: Callable[[], Awaitable[Mapping[FeedId, FeedSpec]]] | None = None
    """Every feed there is, where other processes poll some of them; None: the picture of this one has all."""

    def application(self) -> web.Application:
        """The routes."""
        app = application()
        app.router.add_get("/livez", self._alive)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/startupz", self._started)
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

    async def _started(self, _request: web.Request) -> web.Response:
        return _probe(health.started(self.console.snapshot()))

    async def _metrics(self, _request: web.Request) -> web.Response:
        body, content_type = self.metrics()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _reload(self, request: web.Request) -> web.Response:
        self._authorise(request)
        ok, problems = await self.console.reload()
        return json_response({"ok": ok, "problems": list(problems)}, 200 if ok else 422)

    async def _put(self, request: web.Request) -> web.Response:
        """Adds a feed, or replaces one that was added while running."""
        self._authorise(request)
        spec = self._spec(await _object(request))
        known = await self._known(spec.id) is not None
        await self._change(FeedChanges(put=(spec,)))
        return json_response({"id": spec.id}, 200 if known else 201)

    async def _patch(self, request: web.Request) -> web.Response:
        """Merges keys into a feed (RFC 7396): null takes one away."""
        self._authorise(request)
        known, wanted = await self._present(request), await _object(request)
        merged = {**self.write_feed(known), **wanted, "id": known.id}
        await self._change(FeedChanges(put=(self._spec({key: v for key, v in merged.items() if v is not None}),)))
        return json_response({"id": known.id})

    async def _delete(self, request: web.Request) -> web.Response:
        self._authorise(request)
        known = await self._present(request)
        await self._change(FeedChanges(removed=(known.id,)))
        return json_response({"id": known.id})

    def _authorise(self, request: web.Request) -> None:
        """A page in somebody's browser must not change anything; what it sends always says that it is a page."""
        if "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none":
            raise ApiError(403, "MON-RUN-403", "changes are not made from pages")
        if self.token is None and not self.open:
            raise ApiError(403, "MON-RUN-403", "set admin.write_token_file to allow changes from the network")
        require_token(request, self.token)

    async def _known(self, feed: FeedId) -> FeedSpec | None:
        if self.registered is not None:
            return (await self.registered()).get(feed)
        return next((row.spec for row in self.console.snapshot().feeds if row.spec.id == feed), None)

    async def _present(self, request: web.Request) -> FeedSpec:
        """The feed of the path. Raises ApiError 404, or 503 while nobody can know."""
        feed = FeedId(request.match_info["id"])
        known = await self._known(feed)
        if known is not None:
            return known
        if self.registered is not None:
            raise not_found(f"there is no feed {feed}")
        require_known(self.console.snapshot())
        raise not_found(f"there is no feed {feed}")

    def _spec(self, wanted: dict[str, Any]) -> FeedSpec:
        try:
            return self.read_feed(wanted)
        except ConfigError as error:
            raise _unusable(error) from error
        except UsageError as error:
            raise ApiError(422, error.id, str(error)) from error

    async def _change(self, changes: FeedChanges) -> None:
        try:
            await self.console.change_feeds(changes)
        except UsageError as error:
            raise ApiError(409, error.id, str(error)) from error


def _probe(answer: health.Answer) -> web.Response:
    return json_response({"ok": answer.ok, "reasons": list(answer.reasons)}, 200 if answer.ok else 503)


def _unusable(error: ConfigError) -> ApiError:
    """Every problem by its key alone, for the request has one feed and no lines; one problem lends its id."""
    problems = [(one.path.removeprefix("feeds[0].").removeprefix("feeds[0]"), one) for one in error.problems]
    if len(problems) == 1:
        ((path, one),) = problems
        return ApiError(422, one.id, f"{path}: {one.message}".removeprefix(": "))
    told = "; ".join(f"{path}: {one.message} [{one.id}]".removeprefix(": ") for path, one in problems)
    return ApiError(422, error.id, told)


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(await request.read())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise bad_request("the body has to be an object")
    return value
