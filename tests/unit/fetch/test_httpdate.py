"""Dates as HTTP writes them."""

from __future__ import annotations

import pytest

from monitor.fetch.httpdate import read_http_date

NOV_1994 = 784111777.0


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", NOV_1994),
        ("Sunday, 06-Nov-94 08:49:37 GMT", NOV_1994),
        ("Sun Nov  6 08:49:37 1994", NOV_1994),
        ("06 Nov 1994 08:49:37 GMT", NOV_1994),
        ("Sun, 06 Nov 1994 08:49:37 +0000", NOV_1994),
        ("sun, 06 nov 1994 08:49:37 gmt", NOV_1994),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1483228799.0),
        ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ("Sun, 06 Foo 1994 08:49:37 GMT", None),
        ("Sun, 32 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 28:49:37 GMT", None),
        ("0", None),
        ("-1", None),
        ("", None),
        (None, None),
        ("1" * 100_000, None),
    ],
)
def test_dates(text: str | None, instant: float | None) -> None:
    """Three forms and nothing else."""
    assert read_http_date(text) == instant
