"""From trees to typed values."""

from __future__ import annotations

from monitor.config.places import plant
from monitor.config.schema import Settings
from monitor.config.typed import check, keys_at, without


def test_keys_at() -> None:
    """The keys an editor would offer at a path."""
    assert keys_at(Settings, ("first_import",)) == ("alert_since",)
    assert keys_at(Settings, ("hosts", "overrides", "example.org")) == ("in_flight", "spacing")
    assert "class" in keys_at(Settings, ("schedule",))
    assert "port" in keys_at(Settings, ("server",))
    assert keys_at(Settings, ("app", "x")) == ()
    assert keys_at(Settings, ("nowhere",)) == ()


def test_values_are_not_converted() -> None:
    """`"10"` is no number, 1 is not true."""
    tree = plant({"fetch": {"concurrency": "10"}, "allow_mass_removal": 1, "app": 5}, "x")

    value, problems = check(Settings, tree)

    assert value == Settings()
    assert [problem.path for problem in problems] == ["app", "fetch.concurrency", "allow_mass_removal"]


def test_what_cannot_be_left_out_gives_no_value() -> None:
    """The root itself has the wrong kind."""
    value, problems = check(Settings, plant([1], "x"), ("a",))

    assert value is None
    assert [str(problem) for problem in problems] == ["x: a: has to be a mapping of keys to values [MON-CFG-006]"]


def test_without() -> None:
    """A key goes, a list goes whole, a path that is not there changes nothing."""
    tree = plant({"a": {"b": 1, "c": 2}, "d": [{"e": 1}, {"f": 2}]})

    assert without(tree, ("a", "b")).plain() == {"a": {"c": 2}, "d": [{"e": 1}, {"f": 2}]}
    assert without(tree, ("d", 0, "e")).plain() == {"a": {"b": 1, "c": 2}}
    assert without(tree, ("x", "y")).plain() == tree.plain()
    assert without(tree, ()).plain() == tree.plain()
