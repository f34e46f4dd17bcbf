"""Dates as HTTP writes them (RFC 9110 §5.6.7): IMF-fixdate, RFC 850 and asctime."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from monitor.model.units import Instant

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?:[a-z]+,?\s+)?(?P<day>\d{1,2})[ \-](?P<month>[a-z]{3})[ \-](?P<year>\d{2,4})\s+"
    r"(?P<time>\d{2}:\d{2}:\d{2})(?:\s+(?:gmt|utc|z|\+0000))?",
    re.ASCII,
)
_ASCTIME = re.compile(
    r"[a-z]{3}\s+(?P<month>[a-z]{3})\s+(?P<day>\d{1,2})\s+(?P<time>\d{2}:\d{2}:\d{2})\s+(?P<year>\d{4})", re.ASCII
)


def read_http_date(text: str | None) -> Instant | None:
    """The instant, or None for what is no date. A year of two digits is the one nearest to the end of 20xx.

    >>> read_http_date("Sun, 06 Nov 1994 08:49:37 GMT")
    784111777.0
    """
    lowered = (text or "").strip().lower()
    found = _DATE.fullmatch(lowered) or _ASCTIME.fullmatch(lowered)
    if found is None or found["month"] not in MONTHS:
        return None
    year = int(found["year"])
    year += 0 if year >= 100 else 1900 if year >= 70 else 2000
    hour, minute, second = map(int, found["time"].split(":"))
    try:
        moment = datetime(
            year, MONTHS.index(found["month"]) + 1, int(found["day"]), hour, minute, min(second, 59), tzinfo=UTC
        )
    except ValueError:
        return None
    return moment.timestamp()
