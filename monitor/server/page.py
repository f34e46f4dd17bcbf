"""The page: the latest alerts with their reason, and the feeds with their health and next poll. Works without scripts.

Every text of a feed is escaped and isolated (`<bdi>`); links are http(s) since ingest and open without a referrer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment, FunctionLoader, select_autoescape
from markupsafe import Markup, escape

from monitor.model.snapshot import FeedRow, Snapshot
from monitor.model.units import Instant, rfc3339, spell_duration
from monitor.server.alerts import Alerts, Wanted
from monitor.server.api import feed_of, state_of, status_of, wanted_of

SHOWN = 40
"""Alerts on the page."""
MOST_FEEDS = 500
"""Feeds on the page, the worst first; the API has all."""
ORDER = ("failing", "retired", "waiting", "ok", "paused")


def add_routes(app: web.Application, console: Any, alerts: Alerts, base: str) -> None:
    """Adds `/`."""
    app.router.add_get("/", Page(console, alerts, base.rstrip("/")).show)


@dataclass(frozen=True, slots=True)
class Page:
    """The handler."""

    console: Any
    alerts: Alerts
    base: str

    async def show(self, request: web.Request) -> web.Response:
        """The page, for all watches or for `?watch=`."""
        picture = self.console.snapshot()
        wanted = wanted_of(request)
        known = {row.watch.id for row in picture.watches}
        watch = wanted.watch if wanted.watch in known else ""
        found = await self.alerts.find(Wanted(watch=watch, words=wanted.words, limit=SHOWN, before=wanted.before))
        text = _template("page.html").render(
            base=self.base,
            status=status_of(picture),
            watches=picture.watches,
            watch=watch,
            words=wanted.words,
            alerts=[alert_of(item) for item in found.items],
            older=found.cursor,
            feeds=[row_of(row, picture) for row in worst_first(picture)],
            hidden=max(0, len(picture.feeds) - MOST_FEEDS),
            picture=picture,
            uptime=spell_duration(picture.at - picture.started),
        )
        return web.Response(text=text, content_type="text/html", charset="utf-8")


def alert_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """An alert as the template shows it: why it was raised, in words and in its place."""
    words = list(dict.fromkeys(hit["text"] for hit in item["hits"]))
    in_title = [[hit["start"], hit["end"]] for hit in item["hits"] if hit["field"] == "title"]
    snippet = item["snippet"]
    return {
        **item,
        "words": words[:6],
        "more": max(0, len(words) - 6),
        "heading": marked(item["article"]["title"], in_title),
        "marked": marked(snippet["text"], snippet["marks"]) if snippet and snippet["field"] != "title" else None,
    }


def marked(text: str, marks: Sequence[Sequence[int]]) -> Markup:
    """A text with its hits marked, escaped piece by piece."""
    return Markup().join(_pieces(text, marks))


def _pieces(text: str, marks: Sequence[Sequence[int]]) -> Iterator[Markup]:
    at = 0
    for start, end in sorted(map(tuple, marks)):
        if start >= at:
            yield escape(text[at:start])
            yield Markup("<mark>{}</mark>").format(text[start:end])
            at = end
    yield escape(text[at:])


def worst_first(picture: Snapshot) -> list[FeedRow]:
    """Feeds in the order in which somebody should look at them."""
    rows = sorted(picture.feeds, key=lambda row: (ORDER.index(state_of(row)), -row.health.failures, row.spec.id))
    return rows[:MOST_FEEDS]


def row_of(row: FeedRow, picture: Snapshot) -> dict[str, Any]:
    """A feed as the template shows it."""
    due = row.cadence.due
    return {
        **feed_of(row),
        "ago": _ago(row.health.last_success, picture.at),
        "due": "now" if due <= picture.at else f"in {spell_duration(due - picture.at)}",
        "due_at": rfc3339(due) if due else "",
    }


def _ago(at: Instant | None, now: Instant) -> str:
    return "never" if at is None else f"{spell_duration(max(0.0, now - at))} ago"


@cache
def _environment() -> Environment:
    def load(name: str) -> str:
        return files("monitor.server").joinpath("templates", name).read_text(encoding="utf-8")

    return Environment(
        loader=FunctionLoader(load), autoescape=select_autoescape(default=True), trim_blocks=False, lstrip_blocks=False
    )


def _template(name: str) -> Any:
    return _environment().get_template(name)
