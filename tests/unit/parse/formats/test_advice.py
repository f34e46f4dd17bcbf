"""What a channel says about being polled."""

from __future__ import annotations

import pytest

from monitor.parse.formats.advice import number, skip_days, skip_hours, update_period


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("60", 60),
        ("0", 0),
        ("9999999", 9_999_999),
        ("12345678", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        (None, None),
    ],
)
def test_number(text: str | None, value: int | None) -> None:
    """Whole and bounded, or nothing."""
    assert number(text) == value


@pytest.mark.parametrize(
    ("period", "frequency", "seconds"),
    [
        ("hourly", None, 3600),
        ("Daily ", "2", 43200),
        ("weekly", "0", 604800),
        ("monthly", "x", 2592000),
        ("sometimes", "2", None),
        (None, "2", None),
    ],
)
def test_update_period(period: str | None, frequency: str | None, seconds: float | None) -> None:
    """mod_syndication; a frequency alone says nothing."""
    assert update_period(period, frequency) == seconds


def test_skip_hours_and_days() -> None:
    """24 is midnight; what is neither hour nor day is left out."""
    assert skip_hours(["0", "24", "23", "25", "x", "-1"]) == {0, 23}
    assert skip_days(["Monday", " sunday", "Tues", "Someday", ""]) == {0, 6, 1}
