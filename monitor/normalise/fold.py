"""A text with everything taken away that no reader would call an edit: case, punctuation, symbols, white space.

Content keys and edit hashes are made of it. It is not the fold of `match`, which keeps offsets and strips accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from hashlib import blake2b

_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """NFKC, case folded, words joined by one blank. Combining marks stay: they are letters in half of the world."""
    text = _caseless(text)
    return " ".join(_finder(text)(text))


def fold_lines(text: str) -> list[str]:
    """`fold` of each line; what can be done to all of them at once is done once."""
    text = _caseless(text)
    find = _finder(text)
    return [" ".join(find(line)) for line in text.split("\n")]


def _caseless(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.casefold().replace("_", " ")


def _finder(text: str) -> Callable[[str], list[str]]:
    """Finds the words of a text; combining marks belong to them, but are dear to look for."""
    mark, word = _marks()
    return (word if mark.search(text) else _WORD).findall


def drop_marks(text: str) -> str:
    """A decomposed text without accents and vowel signs."""
    return _marks()[0].sub("", text)


def hash64(text: str) -> int:
    """64 bits of a text, never 0; 0 stands for an empty one."""
    return _number(text, 8) if text else 0


def hash32(text: str) -> int:
    """32 bits of a text, never 0; 0 stands for an empty one."""
    return _number(text, 4) if text else 0


def _number(text: str, size: int) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=size).digest(), "big") or 1


@cache
def _marks() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Finds a combining mark; finds a word that may hold some."""
    # A class that goes beyond U+FFFF is a hundred times slower, and no news is written there.
    marks = mark_class(0xFFFF)
    return re.compile(f"[{marks}]"), re.compile(rf"[\w{marks}]+")


@cache
def mark_class(last: int) -> str:
    """All marks up to this code point that combine with what stands before them, as inside of a character class."""
    spans: list[tuple[int, int]] = []
    for code in (*range(0x300, min(last + 1, 0x20000)), *range(0xE0100, min(last + 1, 0xE01F0))):
        if unicodedata.category(chr(code))[0] == "M":
            first = spans.pop()[0] if spans and spans[-1][1] == code - 1 else code
            spans.append((first, code))
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)
