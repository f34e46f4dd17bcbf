"""Parameters of a query: numbers, limits and times."""

from __future__ import annotations

import pytest

from monitor.server.parameters import MOST, USUAL, limit, moment, number, wanted_of
from monitor.server.web import ApiError

NOON = 1_769_860_800.0
"""2026-01-31 12:00 UTC."""


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-31T12:00:00Z", NOON),
        ("2026-01-31T12:00:00.500Z", NOON + 0.5),
        ("2026-01-31T14:00:00+02:00", NOON),
        ("2026-01-31T14:00:00 02:00", NOON),
        ("2026-01-31T12:00:00", NOON),
        ("2026-01-31 12:00", NOON),
        ("2026-01-31", NOON - 12 * 3600),
        ("", None),
    ],
)
def test_times_are_utc_unless_they_say_otherwise(text, at):
    """A plus that was not encoded arrives as a blank."""
    assert moment({"from": text}, "from") == at


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "2026-01-31T25:00:00Z", "1769860800", "2026-01-31T12:00:00Zz"]
)
def test_what_is_no_time_is_refused_with_an_example(text):
    """Not guessed at."""
    with pytest.raises(ApiError, match="from has to be a time like 2026") as caught:
        moment({"from": text}, "from")

    assert caught.value.status == 400


@pytest.mark.parametrize("text", ["-1", "1.5", "ten", "٣", "1" * 19, "0x1", " 1"])
def test_what_is_no_number_is_refused(text):
    """Digits of other scripts and numbers beyond the log's own size too."""
    with pytest.raises(ApiError, match="cursor has to be a number"):
        number({"cursor": text}, "cursor")


@pytest.mark.parametrize(
    ("query", "most"),
    [({}, USUAL), ({"limit": ""}, USUAL), ({"limit": "0"}, 1), ({"limit": "7"}, 7), ({"limit": "999999"}, MOST)],
)
def test_limit_is_capped(query, most):
    """Nobody gets the whole log at once."""
    assert limit(query) == most


def test_all_filters_of_alerts_are_read():
    """Names of the query and of the value differ where the query is shorter."""
    wanted = wanted_of({"watch": "w", "feed": "f", "lang": "fr", "q": "x y", "from": "2026-01-31"}, 9)

    assert (wanted.watch, wanted.feed, wanted.language, wanted.words) == ("w", "f", "fr", "x y")
    assert (wanted.since, wanted.until, wanted.before, wanted.limit) == (NOON - 12 * 3600, None, 9, USUAL)
