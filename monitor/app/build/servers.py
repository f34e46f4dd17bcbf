"""The listeners of a service: page and API, admin. Each is a loop beside the polls."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from errno import errorcode
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from monitor.app.build.service import Built
from monitor.config import feeds
from monitor.config.config import Config
from monitor.config.problems import suggest
from monitor.config.schema import AdminSettings, ServerSettings
from monitor.config.writing import entry_of
from monitor.errors import ConfigError, UsageError
from monitor.model.feed import FeedSpec
from monitor.model.snapshot import Snapshot
from monitor.pipeline import Rules

if TYPE_CHECKING:
    from monitor.adapters.observe import Metrics

OVERDUE = 60.0
"""Seconds past its due time after which a feed counts as overdue."""
FIXED = ("filter", "auth_file", "headers_file")
"""Keys that are compiled or read with the configuration; a feed added while running would go without them."""


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

    wanted, service = config.settings.admin, built.service
    assert wanted is not None

    def metrics() -> tuple[bytes, str]:
        measure(built.observer.metrics, service.console.snapshot())
        return generate_latest(built.observer.metrics.registry), CONTENT_TYPE_LATEST

    admin = Admin(
        console=service.console,
        metrics=metrics,
        now=service.parts.clock.now,
        read_feed=lambda feed: read_feed(feed, service.parts.in_force.rules),
        write_feed=entry_of,
        token=config.secret(wanted.write_token_file),
        open=is_loopback(wanted.host),
        registered=service.console.registered if config.settings.ledger.kind == "kafka" else None,
    )
    return lambda: _serve(built, "admin", wanted, listen(admin.application(), wanted.host, wanted.port))


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
    app = site.application()
    return lambda: _serve(built, "page", wanted, listen(app, wanted.host, wanted.port, abandon=True))


def measure(metrics: Metrics, picture: Snapshot) -> None:
    """Sets what is true of an instant and not counted as it happens: asked for at each scrape, never in between."""
    from monitor.server.shapes import STATES, state_of

    states = Counter(map(state_of, picture.feeds))
    for state in STATES:
        metrics.feeds.labels(state).set(states[state])
    late = picture.at - OVERDUE
    overdue = sum(0 < row.cadence.due < late and not row.spec.paused for row in picture.feeds)
    metrics.overdue.set(overdue)
    metrics.watches_pending.set(sum(bool(row.reason) for row in picture.watches))
    metrics.in_flight.set(picture.in_flight)
    metrics.head.set(picture.head)
    metrics.uplink.set(picture.uplink)
    metrics.reload_ok.set(picture.reload_ok)
    for sink in picture.sinks:
        metrics.lag.labels(sink.name).set(sink.lag)


async def _serve(
    built: Built, name: str, wanted: AdminSettings | ServerSettings, listening: AbstractAsyncContextManager[int]
) -> None:
    """Listens until cancelled. A port that is taken is one clear message."""
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    try:
        async with listening as port:
            built.addresses[name] = f"http://{host}:{port}"
            await asyncio.Event().wait()
    except OSError as error:
        key, why = "server" if name == "page" else "admin", _why(error)
        message = f"{key}: cannot listen on {host}:{wanted.port}: {why}; set {key}.port to another one, or 0"
        raise UsageError(message) from error


def _why(error: OSError) -> str:
    """The reason in the system's words: asyncio's repeat the address. A name that is not found has none."""
    number = error.errno or 0
    return os.strerror(number) if number in errorcode else error.strerror or str(error)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_feed(wanted: dict[str, Any], rules: Rules) -> FeedSpec:
    """A feed as JSON, checked like one in a file; its origin is `runtime`. Raises ConfigError, UsageError."""
    found, problems = feeds.check_entries("request", [wanted], rules.schedule.cls)
    if problems:
        raise ConfigError(problems)
    spec = found[0].spec
    for key in FIXED:
        if getattr(spec, key, None) or getattr(spec.overrides, key, None):
            raise UsageError(f"{key}: a feed added while running cannot have it; put the feed into the configuration")
    known = [watch.id for watch in rules.rules.watches]
    for name in spec.watches or ():
        if name not in known:
            raise UsageError(f"watches: there is no watch {name}{suggest(name, known)}")
    return replace(spec, origin="runtime")
