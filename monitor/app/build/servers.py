"""The listeners of a service: page and API, admin. Each is a loop beside the polls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from monitor.app.build.service import Built
from monitor.config import feeds
from monitor.config.config import Config
from monitor.errors import ConfigError, UsageError
from monitor.model.feed import FeedSpec


def attach_servers(built: Built, config: Config) -> None:
    """Adds the listeners the configuration asks for."""
    settings = config.settings
    if settings.admin is not None:
        built.service.helpers = [*built.service.helpers, _admin(built, config)]
    if settings.server is not None:
        built.service.helpers = [*built.service.helpers, _page(built, config)]


def _admin(built: Built, config: Config) -> Callable[[], Coroutine[None, None, None]]:
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    from monitor.server.admin import Admin
    from monitor.server.web import listen

    wanted = config.settings.admin
    assert wanted is not None

    def metrics() -> tuple[bytes, str]:
        return generate_latest(built.observer.metrics.registry), CONTENT_TYPE_LATEST

    service = built.service
    admin = Admin(
        console=service.console,
        metrics=metrics,
        now=service.parts.clock.now,
        read_feed=read_feed,
        token=config.secret(wanted.write_token_file),
        open=is_loopback(wanted.host),
    )
    return lambda: _serve(built, "admin", wanted.host, listen(admin.application(), wanted.host, wanted.port))


def _page(built: Built, config: Config) -> Callable[[], Coroutine[None, None, None]]:
    from monitor.server.site import Site
    from monitor.server.web import listen

    wanted, service = config.settings.server, built.service
    assert wanted is not None
    site = Site(
        console=service.console,
        log=service.log,
        topics=lambda: service.parts.in_force.rules.topics,
        token=config.secret(wanted.read_token_file),
        base_path=wanted.base_path,
    )
    return lambda: _serve(built, "page", wanted.host, listen(site.application(), wanted.host, wanted.port))


async def _serve(built: Built, name: str, host: str, listening: AbstractAsyncContextManager[int]) -> None:
    """Listens until cancelled. A port that is taken is one clear message."""
    try:
        async with listening as port:
            built.addresses[name] = f"http://{host}:{port}"
            await asyncio.Event().wait()
    except OSError as error:
        key = "server" if name == "page" else "admin"
        raise UsageError(
            f"{key}: cannot listen on {host}: {error.strerror}; set {key}.port to another one, or 0"
        ) from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_feed(wanted: dict[str, Any]) -> FeedSpec:
    """A feed as JSON, checked like one in a file; its origin is `runtime`. Raises ConfigError."""
    found, problems = feeds.read("request", json.dumps({"feeds": [wanted]}), "polite")
    if problems:
        raise ConfigError(problems)
    return replace(found[0].spec, origin="runtime")
