"""What all listeners share: security headers, errors as JSON, a token check, start and stop."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

MAX_BODY = 1 << 20
"""Bytes of a request."""
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "img-src 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(Exception):
    """An answer that is an error: status, id of its documentation entry, and a sentence."""

    def __init__(self, status: int, id_: str, message: str) -> None:
        self.status, self.id = status, id_
        super().__init__(message)


def json_response(value: Any, status: int = 200) -> web.Response:
    """A value as JSON."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def error_response(status: int, id_: str, message: str) -> web.Response:
    """`{"error": {"id", "message"}}`."""
    return json_response({"error": {"id": id_, "message": message}}, status)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Security headers on every answer; errors of ours and of aiohttp as JSON."""
    try:
        response = await handler(request)
    except ApiError as error:
        response = error_response(error.status, error.id, str(error))
    except web.HTTPException as error:
        response = error_response(error.status, f"MON-RUN-{error.status}", error.reason)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


def require_token(request: web.Request, token: str | None) -> None:
    """Raises ApiError 401 unless the request carries the token; none is needed where none is set."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if token is not None and not hmac.compare_digest(given.encode(), token.encode()):
        raise ApiError(401, "MON-RUN-401", "this needs the header `Authorization: Bearer <token>`")


@asynccontextmanager
async def listen(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serves until the block ends; yields the port, which is a free one if 0 was asked for. Raises OSError."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1] if runner.addresses else port
    finally:
        await runner.cleanup()
