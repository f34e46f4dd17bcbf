"""Bounds, forms and what belongs together."""

from __future__ import annotations

from monitor.config import checks
from monitor.config.places import EMPTY
from monitor.config.schema import Settings


def test_defaults_are_within_their_bounds() -> None:
    """Nothing said is nothing wrong."""
    assert list(checks.settings(Settings(), EMPTY)) == []


def test_every_row_of_the_tables_names_a_setting() -> None:
    """A row for a path that does not exist would check nothing."""
    from monitor.config.schema import LEDGERS, SINKS
    from monitor.config.typed import keys_at

    for row in (*checks.FORMS, *checks.BOUNDS):
        *way, name = row.split(".")
        kinds = {"sinks": SINKS, "ledger": LEDGERS}.get(way[0] if way else "")
        if kinds is not None:
            assert any(name in keys_at(kind, tuple(way[1:])) for kind in kinds.values()), row
        else:
            path = ("hosts", "overrides", "x") if way == ["hosts", "overrides"] else tuple(way)
            assert name in keys_at(Settings, path), row


def test_every_number_has_bounds() -> None:
    """A setting without bounds can be set to something that hangs or floods."""
    numbers = {
        checks._rule(path)
        for path, value in checks.leaves(Settings())
        if isinstance(value, int | float) and not isinstance(value, bool)
    }

    assert numbers - set(checks.BOUNDS) == set()
