"""What no reader would call an edit."""

from __future__ import annotations

import pytest

from monitor.normalise.fold import drop_marks, fold, hash32, hash64


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It Rained!", "it rained"),
        ("a  b\nc", "a, b – c."),
        ("ﬁre", "fire"),
        ("ＡＢＣ", "abc"),
        ("Straße", "STRASSE"),
        ("snake_case", "snake case"),
        ("“quoted”", '"quoted"'),
    ],
)
def test_same(one: str, other: str) -> None:
    """Case, width, punctuation and white space do not count."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("rain", "ruin"), ("कि", "की"), ("été", "ete"), ("1.5", "16")])
def test_different(one: str, other: str) -> None:
    """Letters, vowel signs, accents and digits do."""
    assert fold(one) != fold(other)


def test_hashes() -> None:
    """Zero stands for no text, and for nothing else."""
    assert hash64("") == 0 == hash32("")
    assert 0 < hash32("a") < 1 << 32
    assert 0 < hash64("a") < 1 << 64
    assert hash64("a") != hash64("b")


def test_drop_marks() -> None:
    """Accents go, letters stay."""
    assert drop_marks("e\u0301te\u0301 नी") == "ete न"
