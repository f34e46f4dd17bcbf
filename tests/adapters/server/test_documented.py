"""Every route stands on the page about HTTP, and no other does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiohttp import web

from monitor.server.parameters import ALERTS, PAGED
from monitor.testing.console import ScriptedConsole
from tests.adapters.server.test_admin import admin
from tests.support.alerts import Desk

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "http.md").read_text(encoding="utf-8")


def routes(app: web.Application) -> set[str]:
    """`METHOD /path` of what is registered; HEAD goes with GET."""
    found = ((route.method, route.resource) for route in app.router.routes())
    return {f"{method} {resource.canonical}" for method, resource in found if method != "HEAD" and resource}


def documented(heading: str) -> set[str]:
    """The same, from the headings of a chapter."""
    chapter = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    titles = [line for line in chapter.splitlines() if line.startswith("### ")]
    return {route for title in titles for route in re.findall(r"`([A-Z]+ /[^`]*)`", title)}


@pytest.mark.parametrize(
    ("heading", "app"),
    [("Server port", Desk().site().application), ("Admin port", admin(ScriptedConsole()).application)],
)
def test_every_route_is_documented(heading, app):
    """And nothing is documented that is not there."""
    assert routes(app()) == documented(heading)


@pytest.mark.parametrize("name", [*ALERTS, *PAGED, "format", "after", "sort", "still"])
def test_every_parameter_is_documented(name):
    """By its name, as code."""
    assert re.search(rf"`{name}[=`]", PAGE)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 503])
def test_every_id_of_an_error_is_documented(status):
    """Beside its status."""
    assert f"| {status} | `MON-RUN-{status}` |" in PAGE
