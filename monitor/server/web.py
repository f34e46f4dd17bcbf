"""What all listeners share: security headers, errors as JSON, a token check, start and stop."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from monitor.errors import MonitorError
from monitor.model.snapshot import Snapshot

MAX_BODY = 1 << 20
"""Bytes of a request, after decompression."""
IDLE = 75.0
"""Seconds a connection may lie idle between two requests."""
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'none'; object-src 'none'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer that does not say otherwise. Nothing runs scripts here, so none may run."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(Exception):
    """An answer that is an error: status, id of its documentation entry, and a sentence."""

    def __init__(self, status: int, id_: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.id, self.headers = status, id_, headers
        super().__init__(message)


def bad_request(message: str) -> ApiError:
    """What is asked for cannot be understood."""
    return ApiError(400, "MON-RUN-400", message)


def not_found(message: str) -> ApiError:
    """What is asked for does not exist."""
    return ApiError(404, "MON-RUN-404", message)


def require_known(picture: Snapshot) -> None:
    """Raises ApiError 503 while a feed that is not in the picture may still turn up."""
    if not picture.ready:
        message = f"the feeds are not known yet: {'; '.join(picture.reasons)}"
        raise ApiError(503, "MON-RUN-503", message, {"Retry-After": "5"})


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A value as JSON."""
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json", headers=headers
    )


def error_response(error: ApiError) -> web.Response:
    """`{"error": {"id", "message"}}`."""
    return json_response({"error": {"id": error.id, "message": str(error)}}, error.status, error.headers)


def application(*middlewares: Any) -> web.Application:
    """An application whose every answer carries the security headers and whose errors are JSON."""
    app = web.Application(middlewares=[_guard, *middlewares], client_max_size=MAX_BODY)
    app.on_response_prepare.append(_protect)
    return app


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return error_response(error)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        return error_response(ApiError(error.status, f"MON-RUN-{error.status}", _sentence(error, headers), headers))
    except MonitorError as error:  # the ledger is away: reads say so, probes do not come here
        return error_response(ApiError(503, error.id, str(error), {"Retry-After": "5"}))


def _sentence(error: web.HTTPException, headers: Mapping[str, str]) -> str:
    """What the framework found wrong, with what to do."""
    match error.status:
        case 404:
            return "there is no such route; docs/http.md names them all"
        case 405:
            return f"allowed here: {headers.get('Allow', '').replace(',', ', ')}; feeds are changed on the admin port"
        case 413:
            return f"a body may have {MAX_BODY >> 20} MiB, unpacked"
        case _:
            return error.reason


async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def require_token(request: web.Request, token: str | None, *, basic: bool = False) -> None:
    """Raises ApiError 401 unless the request carries the token; none is needed where none is set.

    `basic` also takes it as the password of HTTP Basic (RFC 7617), whatever the name: the way in for browsers and
    feed readers. That is safe only where nothing can be changed, for a browser sends it by itself.
    """
    if token is None or _is_right(_given(request.headers.get("Authorization", ""), basic=basic), token):
        return
    challenge = 'Basic realm="news-monitor", charset="UTF-8"' if basic else 'Bearer realm="news-monitor"'
    message = "this needs the header `Authorization: Bearer <token>`"
    if basic:
        message += ", or the token as password"
    raise ApiError(401, "MON-RUN-401", message, {"WWW-Authenticate": challenge})


def _is_right(given: bytes, token: str) -> bool:
    """An empty token lets nobody in."""
    return bool(given) and hmac.compare_digest(given, token.encode())


def _given(header: str, *, basic: bool) -> bytes:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode("utf-8", "surrogateescape")
    if basic and scheme.lower() == "basic":
        try:
            return b64decode(rest.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


@asynccontextmanager
async def listen(app: web.Application, host: str, port: int, *, abandon: bool = False) -> AsyncIterator[int]:
    """Serves until the block ends; yields the port, which is a free one if 0 was asked for. Raises OSError.

    `abandon`: what is being worked at for a client that has gone is given up; only where nothing is changed.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=2.0,
        keepalive_timeout=IDLE,
        handler_cancellation=abandon,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1] if runner.addresses else port
    finally:
        await runner.cleanup()
