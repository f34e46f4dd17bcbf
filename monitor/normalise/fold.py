"""A text with everything taken away that no reader would call an edit: case, punctuation, symbols, white space.

Content keys and edit hashes are made of it. It is not the fold of `match`, which keeps offsets and strips accents.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from hashlib import blake2b

_ASCII_NOISE = re.compile(r"[\W_]+", re.ASCII)


def fold(text: str) -> str:
    """NFKC, case folded, words joined by one blank. Combining marks stay: they are letters in half of the world."""
    if text.isascii():
        return _ASCII_NOISE.sub(" ", text.lower()).strip()
    return _noise().sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def hash64(text: str) -> int:
    """64 bits of a text, never 0; 0 stands for an empty one."""
    return _number(text, 8) if text else 0


def hash32(text: str) -> int:
    """32 bits of a text, never 0; 0 stands for an empty one."""
    return _number(text, 4) if text else 0


def _number(text: str, size: int) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=size).digest(), "big") or 1


@cache
def _noise() -> re.Pattern[str]:
    marks = "".join(f"{chr(first)}-{chr(last)}" for first, last in spans_of("Mn", "Mc", "Me"))
    return re.compile(rf"(?:[^\w{marks}]|_)+")


@cache
def spans_of(*categories: str) -> tuple[tuple[int, int], ...]:
    """The spans of code points of these general categories, for a character class."""
    spans: list[tuple[int, int]] = []
    for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code)) in categories:
            first = spans.pop()[0] if spans and spans[-1][1] == code - 1 else code
            spans.append((first, code))
    return tuple(spans)
