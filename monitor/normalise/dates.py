"""Dates as feeds write them, into instants. RFC 822 and ISO 8601 first, then the small forms of the world's news sites.

A date is never guessed: no two-digit years but where RFC 822 says what they mean, no day and month in an order nobody
proved, no offset that does not exist. What cannot be read is None with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from monitor import data
from monitor.model.units import Instant

Order = Literal["dmy", "mdy"]
Reason = Literal["", "empty", "unreadable", "out_of_range", "ahead"]

LENGTH_LIMIT = 128
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
AHEAD = 86_400.0
"""Seconds after the fetch that are still believed: clocks differ, and zones are forgotten."""
_MAX_OFFSET = timedelta(hours=14)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()


class ParsedDate(NamedTuple):
    """An instant, or why there is none. `ahead`: 24 to 48 h after the fetch, usually an error of zone."""

    instant: Instant | None
    zone_assumed: bool = False
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class _Context:
    zone: tzinfo | None = None
    language: str = ""
    order: Order | None = None


def parse_date(
    text: str | None,
    *,
    fetched_at: Instant,
    zone: str | None = None,
    language: str | None = None,
    order: Order | None = None,
) -> ParsedDate:
    """The instant `text` names, if it lies between 1990 and a day after the fetch.

    `zone` (IANA name or `+HH:MM`) holds for dates that name none; `language` (BCP 47) decides month and zone names that
    mean different things; `order` is that of numeric dates where the document proves it (`numeric_order`).
    """
    text = (text or "").strip()[:LENGTH_LIMIT]
    if not text:
        return ParsedDate(None, reason="empty")
    found = _read(text, _context(zone, language, order))
    if found is None:
        return ParsedDate(None, reason="unreadable")
    at, assumed = found
    if EARLIEST <= at <= fetched_at + AHEAD:
        return ParsedDate(at, assumed)
    return ParsedDate(None, reason="ahead" if 0 < at - fetched_at <= 2 * AHEAD else "out_of_range")


def numeric_order(texts: Iterable[str | None]) -> Order | None:
    """The order of day and month in `06/09/2021`, if a day above 12 among these dates proves it."""
    for text in texts:
        found = _SLASHED.match((text or "")[:LENGTH_LIMIT].strip())
        if found is not None and (proved := _proved(int(found[1]), int(found[2]))):
            return proved
    return None


@lru_cache(maxsize=256)
def find_zone(name: str | None) -> tzinfo | None:
    """The zone of this name; None if there is no such zone."""
    if not name:
        return None
    minutes = _offset_minutes(name)
    if minutes is not None:
        return timezone(timedelta(minutes=minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache(maxsize=64)
def _context(zone: str | None, language: str | None, order: Order | None) -> _Context:
    return _Context(find_zone(zone), (language or "").partition("-")[0].lower(), order)


_Found = tuple[float, bool]
_WORD = r"[^\W\d_][^\s\d,.]*"
_TIME = r"(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?"

_RFC822 = re.compile(
    r"(?:[^0-9 ,.]+[.,]{0,2} *)?([0-9]{1,2})[ -]([A-Za-z]{3,9})\.?[ -]([0-9]{4}) +"
    r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))? *(?:([+-][0-9]{4})|([A-Z]{1,5}))?\Z"
)
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d(?:[T ].*)?\Z", re.DOTALL)
_EPOCH_SECONDS = re.compile(r"(\d{10})(?:\.\d+)?\Z|(\d{13})\Z")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\Z")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])\s?(\d{1,2})\2\s?(\d{1,2})(?!\d)\.?")
_EAST_ASIAN = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日號号일]?")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)")
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?!\d)")
_WEEKDAY = rf"(?:{_WORD}(?:\s{_WORD})?[.,،]{{1,2}}\s*|{_WORD}\s+)?"
_OF = r"(?:de\s+|di\s+|d['’]|ב)?"
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:\.|st|nd|rd|th|er|º|ª|\.º)?[\s-]*{_OF}({_WORD})[.,]{{0,2}}[\s-]+(?:de\s+|del\s+)?(\d{{4}})(?!\d)"
    r"(?:\s?(?:г|р|год|года|року)\b\.?)?"
)
_MONTH_FIRST = re.compile(rf"{_WEEKDAY}({_WORD})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\d)")
_YEAR_MONTH = re.compile(rf"(\d{{4}})[.,]?\s+({_WORD})[.,]?\s+(\d{{1,2}})(?!\d)\.?")
_ASCTIME = re.compile(rf"{_WORD}\s+({_WORD})\s+(\d{{1,2}})\s+{_TIME}\s+(?:([A-Z]{{1,5}}|[+-]\d{{4}})\s+)?(\d{{4}})\Z")
_TAIL = re.compile(
    rf"(?:[T\s,;|–-]|\b(?:at|um|om|kl|klo|ore|alle|à|a|las|às|о|в|у|г|година|saat)\b\.?)*"
    rf"(上午|下午|午前|午後|오전|오후|[AaPp]\.?[Mm]\.?)?\s*(?:{_TIME}|(\d{{1,2}})\s*[時时시]\s*(\d{{1,2}})\s*[分분](?:\s*(\d{{1,2}})\s*[秒초])?)"
    r"\s*(?:Uhr|uur|h|hs|ч)?\.?\s*([AaPp]\.?[Mm]\.?)?\s*(.*)\Z",
    re.DOTALL,
)
_ZONE = re.compile(r"\(?([A-Za-z]{1,5}\b)?\)?\s*([+-]\d{1,2}(?::?\d\d)?(?!\d))?")
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?\Z")
_AFTERNOON = ("p", "下午", "午後", "오후")


def _read(text: str, context: _Context) -> _Found | None:
    if text[4:5] == "-" and (at := _read_iso(text, context)) is not None:
        return at
    found = _RFC822.match(text)
    if found is not None:
        return _read_rfc822(found, context)
    epoch = _EPOCH_SECONDS.match(text)
    if epoch is not None:
        return (float(epoch[1]) if epoch[1] else int(epoch[2]) / 1000), False
    if _ISO.match(text) and (at := _read_iso(text, context)) is not None:
        return at
    return _read_forms(" ".join(text.split()), context)


def _read_rfc822(found: re.Match[str], context: _Context) -> _Found | None:
    day, name, year, hour, minute, second, offset, zone = found.groups()
    month = _months().get(name.lower()) or _month(name, context)
    if month is None:
        return None
    clock = (int(hour), int(minute), int(second or 0))
    return _place((int(year), month, int(day)), clock, offset or zone or "", context)


def _read_iso(text: str, context: _Context) -> _Found | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    offset = at.utcoffset()
    if offset is None:
        return _zoned(at.replace(tzinfo=UTC).timestamp(), context), True
    if not -_MAX_OFFSET <= offset <= _MAX_OFFSET:
        return None
    return at.timestamp(), False


def _read_forms(text: str, context: _Context) -> _Found | None:
    for pattern, fields in _FORMS:
        found = pattern.match(text)
        if found is not None and (day := fields(found, context)) is not None:
            return _read_tail(day, text[found.end() :], context)
    return _read_asctime(text, context) or _read_compact(text, context) or _read_short_year(text, context)


_Day = tuple[int, int, int]


def _numbers(year: int, month: int, day: int) -> Callable[[re.Match[str], _Context], _Day | None]:
    """Reads year, month and day from these groups."""
    return lambda found, _: (int(found[year]), int(found[month]), int(found[day]))


def _named(year: int, month: int, day: int) -> Callable[[re.Match[str], _Context], _Day | None]:
    """The same where the month is a word."""

    def read(found: re.Match[str], context: _Context) -> _Day | None:
        number = _month(found[month], context)
        return None if number is None else (int(found[year]), number, int(found[day]))

    return read


def _slashed(found: re.Match[str], context: _Context) -> _Day | None:
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    match _proved(first, second) or context.order:
        case "dmy":
            return year, second, first
        case "mdy":
            return year, first, second
    return None


def _proved(first: int, second: int) -> Order | None:
    if first > 12 >= second:
        return "dmy"
    return "mdy" if second > 12 >= first else None


_FORMS = (
    (_YEAR_FIRST, _numbers(1, 3, 4)),
    (_EAST_ASIAN, _numbers(1, 2, 3)),
    (_DAY_FIRST, _named(3, 2, 1)),
    (_MONTH_FIRST, _named(3, 1, 2)),
    (_YEAR_MONTH, _named(1, 2, 3)),
    (_DOTTED, _numbers(3, 2, 1)),
    (_SLASHED, _slashed),
)


def _read_tail(day: _Day, tail: str, context: _Context) -> _Found | None:
    """The time of day and the zone after a date; a date alone is its midnight."""
    if not tail.strip(" .,"):
        return _place(day, (0, 0, 0), "", context)
    found = _TAIL.match(tail)
    if found is None:
        return None
    hour, minute, second = (int(found[group] or found[group + 3] or 0) for group in (2, 3, 4))
    return _place(day, (_hour(hour, found[1] or found[8]), minute, second), found[9], context)


def _hour(hour: int, half: str | None) -> int:
    if not half or hour > 12:
        return hour
    return hour % 12 + (12 if half.lower().startswith(_AFTERNOON) else 0)


def _read_asctime(text: str, context: _Context) -> _Found | None:
    """`Mon Sep  6 10:00:00 2021`, with or without zone before the year."""
    found = _ASCTIME.match(text)
    if found is None or (month := _month(found[1], context)) is None:
        return None
    clock = (int(found[3]), int(found[4]), int(found[5] or 0))
    return _place((int(found[7]), month, int(found[2])), clock, found[6] or "", context)


def _read_compact(text: str, context: _Context) -> _Found | None:
    found = _COMPACT.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    return _place((year, month, day), (hour, minute, second), "", context)


_RFC822_SHORT = re.compile(rf"{_WEEKDAY}(\d{{1,2}})[ -]([A-Za-z]{{3,9}})[ -](\d\d)(?!\d)")


def _read_short_year(text: str, context: _Context) -> _Found | None:
    """RFC 822 as it was in 1982; what two digits mean is said in RFC 2822, 4.3."""
    found = _RFC822_SHORT.match(text)
    if found is None or (month := _month(found[2], context)) is None:
        return None
    year = int(found[3])
    return _read_tail((year + (2000 if year < 50 else 1900), month, int(found[1])), text[found.end() :], context)


def _place(day: _Day, clock: tuple[int, int, int], zone: str, context: _Context) -> _Found | None:
    """The instant of a local time. `24:00:00` is the next midnight, a leap second the next instant."""
    hour, minute, second = clock
    if (hour > 23 or minute > 59 or second > 60) and clock != (24, 0, 0):
        return None
    try:
        days = date(*day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    local = days * 86_400 + hour * 3600 + minute * 60 + second
    minutes = _zone_minutes(zone, context.language)
    if minutes is None:
        return None
    if minutes == _UNKNOWN:
        return _zoned(local, context), True
    return float(local - minutes * 60), False


def _zoned(local: float, context: _Context) -> float:
    """A time without zone: in the feed's own zone if that is known, else in UTC."""
    if context.zone is None:
        return local
    try:
        return (_EPOCH.replace(tzinfo=context.zone) + timedelta(seconds=local)).timestamp()
    except OverflowError:
        return local


_UNKNOWN = 10_000


@lru_cache(maxsize=512)
def _zone_minutes(zone: str, language: str) -> int | None:
    """Minutes east of Greenwich; `_UNKNOWN` if no zone is named, or one of several; None if there is no such zone."""
    found = _ZONE.match(zone)
    if found is not None and found[2]:
        return _offset_minutes(found[2])
    return _named_zone(((found and found[1]) or "").upper(), language)


def _offset_minutes(offset: str) -> int | None:
    found = _OFFSET.match(offset)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    if minutes > 14 * 60 or int(found[3] or 0) > 59:
        return None
    return -minutes if found[1] == "-" else minutes


def _named_zone(name: str, language: str) -> int:
    offset = _zones().get(name)
    if offset is None and language in ("", "en"):
        offset = _zones().get(f"~{name}")
    return _UNKNOWN if offset is None else offset


def _month(word: str, context: _Context) -> int | None:
    word = word.lower().rstrip(".")
    months = _months()
    return months.get(word) or months.get(f"{context.language}:{word}")


@cache
def _months() -> dict[str, int]:
    """Month names, and every beginning of three letters or more that leads to one month only."""
    table: dict[str, int] = {}
    short: dict[str, set[int]] = {}
    for line in data.lines("months.txt"):
        number, *words = line.split()
        table.update(dict.fromkeys(words, int(number)))
        for word in words:
            bare = word.partition(":")[2] or word
            for length in range(3, len(bare)):
                short.setdefault(bare[:length], set()).add(int(number))
    unique = {word: months.pop() for word, months in short.items() if len(months) == 1}
    return unique | table


@cache
def _zones() -> dict[str, int]:
    rows = (line.split() for line in data.lines("zones.txt"))
    return {name: int(offset) for name, offset in rows if offset != "?"}
