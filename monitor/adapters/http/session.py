"""Makes the client session: guarded sockets, no cookies, no environment, and signals of how far a request has come."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.client_proto import ResponseHandler

from monitor.adapters.http.guard import ATTEMPT, Attempt, GuardedResolver, SocketGuard
from monitor.fetch.guard import Guard
from monitor.fetch.settings import FetchSettings

DNS_TIMEOUT, DNS_TRIES, DNS_CACHE = 2.0, 2, 60
KEEP_ALIVE = 5.0
"""Seconds: reused inside a burst, closed after it."""
BODILESS = (b"304", b"204")


class HeadFirst(ResponseHandler):
    """Drops a body behind a 304 or 204, which must have none (RFC 9112 §6.3), instead of taking it for the next head.

    Some servers send one; the client would lose the whole answer over it. The connection is not used again.
    """

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.") and data[9:12] in BODILESS:
            head, end, rest = data.partition(b"\r\n\r\n")
            data = head + end
            if rest:
                self.force_close()
        super().data_received(data)


class Connector(aiohttp.TCPConnector):
    """The client's connector with our protocol; the client has no public place for one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(HeadFirst, loop=self._loop)  # type: ignore[assignment]


class BrokenConnection(aiohttp.ClientError):
    """A connection broke that had not served before, so the request is not sent again."""


def make_resolver(settings: FetchSettings, guard: Guard) -> GuardedResolver:
    """Asks without threads, so that slow names do not stand in the way of others; silent ones end within 6 s."""
    servers: dict[str, Any] = {"nameservers": list(settings.nameservers)} if settings.nameservers else {}
    inner = aiohttp.AsyncResolver(timeout=DNS_TIMEOUT, tries=DNS_TRIES, **servers)
    return GuardedResolver(inner, guard, strict=settings.strict_dns)


def make_connector(guard: Guard, resolver: GuardedResolver, tls: ssl.SSLContext) -> aiohttp.TCPConnector:
    """No limit of its own: places are given by `Lanes`, turns by the pacer."""
    return Connector(
        limit=0,
        resolver=resolver,
        ttl_dns_cache=DNS_CACHE,
        socket_factory=SocketGuard(guard),
        ssl=tls,
        keepalive_timeout=KEEP_ALIVE,
    )


def make_tracing(read_timeout: float) -> aiohttp.TraceConfig:
    """Tells the running `Attempt` which phase it is in, and starts the deadline of the headers."""

    async def enter_dns(_session: object, _context: SimpleNamespace, _params: object) -> None:
        _attempt().phase = "dns"

    async def leave_dns(_session: object, _context: SimpleNamespace, _params: object) -> None:
        _attempt().phase = "connect"

    async def enter_headers(_session: object, _context: SimpleNamespace, params: object) -> None:
        attempt = _attempt()
        attempt.phase, attempt.reused = "headers", isinstance(params, aiohttp.TraceConnectionReuseconnParams)
        if attempt.patience is not None:
            attempt.patience.reschedule(asyncio.get_running_loop().time() + read_timeout)

    tracing = aiohttp.TraceConfig()
    tracing.on_dns_resolvehost_start.append(enter_dns)
    tracing.on_dns_resolvehost_end.append(leave_dns)
    tracing.on_connection_create_end.append(enter_headers)
    tracing.on_connection_reuseconn.append(enter_headers)
    return tracing


async def send_again_once(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
    """Lets the client repeat a GET only on a kept connection that had died: a fresh one that breaks is an answer."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        attempt = _attempt()
        if attempt.reused and not attempt.sent_again:
            attempt.sent_again = True
            raise
        raise BrokenConnection(str(error)) from error


def _attempt() -> Attempt:
    return ATTEMPT.get() or Attempt()
