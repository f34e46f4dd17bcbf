"""The admin port of a running service, asked by the commands that change something. No stranger is ever reached."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import Any

from monitor.errors import MonitorError, Unreachable, UsageError

TIMEOUT = 10.0
"""Seconds an answer may take."""


class AdminClient:
    """One connection, opened when it is needed."""

    def __init__(self, host: str, port: int, token: str | None = None) -> None:
        """A host that means "every address" is asked on loopback."""
        self._connection = HTTPConnection(reachable(host), port, timeout=TIMEOUT)
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the service answers. Raises Unreachable, MonitorError with the reason of a refusal."""
        try:
            status, text = self._ask(method, path, body)
        except (OSError, HTTPException) as error:
            place = f"{self._connection.host}:{self._connection.port}"
            raise Unreachable(
                f"no service answers on its admin port {place} ({error or type(error).__name__}); "
                "start it with `news-monitor run`, or name another one with --admin HOST:PORT"
            ) from error
        answer = _object(text)
        if status >= 400:
            raise refusal(status, answer)
        return answer

    def close(self) -> None:
        """Lets the connection go."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, path, data, self._headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException):
            self._connection.close()
            raise


def reachable(host: str) -> str:
    """The address to ask for a host to listen on."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def refusal(status: int, answer: dict[str, Any]) -> MonitorError:
    """The reason the service gave, under the id it gave. What is wrong with a feed was asked wrongly: UsageError."""
    given = answer.get("error")
    told = given if isinstance(given, dict) else {}
    kind = UsageError if status == 422 else MonitorError
    error = kind(str(told.get("message") or f"the service refused this with status {status}"))
    error.id = str(told.get("id") or "MON-RUN-400")
    return error


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
