"""Instants, durations, sizes, ratios."""

from __future__ import annotations

import pytest

from monitor.model.units import Duration, Ratio, Size, instant, rfc3339, spell_duration


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Duration, "500ms", 0.5),
        (Duration, "30s", 30),
        (Duration, "5m", 300),
        (Duration, "1.5h", 5400),
        (Duration, "7d", 604800),
        (Size, "512KiB", 524288),
        (Size, "2GiB", 2147483648),
        (Size, "1MB", 1000000),
        (Ratio, "10%", 0.1),
    ],
)
def test_quantity_with_its_unit_is_read(kind, text, value):
    """A number with a unit gives base units."""
    assert kind.of(text) == pytest.approx(value)


@pytest.mark.parametrize("kind", [Duration, Size, Ratio])
@pytest.mark.parametrize("bad", ["5", 5, "", "s", "-1s", "5 parsecs", None, "1e9s", True])
def test_h192_quantity_without_a_known_unit_is_refused_with_an_example(kind, bad):
    """Nobody can tell what a bare number means."""
    with pytest.raises(ValueError, match=r"for example"):
        kind.of(bad)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0s"), (0.25, "250ms"), (59, "59s"), (90, "1m30s"), (3600, "1h"), (93784, "1d2h")]
)
def test_duration_is_spelled_with_its_two_largest_units(seconds, words):
    """People read `1d2h`."""
    assert spell_duration(seconds) == words


def test_time_leaves_in_one_form():
    """RFC 3339, UTC, milliseconds, Z; rounding never yields a second of 1000 ms."""
    assert rfc3339(0.9996) == "1970-01-01T00:00:01.000Z"
    assert rfc3339(1700000000.1234) == "2023-11-14T22:13:20.123Z"
    assert instant(rfc3339(1700000000.5)) == 1700000000.5
