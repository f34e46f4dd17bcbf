"""Slices without the signs that nobody sees."""

from __future__ import annotations

import pytest

from monitor.match.invisible import visible_end


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Taiwan\u200f", "Taiwan"),
        ("Tai\u00adwan\u200e\u2069\u202c", "Tai\u00adwan"),
        ("Taiwan", "Taiwan"),
        ("مُسَيَّرةٌ", "مُسَيَّرةٌ"),
        ("അവന്\u200d", "അവന്\u200d"),
        ("\u200f", "\u200f"),
    ],
)
def test_the_end_of_what_is_seen(text: str, seen: str) -> None:
    """Marks of direction go; vowels, accents and joiners are part of the word; something is always left."""
    assert text[: visible_end(text, 0, len(text))] == seen
