"""The read-only JSON API. Lists answer `{"items": […], "next": cursor|null}`, errors `{"error": {"id", "message"}}`."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from aiohttp import web

from monitor.model.mask import mask_url
from monitor.model.snapshot import FeedRow, Snapshot, WatchRow
from monitor.model.units import instant, rfc3339
from monitor.ports import Console, EventLog
from monitor.publish.envelope import Topics
from monitor.server.alerts import Alerts, Wanted
from monitor.server.web import ApiError, json_response

MOST = 500
"""Items an answer holds at most."""
COLUMNS = ("time", "watch", "severity", "feed", "language", "title", "url", "hits")


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

    async def status(self, _request: web.Request) -> web.Response:
        """One object: what `news-monitor status --json` prints."""
        return json_response(status_of(self.console.snapshot()))

    async def feeds(self, request: web.Request) -> web.Response:
        """All feeds; `sort=errors` puts the worst first."""
        rows = list(self.console.snapshot().feeds)
        if request.query.get("sort") == "errors":
            rows.sort(key=lambda row: -row.health.failures)
        return _page([feed_of(row) for row in rows], request)

    async def feed(self, request: web.Request) -> web.Response:
        """One feed."""
        rows = {row.spec.id: row for row in self.console.snapshot().feeds}
        return json_response(feed_of(_of(rows, request.match_info["id"], "feed")))

    async def watches(self, request: web.Request) -> web.Response:
        """All watches."""
        return _page([watch_of(row) for row in self.console.snapshot().watches], request)

    async def watch(self, request: web.Request) -> web.Response:
        """One watch."""
        rows = {row.watch.id: row for row in self.console.snapshot().watches}
        return json_response(watch_of(_of(rows, request.match_info["id"], "watch")))

    async def articles(self, request: web.Request) -> web.Response:
        """Article events, newest first; `feed=` names a feed."""
        limit, before = _limit(request), _cursor(request)
        filters = {"feed": request.query["feed"]} if "feed" in request.query else {}
        rows = await self.log.latest([self.topics().articles], before, limit, filters)
        items = [{"seq": row.seq, **msgspec.json.decode(row.record.value)} for row in rows]
        return json_response({"items": items, "next": str(rows[-1].seq) if len(rows) == limit else None})

    async def article(self, request: web.Request) -> web.Response:
        """The newest event of one article."""
        name = request.match_info["id"]
        rows = await self.log.latest([self.topics().articles], None, 1, {"ce_subject": name})
        if not rows:
            raise ApiError(404, "MON-RUN-404", f"the log holds no article {name}")
        return json_response({"seq": rows[0].seq, **msgspec.json.decode(rows[0].record.value)})

    async def found(self, request: web.Request) -> web.Response:
        """Alerts, newest first, as `format=json`, `jsonl` or `csv`."""
        wanted = wanted_of(request)
        try:
            found = await self.alerts.find(wanted)
        except KeyError as error:
            raise ApiError(404, "MON-RUN-404", f"there is no watch {wanted.watch}") from error
        match request.query.get("format", "json"):
            case "json":
                cursor = str(found.cursor) if found.cursor is not None else None
                return json_response({"items": list(found.items), "next": cursor})
            case "jsonl":
                lines = b"".join(msgspec.json.encode(item) + b"\n" for item in found.items)
                return web.Response(body=lines, content_type="application/jsonl")
            case "csv":
                return web.Response(text=csv_of(found.items), content_type="text/csv", charset="utf-8")
            case other:
                raise ApiError(400, "MON-RUN-400", f"there is no format {other}; allowed: json, jsonl, csv")


def status_of(picture: Snapshot) -> dict[str, Any]:
    """The service on one screen."""
    states: dict[str, int] = {}
    for row in picture.feeds:
        states[state_of(row)] = states.get(state_of(row), 0) + 1
    return {
        "at": rfc3339(picture.at),
        "version": picture.version,
        "generation": picture.generation,
        "started": rfc3339(picture.started),
        "ready": picture.ready,
        "reasons": list(picture.reasons),
        "uplink": picture.uplink,
        "feeds": states,
        "watches": len(picture.watches),
        "head": picture.head,
        "items": asdict(picture.totals),
        "unaccounted": picture.totals.unaccounted,
        "sinks": [asdict(sink) for sink in picture.sinks],
        "reload": {"ok": picture.reload_ok, "problems": list(picture.reload_problems)},
    }


def state_of(row: FeedRow) -> str:
    """One word for how a feed does."""
    if row.spec.paused:
        return "paused"
    if row.health.last_poll is None:
        return "waiting"
    if row.health.retired:
        return "retired"
    return "failing" if row.health.last_success != row.health.last_poll else "ok"


def feed_of(row: FeedRow) -> dict[str, Any]:
    """A feed: what it is, how it does, when it is due and why."""
    health = row.health
    return {
        "id": row.spec.id,
        "name": row.spec.name or row.title or row.spec.id,
        "url": mask_url(row.spec.url),
        "origin": row.spec.origin,
        "state": state_of(row),
        "verdict": {"kind": health.kind, "reason": health.reason},
        "detail": health.detail,
        "status": health.status,
        "failures": health.failures,
        "last_poll": _time(health.last_poll),
        "last_success": _time(health.last_success),
        "last_new": _time(health.last_new),
        "next_poll": {"at": _time(row.cadence.due or None), "reason": row.cadence.reason},
        "items": asdict(row.totals),
        "unaccounted": row.totals.unaccounted,
        "remembered": row.items,
    }


def watch_of(row: WatchRow) -> dict[str, Any]:
    """A watch with its topic and what it raised since start."""
    watch = row.watch
    return {
        "id": watch.id,
        "name": watch.name or watch.id,
        "query": watch.query,
        "severity": watch.severity,
        "version": row.version,
        "topic": row.topic,
        "armed": row.armed,
        "alerts": row.alerts,
    }


def csv_of(items: tuple[dict[str, Any], ...]) -> str:
    """Alerts as a table. A cell that a spreadsheet would compute is quoted with an apostrophe (H173)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for item in items:
        article = item["article"]
        hits = ", ".join(dict.fromkeys(hit["text"] for hit in item["hits"]))
        row = (item["time"], item["watch"]["id"], item["watch"]["severity"], article["feed"]["id"])
        writer.writerow(map(_inert, (*row, article["language"]["tag"], article["title"], article["url"], hits)))
    return out.getvalue()


def wanted_of(request: web.Request) -> Wanted:
    """The query of a request. Raises ApiError 400."""
    query = request.query
    try:
        since, until = (instant(query[key]) if key in query else None for key in ("from", "to"))
    except ValueError as error:
        raise ApiError(400, "MON-RUN-400", "from and to have to be RFC 3339 times") from error
    return Wanted(
        watch=query.get("watch", ""),
        feed=query.get("feed", ""),
        language=query.get("lang", ""),
        words=query.get("q", ""),
        since=since,
        until=until,
        limit=_limit(request),
        before=_cursor(request),
    )


def _inert(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _page(rows: list[dict[str, Any]], request: web.Request) -> web.Response:
    start, limit = _cursor(request) or 0, _limit(request)
    more = str(start + limit) if start + limit < len(rows) else None
    return json_response({"items": rows[start : start + limit], "next": more})


def _limit(request: web.Request) -> int:
    return max(1, min(_number(request, "limit") or 50, MOST))


def _cursor(request: web.Request) -> int | None:
    return _number(request, "cursor")


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ApiError(400, "MON-RUN-400", f"{name} has to be a number")
    return int(text)


def _of(rows: dict[Any, Any], name: str, what: str) -> Any:
    if name not in rows:
        raise ApiError(404, "MON-RUN-404", f"there is no {what} {name}")
    return rows[name]


def _time(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)
