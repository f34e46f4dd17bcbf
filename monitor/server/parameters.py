"""What a request asks for: parameters of the query, checked. A wrong one is an answer, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from monitor.errors import UsageError
from monitor.model.units import Instant
from monitor.ports import EventLog
from monitor.server.alerts import Wanted
from monitor.server.web import bad_request

MOST = 500
"""Items an answer holds at most."""
USUAL = 50
"""Items an answer holds if nobody says how many."""
PAGED = ("limit", "cursor")
ALERTS = ("watch", "feed", "lang", "q", "from", "to")


def parameters(request: web.Request, *allowed: str) -> dict[str, str]:
    """The parameters of a request. Raises ApiError 400 for an unknown or repeated one: both would be ignored."""
    query = request.query
    for name in dict.fromkeys(query):
        if name not in allowed:
            can = f"allowed: {', '.join(allowed)}" if allowed else "there are none here"
            raise bad_request(f"there is no parameter {name[:40]}; {can}")
    if len(query) != len(set(query)):
        raise bad_request("a parameter stands here twice")
    return dict(query)


def wanted_of(query: Mapping[str, str], before: int | None = None) -> Wanted:
    """The alerts that are asked for, below this number of the log. Raises ApiError 400."""
    return Wanted(
        watch=query.get("watch", ""),
        feed=query.get("feed", ""),
        language=query.get("lang", ""),
        words=query.get("q", ""),
        since=moment(query, "from"),
        until=moment(query, "to"),
        limit=limit(query),
        before=before,
    )


def limit(query: Mapping[str, str]) -> int:
    """How many items an answer may hold."""
    asked = number(query, "limit")
    return USUAL if asked is None else max(1, min(asked, MOST))


def number(query: Mapping[str, str], name: str) -> int | None:
    """A whole number from 0, None if it is not there. Raises ApiError 400."""
    text = query.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise bad_request(f"{name} has to be a number")
    return int(text)


async def place(log: EventLog, query: Mapping[str, str], name: str) -> int | None:
    """The number in this log of a place it has named before, None if there is none. Raises ApiError 400."""
    text = query.get(name)
    if not text:
        return None
    try:
        return await log.seek(text)
    except UsageError as error:
        raise bad_request(f"{name}: {error}") from error


def moment(query: Mapping[str, str], name: str) -> Instant | None:
    """An RFC 3339 time or a date, UTC if it names no zone; None if it is not there. Raises ApiError 400.

    A `+` of a zone that was not encoded arrives as a blank.
    """
    text = query.get(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text if "T" not in text else text.replace(" ", "+"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise bad_request(f"{name} has to be a time like 2026-01-31T08:00:00Z") from error
