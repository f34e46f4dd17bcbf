"""What a channel says about itself and about being polled."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.model.article import FeedAdvice
from monitor.parse.formats.elements import Found, first_text, href_of, links, text_of
from monitor.parse.formats.scope import join

_PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBER = re.compile(r"\d{1,7}")


def advice_of(found: Found, base: str) -> FeedAdvice:
    """Polling advice of a channel (RSS 2.0, mod_syndication, RFC 5005, WebSub); nonsense is left out."""
    ttl = number(first_text(found, "ttl"))
    return FeedAdvice(
        ttl=ttl * 60.0 if ttl else None,
        update_period=update_period(first_text(found, "sy:updatePeriod"), first_text(found, "sy:updateFrequency")),
        skip_hours=skip_hours(_listed(found, "skipHours")),
        skip_days=skip_days(_listed(found, "skipDays")),
        hub=_related(found, "hub", base),
        self_url=_related(found, "self", base),
        next_url=_related(found, "next", base),
        prev_archive=_related(found, "prev-archive", base),
        complete="fh:complete" in found,
    )


def number(text: str | None) -> int | None:
    """A whole number of at most seven digits, None for anything else."""
    return int(text) if text and _NUMBER.fullmatch(text) else None


def update_period(period: str | None, frequency: str | None) -> float | None:
    """Seconds between two updates; None unless a period is named."""
    seconds = _PERIODS.get((period or "").strip().lower())
    return seconds / (number(frequency) or 1) if seconds else None


def skip_hours(texts: Iterable[str]) -> frozenset[int]:
    """Hours of the day, GMT; 24 is midnight."""
    hours = (number(text) for text in texts)
    return frozenset(hour % 24 for hour in hours if hour is not None and hour <= 24)


def skip_days(texts: Iterable[str]) -> frozenset[int]:
    """Days of the week by their English names, 0 = Monday."""
    days = (text.strip().lower()[:3] for text in texts)
    return frozenset(_DAYS.index(day) for day in days if day in _DAYS)


def _listed(found: Found, word: str) -> list[str]:
    return [text_of(child) for element in found.get(word, ()) for child in element][:64]


def _related(found: Found, rel: str, base: str) -> str | None:
    return next((join(base, href_of(link)) for link in links(found, rel)), None)
