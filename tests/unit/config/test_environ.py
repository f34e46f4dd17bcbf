"""Settings from the environment."""

from __future__ import annotations

import pytest

from monitor.config.environ import overrides, value
from monitor.model.watch import Place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        ("true", True),
        ("", None),
        ("null", None),
        ("30s", "30s"),
        ("https://example.org/a: b", "https://example.org/a: b"),
        ("alerts.{watch}", "alerts.{watch}"),
        ('"12"', "12"),
        ("[a, 2]", ["a", 2]),
        ("[{kind: stdout}]", [{"kind": "stdout"}]),
        ("{watch} is no mapping", "{watch} is no mapping"),
        ("[", "["),
        (" x ", "x"),
    ],
)
def test_value(text: str, expected: object) -> None:
    """Words as in a file, lists and mappings in the short form, anything else a text."""
    assert value("MONITOR__A", text) == expected


def test_names_become_paths() -> None:
    """Two underscores part the steps; single ones belong to names."""
    trees = overrides({"MONITOR__FETCH__MAX_BODY": "1MiB", "MONITOR__DATA_DIR": "d", "PATH": "/bin"})

    assert [tree.plain() for tree in trees] == [{"data_dir": "d"}, {"fetch": {"max_body": "1MiB"}}]
    assert trees[1].at(("fetch", "max_body")).place == Place("MONITOR__FETCH__MAX_BODY")


def test_single_underscores_are_left_alone() -> None:
    """Kubernetes injects these for a Service called monitor."""
    assert overrides({"MONITOR_PORT": "tcp://10.0.0.1:80", "MONITOR_SERVICE_HOST": "x", "MONITOR_CONFIG": "c"}) == []
