"""The way to the ports of a running service."""

from __future__ import annotations

from typing import Any

from monitor.adapters.admin import AdminClient
from monitor.config.config import Config
from monitor.errors import MonitorError, UsageError

__all__ = ["AdminClient", "live_status", "open_admin"]


def open_admin(config: Config, place: str | None = None) -> AdminClient:
    """The admin port of this configuration, or `HOST:PORT`. Raises UsageError where nobody can know the port."""
    wanted = config.settings.admin
    token = config.secret(wanted.write_token_file) if wanted else None
    if place is not None:
        host, _, port = place.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
            raise UsageError(f"--admin {place}: needs HOST:PORT")
        return AdminClient(host.strip("[]"), int(port), token)
    if wanted is None:
        raise UsageError("the admin port is off (`admin: null`), so a running service cannot be told anything")
    if not wanted.port:
        raise UsageError(
            "`admin.port` is 0, any free one: name the one the service said at start with --admin HOST:PORT"
        )
    return AdminClient(wanted.host, wanted.port, token)


def live_status(config: Config) -> dict[str, Any]:
    """What the page of the running service says of it; empty if it does not answer, or on a port nobody can know."""
    wanted = config.settings.server
    if wanted is None or not wanted.port:
        return {}
    client = AdminClient(wanted.host, wanted.port, config.secret(wanted.read_token_file))
    try:
        return client.call("GET", f"{wanted.base_path.rstrip('/')}/api/status")
    except MonitorError:
        return {}
    finally:
        client.close()
