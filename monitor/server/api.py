"""The read-only JSON API. Lists answer `{"items": […], "next": cursor|null}`, errors `{"error": {"id", "message"}}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from monitor.model.event import Logged
from monitor.ports import Console, EventLog
from monitor.publish import line
from monitor.publish.envelope import ARTICLE, Topics
from monitor.server.alerts import Alerts, Found
from monitor.server.parameters import ALERTS, PAGED, limit, number, parameters, place, wanted_of
from monitor.server.shapes import csv_of, feed_of, status_of, watch_of
from monitor.server.web import bad_request, json_response, not_found, require_known

FORMATS = ("json", "jsonl", "csv")
MAX_BYTES = 4 << 20
"""Of the articles of one answer; the cursor leads to the rest."""
CHUNK = 10
"""Articles read at once: with the largest there are, about twice that."""
Row = TypeVar("Row")


def add_routes(
    app: web.Application, console: Console, log: EventLog, topics: Callable[[], Topics], alerts: Alerts
) -> None:
    """Adds the routes below `/api`."""
    api = Api(console, log, topics, alerts)
    app.router.add_get("/api/status", api.status)
    app.router.add_get("/api/feeds", api.feeds)
    app.router.add_get("/api/feeds/{id}", api.feed)
    app.router.add_get("/api/watches", api.watches)
    app.router.add_get("/api/watches/{id}", api.watch)
    app.router.add_get("/api/articles", api.articles)
    app.router.add_get("/api/articles/{id}", api.article)
    app.router.add_get("/api/alerts", api.found)


@dataclass(frozen=True, slots=True)
class Api:
    """The handlers."""

    console: Console
    log: EventLog
    topics: Callable[[], Topics]
    alerts: Alerts

    async def status(self, request: web.Request) -> web.Response:
        """One object: what `news-monitor status --json` prints."""
        parameters(request)
        return json_response(status_of(self.console.snapshot()))

    async def feeds(self, request: web.Request) -> web.Response:
        """All feeds, by id; `sort=errors` puts those that fail longest in front."""
        query = parameters(request, *PAGED, "sort")
        by = query.get("sort", "id")
        if by not in {"id", "errors"}:
            raise bad_request("sort has to be one of: id, errors")
        picture = self.console.snapshot()
        if not picture.feeds:
            require_known(picture)
        rows = sorted(picture.feeds, key=lambda row: row.spec.id)
        if by == "errors":
            rows.sort(key=lambda row: -row.health.failures)
        return _page(rows, query, feed_of)

    async def feed(self, request: web.Request) -> web.Response:
        """One feed."""
        parameters(request)
        picture, name = self.console.snapshot(), request.match_info["id"]
        rows = {row.spec.id: row for row in picture.feeds}
        if name not in rows:
            require_known(picture)
        return json_response(feed_of(_of(rows, name, "feed")))

    async def watches(self, request: web.Request) -> web.Response:
        """All watches."""
        return _page(self.console.snapshot().watches, parameters(request, *PAGED), watch_of)

    async def watch(self, request: web.Request) -> web.Response:
        """One watch."""
        parameters(request)
        rows = {row.watch.id: row for row in self.console.snapshot().watches}
        return json_response(watch_of(_of(rows, request.match_info["id"], "watch")))

    async def articles(self, request: web.Request) -> web.Response:
        """Article events, newest first; `feed=` names a feed."""
        query = parameters(request, *PAGED, "feed")
        most, before, room = limit(query), await place(self.log, query, "cursor"), MAX_BYTES
        filters = {"ce_type": ARTICLE} | ({"feed": query["feed"]} if query.get("feed") else {})
        items: list[msgspec.Raw] = []
        while len(items) < most and room > 0:
            count = min(CHUNK, most - len(items))
            rows = await self.log.latest([self.topics().articles], before, count, filters)
            items += map(_placed, rows)
            if len(rows) < count:
                return json_response({"items": items, "next": None})
            before, room = rows[-1].seq, room - sum(len(row.record.value) for row in rows)
        return json_response({"items": items, "next": None if before is None else self.log.token(before)})

    async def article(self, request: web.Request) -> web.Response:
        """The newest event of one article."""
        parameters(request)
        name = request.match_info["id"]
        rows = await self.log.latest([self.topics().articles], None, 1, {"ce_type": ARTICLE, "ce_subject": name})
        if not rows:
            raise not_found(f"the log holds no article {name}")
        return json_response(_placed(rows[0]))

    async def found(self, request: web.Request) -> web.Response:
        """Alerts, newest first, as `format=json`, `jsonl` or `csv`."""
        query = parameters(request, *ALERTS, *PAGED, "format")
        wanted, form = wanted_of(query, await place(self.log, query, "cursor")), query.get("format", "json")
        if form not in FORMATS:
            raise bad_request(f"format has to be one of: {', '.join(FORMATS)}")
        try:
            found = await self.alerts.find(wanted)
        except KeyError as error:
            raise not_found(f"there is no watch {wanted.watch}") from error
        return _told(found, form, request)


def _told(found: Found, form: str, request: web.Request) -> web.Response:
    """Alerts in one of the formats; those that have no room for a cursor name the next page in `Link` (RFC 8288)."""
    if form == "json":
        return json_response({"items": list(found.items), "next": found.cursor})
    headers = {}
    if found.cursor is not None:
        further = request.rel_url.update_query(cursor=found.cursor).raw_query_string
        headers["Link"] = f'<?{further}>; rel="next"'
    if form == "csv":
        headers["Content-Disposition"] = 'attachment; filename="alerts.csv"'
        return web.Response(text=csv_of(found.items), content_type="text/csv", charset="utf-8", headers=headers)
    lines = b"".join(msgspec.json.encode(item) + b"\n" for item in found.items)
    return web.Response(body=lines, content_type="application/jsonl", headers=headers)


def _placed(row: Logged) -> msgspec.Raw:
    """An event as it stands in the log, with its place in front: a megabyte of text is not read and written again."""
    return msgspec.Raw(b"%b,%b" % (msgspec.json.encode(line.place(row))[:-1], row.record.value[1:]))


def _page(rows: Sequence[Row], query: Mapping[str, str], shape: Callable[[Row], dict[str, Any]]) -> web.Response:
    start, most = number(query, "cursor") or 0, limit(query)
    more = str(start + most) if start + most < len(rows) else None
    return json_response({"items": [shape(row) for row in rows[start : start + most]], "next": more})


def _of(rows: Mapping[Any, Row], name: str, what: str) -> Row:
    if name not in rows:
        raise not_found(f"there is no {what} {name}")
    return rows[name]
