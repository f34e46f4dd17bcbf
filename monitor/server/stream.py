"""Alerts as they come: server-sent events. Each client reads the log from its own place, so none needs a queue.

What a client costs is one chunk of the log and the buffer of its socket. A client that does not read is dropped; it
comes back with `Last-Event-ID` and misses nothing that the log still holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from monitor.errors import MonitorError
from monitor.server.alerts import Alerts, Wanted, read_alerts
from monitor.server.parameters import ALERTS, parameters, place, wanted_of
from monitor.server.web import ApiError, not_found

CHUNK = 50
"""Records read from the log at once."""
HEADERS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}

Write = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class Stream:
    """The clients that follow the log."""

    alerts: Alerts
    most: int = 100
    """Clients at once; further ones are told to come back later."""
    patience: float = 10.0
    """Seconds a client may take to accept what is sent."""
    pulse: float = 15.0
    """Seconds of silence after which a client is told how far the log is: proxies cut connections that are silent."""
    clients: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def add_routes(self, app: web.Application) -> None:
        """Adds `/api/alerts/stream`; it ends when the application does."""
        app.router.add_get("/api/alerts/stream", self.follow, allow_head=False)
        app.on_shutdown.append(self._close)

    async def follow(self, request: web.Request) -> web.StreamResponse:
        """Alerts after `Last-Event-ID`, else after `after=`, else from now on."""
        query = parameters(request, *ALERTS, "after")
        wanted = wanted_of(query)
        self._topics(wanted)
        log = self.alerts.log
        known = await place(log, request.headers, "Last-Event-ID")
        start = known if known is not None else await place(log, query, "after")
        if self.clients >= self.most:
            message = f"{self.most} clients follow already; try again later"
            raise ApiError(503, "MON-RUN-503", message, {"Retry-After": "30"})
        self.clients += 1
        try:
            return await self._serve(request, wanted, start)
        finally:
            self.clients -= 1

    async def _serve(self, request: web.Request, wanted: Wanted, start: int | None) -> web.StreamResponse:
        head = await self.alerts.log.head()
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(request)

        async def write(data: bytes) -> None:
            await asyncio.wait_for(response.write(data), self.patience)

        try:
            await self._pump(write, wanted, head if start is None else min(start, head))
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        except (ConnectionError, MonitorError, ApiError):  # the client has gone, or comes back when the log is there
            response.force_close()
        return response

    async def _pump(self, write: Write, wanted: Wanted, after: int) -> None:
        await write(b"retry: 3000\n: news-monitor\n\n")
        while not self.closing.is_set():
            head = await self._news(after)
            if head is None:
                await write(b"id: %b\n\n" % self._token(after))
                continue
            rows = await self.alerts.log.read(after, self._topics(wanted), CHUNK)
            for row in rows:
                for alert in read_alerts([row], wanted):
                    said = self._token(row.seq), msgspec.json.encode(alert)
                    await write(b"id: %b\nevent: alert\ndata: %b\n\n" % said)
            # Whatever `head` counts is visible to a later read: an empty one proves that there is nothing up to it.
            after = rows[-1].seq if rows else head

    def _token(self, seq: int) -> bytes:
        return self.alerts.log.token(seq).encode()

    async def _news(self, after: int) -> int | None:
        """The head once it is above `after`; None after a time of silence, or at the end."""
        news = asyncio.ensure_future(self.alerts.log.wait(after))
        closing = asyncio.ensure_future(self.closing.wait())
        try:
            await asyncio.wait((news, closing), timeout=self.pulse, return_when=asyncio.FIRST_COMPLETED)
            return news.result() if news.done() else None
        finally:
            news.cancel()
            closing.cancel()

    def _topics(self, wanted: Wanted) -> list[str]:
        try:
            return self.alerts.topics_of(wanted)
        except KeyError as error:
            raise not_found(f"there is no watch {wanted.watch}") from error

    async def _close(self, _app: web.Application) -> None:
        self.closing.set()
