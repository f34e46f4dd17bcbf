"""The objects of the API and of `--json`: service, feed, watch, and alerts as a table. Pure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Literal

from monitor.model.mask import mask_url
from monitor.model.snapshot import FeedRow, Snapshot, WatchRow
from monitor.model.units import Instant, rfc3339

COLUMNS = ("time", "watch", "severity", "feed", "language", "title", "url", "hits")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, full-width forms included."""
State = Literal["failing", "retired", "waiting", "ok", "paused"]
STATES: tuple[State, ...] = ("failing", "retired", "waiting", "ok", "paused")
"""In the order in which somebody should look at feeds."""


def status_of(picture: Snapshot) -> dict[str, Any]:
    """The service on one screen."""
    return {
        "at": rfc3339(picture.at),
        "version": picture.version,
        "generation": picture.generation,
        "started": rfc3339(picture.started),
        "ready": picture.ready,
        "reasons": list(picture.reasons),
        "uplink": picture.uplink,
        "feeds": dict(Counter(map(state_of, picture.feeds))),
        "in_flight": picture.in_flight,
        "watches": len(picture.watches),
        "head": picture.head,
        "items": asdict(picture.totals),
        "unaccounted": picture.totals.unaccounted,
        "sinks": [asdict(sink) | {"oldest": _time(sink.oldest)} for sink in picture.sinks],
        "reload": {"ok": picture.reload_ok, "problems": list(picture.reload_problems)},
    }


def state_of(row: FeedRow) -> State:
    """One word for how a feed does."""
    if row.spec.paused:
        return "paused"
    if row.health.retired:
        return "retired"
    if row.health.last_poll is None:
        return "waiting"
    return "failing" if row.health.last_success != row.health.last_poll else "ok"


def feed_of(row: FeedRow) -> dict[str, Any]:
    """A feed: what it is, how it does, when it is due and why."""
    spec, health = row.spec, row.health
    return {
        "id": spec.id,
        "name": name_of(row),
        "url": mask_url(spec.url),
        "class": spec.cls,
        "language": spec.language,
        "country": spec.country,
        "tags": list(spec.tags),
        "owner": spec.owner,
        "origin": spec.origin,
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


def name_of(row: FeedRow) -> str:
    """What people call a feed."""
    return row.spec.name or row.title or row.spec.id


def watch_of(row: WatchRow) -> dict[str, Any]:
    """A watch with its topic and what it raised since start."""
    watch = row.watch
    return {
        "id": watch.id,
        "name": watch.name or watch.id,
        "query": watch.query,
        "severity": watch.severity,
        "owner": watch.owner,
        "version": row.version,
        "topic": row.topic,
        "armed": row.armed,
        "reason": row.reason or None,
        "alerts": row.alerts,
    }


def link_of(url: str | None) -> str | None:
    """A link that can be followed; ingest lets no other through, and a log from elsewhere may hold any."""
    return url if url and url.lower().startswith(("http://", "https://")) else None


def csv_of(items: Iterable[dict[str, Any]]) -> str:
    """Alerts as a table (RFC 4180). A cell that a spreadsheet would compute gets a leading apostrophe (H173)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for item in items:
        article = item["article"]
        hits = ", ".join(dict.fromkeys(hit["text"] for hit in item["hits"]))
        row = (item["time"], item["watch"]["id"], item["watch"]["severity"], article["feed"]["id"])
        writer.writerow(map(_inert, (*row, article["language"]["tag"], article["title"], article["url"], hits)))
    return out.getvalue()


def _inert(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ")[:1] in FORMULA else text


def _time(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)
