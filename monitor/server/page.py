"""The page: the latest alerts with their reason, and the feeds with their health and next poll. Works without scripts.

Every text of a feed is escaped and isolated (`<bdi>`); links are http(s) only and open without a referrer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nsmallest
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FunctionLoader, Template
from markupsafe import Markup, escape

from monitor.model.snapshot import FeedRow, Snapshot
from monitor.model.units import Instant, rfc3339, spell_duration
from monitor.ports import Console
from monitor.server.alerts import Alerts, Wanted
from monitor.server.parameters import place
from monitor.server.shapes import STATES, feed_of, link_of, state_of, status_of
from monitor.server.web import not_found

SHOWN = 40
"""Alerts on the page."""
MOST_FEEDS = 200
"""Feeds on the page, the worst first; the API has all."""
WORDS = 6
"""Hits named in front of an alert."""
PARAMETERS = frozenset({"watch", "q", "cursor", "still"})
REFRESH = 15
"""Seconds after which the page is asked for again, while it shows what is newest."""


@dataclass(frozen=True, slots=True)
class Page:
    """The handler. `base` is in front of every link: empty, or with a leading and no trailing slash."""

    console: Console
    alerts: Alerts
    base: str

    async def show(self, request: web.Request) -> web.Response:
        """The page: `watch` and `q` choose alerts, `cursor` goes back in time, `still` leaves out the refresh."""
        picture: Snapshot = self.console.snapshot()
        query = {name: text for name, text in request.query.items() if name in PARAMETERS and text}
        before = await place(self.alerts.log, query, "cursor")
        wanted = Wanted(query.get("watch", ""), words=query.get("q", ""), limit=SHOWN, before=before)
        try:
            found = await self.alerts.find(wanted)
        except KeyError as error:
            raise not_found(f"there is no watch {wanted.watch}") from error
        chosen = {name: value for name, value in query.items() if name in {"watch", "q"}}
        text = _template("page.html").render(
            base=self.base,
            status=status_of(picture),
            watches=picture.watches,
            chosen=next((row for row in picture.watches if row.watch.id == wanted.watch), None),
            wanted=wanted,
            alerts=[alert_of(item, picture.at) for item in found.items],
            older=_link(chosen, cursor=found.cursor) if found.cursor is not None else None,
            newest=_link(chosen) if "cursor" in query else None,
            refresh=None if query.keys() & {"q", "cursor", "still"} else REFRESH,
            still=_link(chosen, still=1),
            moving=_link(chosen) if "still" in query else None,
            feeds=[row_of(row, picture) for row in worst_first(picture)],
            hidden=max(0, len(picture.feeds) - MOST_FEEDS),
            picture=picture,
            uptime=spell_duration(max(0.0, picture.at - picture.started)),
        )
        return web.Response(text=text, content_type="text/html", charset="utf-8")


def _link(chosen: Mapping[str, str], **more: object) -> str:
    """A link to the page itself."""
    return "?" + urlencode({**chosen, **more})


def alert_of(item: Mapping[str, Any], now: Instant) -> dict[str, Any]:
    """An alert as the template shows it: why it was raised, in words and in its place."""
    words = list(dict.fromkeys(hit["text"] for hit in item["hits"]))
    in_title = [[hit["start"], hit["end"]] for hit in item["hits"] if hit["field"] == "title"]
    snippet = item["snippet"]
    return {
        **item,
        "words": words[:WORDS],
        "more": max(0, len(words) - WORDS),
        "at": when(item["time"], now),
        "link": link_of(item["article"]["url"]),
        "heading": marked(item["article"]["title"], in_title),
        "marked": marked(snippet["text"], snippet["marks"]) if snippet and snippet["field"] != "title" else None,
    }


def when(time: str, now: Instant) -> str:
    """An RFC 3339 time for people: the day only if it is not today."""
    today = rfc3339(now)[:10]
    return f"{time[11:19]} UTC" if time[:10] == today else f"{time[:10]} {time[11:16]} UTC"


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
    """The feeds somebody should look at, in that order."""

    def urgency(row: FeedRow) -> tuple[int, int, str]:
        return STATES.index(state_of(row)), -row.health.failures, row.spec.id

    return nsmallest(MOST_FEEDS, picture.feeds, urgency)


def row_of(row: FeedRow, picture: Snapshot) -> dict[str, Any]:
    """A feed as the template shows it."""
    due = row.cadence.due
    return {
        **feed_of(row),
        "ago": _ago(row.health.last_success, picture.at),
        "due": _until(due, picture.at) if due and not row.spec.paused else None,
        "due_at": rfc3339(due) if due else None,
    }


def _ago(at: Instant | None, now: Instant) -> str:
    return "never" if at is None else f"{spell_duration(max(0.0, now - at))} ago"


def _until(due: Instant, now: Instant) -> str:
    return "now" if due <= now else f"in {spell_duration(due - now)}"


@cache
def _environment() -> Environment:
    def load(name: str) -> str:
        return files("monitor.server").joinpath("templates", name).read_text(encoding="utf-8")

    return Environment(loader=FunctionLoader(load), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _template(name: str) -> Template:
    return _environment().get_template(name)
