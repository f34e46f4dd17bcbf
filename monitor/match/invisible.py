"""Signs that nobody sees: copied text brings them along, and folding drops them."""

from __future__ import annotations

INVISIBLE = frozenset("\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff") | frozenset(
    map(chr, range(0x2060, 0x2070))
)
"""Marks of direction and of places to break a line. The joiners are none of them: they shape the letter before."""


def visible_end(text: str, start: int, end: int) -> int:
    """The end of a slice without invisible signs there; they belong to it as little as to what follows. Never empty."""
    while end > start + 1 and text[end - 1] in INVISIBLE:
        end -= 1
    return end
