"""The script that keeps `docs/conformance.md` level with the tests."""

from __future__ import annotations

import pytest

from tests.support.conformance import ids_in, rows, updated

TABLE = """| id | what | state |
|---|---|---|
| H01 | one | done |
| H02 | two | later |
| H03 | three | not applicable |
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test_h103_gzip_bomb", ["H103"]),
        ("test_h09_to_h11_forms", ["H09", "H10", "H11"]),
        ("test_h41_h42_unreadable", ["H41", "H42"]),
        ("h51-nxdomain", ["H51"]),
        ("test_p4_an_hour", ["P4"]),
        ("test_utf8_of_1999", []),
    ],
)
def test_ids_in_names(name: str, expected: list[str]) -> None:
    """Whole words only, ranges filled."""
    found = list(ids_in(name))
    assert sorted(set(found)) == expected


def test_states_follow_the_tests() -> None:
    """Earned and lost; what does not apply stays so until a test says otherwise."""
    assert rows(updated(TABLE, frozenset({"H02"}))) == {"H01": "later", "H02": "done", "H03": "not applicable"}


def test_a_second_time_changes_nothing() -> None:
    """What was written is read again."""
    once = updated(TABLE, frozenset({"H01", "H03"}))
    assert updated(once, frozenset({"H01", "H03"})) == once
