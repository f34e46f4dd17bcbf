"""What looks like a type, and its other spelling."""

from __future__ import annotations

import pytest

from monitor.match.designations import is_familiar, other_spelling
from monitor.match.parser import parse
from monitor.match.syntax import Leaf


@pytest.mark.parametrize(
    ("query", "other", "familiar"),
    [
        ("F-16", "F16", True),
        ("F16", "F-16", True),
        ("Су-57", "Су57", True),
        ("f16", "f-16", False),
        ("covid-19", "covid19", False),
        ("Euro-2024", "Euro2024", False),
        ("A320neo", "", False),
        ("*F16", "", False),
        ("source:F-16", "", False),
        ("2026", "", False),
    ],
)
def test_types(query: str, other: str, familiar: bool) -> None:
    """With a hyphen and without; familiar are those with a capital, few letters and few digits."""
    leaf = parse(query)

    assert isinstance(leaf, Leaf)
    assert (other_spelling(leaf), bool(other) and is_familiar(leaf.text)) == (other, familiar)
