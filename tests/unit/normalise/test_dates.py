"""Dates as feeds write them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.normalise.dates import find_zone, numeric_order, parse_date

CASES = Path(__file__).parents[2] / "corpus" / "dates"
FETCHED = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()


def rows(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((CASES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", rows("read.yaml"), ids=lambda case: "-".join(map(str, case.values()))[:60])
def test_read(case: dict[str, Any]) -> None:
    """Every form is read as the instant it means, and says whether the zone had to be assumed."""
    found = parse_date(
        case["text"],
        fetched_at=FETCHED,
        zone=case.get("zone"),
        language=case.get("language"),
        order=case.get("order"),
    )

    assert found.instant == pytest.approx(datetime.fromisoformat(case["expect"]).timestamp(), abs=1e-6)
    assert found.zone_assumed is case.get("assumed", False)
    assert found.reason == ""


@pytest.mark.parametrize("case", rows("refused.yaml"), ids=lambda case: case["text"][:40] or "empty")
def test_refused(case: dict[str, Any]) -> None:
    """What cannot be read, or not be believed, is no date, with its reason."""
    found = parse_date(case["text"], fetched_at=FETCHED)

    assert (found.instant, found.reason) == (None, case["reason"])


def test_none() -> None:
    """No text is no date."""
    assert parse_date(None, fetched_at=FETCHED).reason == "empty"


@pytest.mark.parametrize(
    ("texts", "expect"),
    [
        (["06/09/2021", "18/09/2021"], "dmy"),
        (["06/09/2021", "06/13/2021"], "mdy"),
        (["06/09/2021", None, "Mon, 06 Sep 2021 10:00:00 GMT"], None),
        (["40/50/2021"], None),
        ([], None),
    ],
)
def test_numeric_order(texts: list[str | None], expect: str | None) -> None:
    """A day above 12 in another date of the document proves the order."""
    assert numeric_order(texts) == expect


@pytest.mark.parametrize("name", ["", None, "Nowhere/Land", "../etc/passwd", "+99:00", "x\x00y"])
def test_no_such_zone(name: str | None) -> None:
    """A zone that does not exist is none, whatever its name."""
    assert find_zone(name) is None


@pytest.mark.parametrize(
    "text",
    ["1" * 1_000_000, "2006-" * 200_000, " " * 1_000_000, "Mon, " * 200_000, "a " * 500_000, "1 " * 500_000],
    ids=["digits", "years", "blanks", "weekdays", "words", "numbers"],
)
def test_h136_megabyte_dates(text: str) -> None:
    """A date of a megabyte is no date, at once."""
    start = time.perf_counter()
    found = parse_date(text, fetched_at=FETCHED)

    assert found.instant is None
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    "text",
    ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2021-09-06T00:00:00+14:01", "yesterday"],
)
def test_h148_impossible_dates(text: str) -> None:
    """Epoch, far future, year zero, an impossible offset and words are dropped."""
    assert parse_date(text, fetched_at=FETCHED).instant is None


def test_h148_c04_believable_dates() -> None:
    """The largest offset there is, and a leap second, are read; nothing more than a day ahead is."""
    assert parse_date("2021-09-06T14:00:00+14:00", fetched_at=FETCHED).instant == 1630886400.0
    assert parse_date("2016-12-31T23:59:60Z", fetched_at=FETCHED).instant == 1483228800.0
    assert parse_date("2026-11-27T12:00:00Z", fetched_at=FETCHED).instant == FETCHED + 86_400
    assert parse_date("2026-11-27T12:00:01Z", fetched_at=FETCHED).instant is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-29T01:59:59", 1774745999.0),
        ("2026-03-29T03:00:00", 1774746000.0),
        ("2026-10-25T01:59:59", 1792886399.0),
        ("2026-10-25T03:00:00", 1792893600.0),
    ],
)
def test_c04_the_hours_at_which_summer_time_begins_and_ends(text: str, instant: float) -> None:
    """A second before and behind each change, in Berlin; an hour that is not there or twice is read all the same."""
    assert parse_date(text, fetched_at=FETCHED, zone="Europe/Berlin").instant == instant
    for odd in ("2026-03-29T02:30:00", "2026-10-25T02:30:00"):
        assert parse_date(odd, fetched_at=FETCHED, zone="Europe/Berlin").instant is not None


def test_zone_at_the_edge_of_time() -> None:
    """A local time that its zone would push out of the calendar is judged as UTC, and refused."""
    assert parse_date("0001-01-01T00:00:00", fetched_at=FETCHED, zone="Asia/Tokyo").reason == "out_of_range"
