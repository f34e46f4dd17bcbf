"""A title in 16 bytes: enough to tell whether two titles have words in common when one of them is no longer known."""

from __future__ import annotations

import re
from hashlib import blake2b

from monitor.model.state import Item

SIZE = 16
"""Bytes. In 128 bits two titles of ten different words share 0.7 by chance."""

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def sketch_title(title: str) -> bytes:
    """One bit for each word of four letters or more, of any length if there is none; pairs where none are parted."""
    words = [part for word in _WORD.findall(title.casefold()) for part in _parts(word)]
    bits = 0
    for word in [word for word in words if len(word) > 3 or _UNSPACED.match(word)] or words:
        bits |= 1 << (blake2b(word.encode("utf-8", "replace"), digest_size=1).digest()[0] % (SIZE * 8))
    return bits.to_bytes(SIZE, "big") if bits else b""


def overlap(one: bytes, other: bytes) -> float:
    """The share of words of the shorter title that the other has; 1 if one of them is unknown."""
    a, b = int.from_bytes(one, "big"), int.from_bytes(other, "big")
    least = min(a.bit_count(), b.bit_count())
    return (a & b).bit_count() / least if least else 1.0


def differ(item: Item, title: str, below: float) -> bool:
    """Whether a title has too little in common with that of an item to be an edit of it."""
    return overlap(item.title, sketch_title(title)) < below


def _parts(word: str) -> list[str]:
    if not _UNSPACED.search(word):
        return [word]
    return [word[at : at + 2] for at in range(max(1, len(word) - 1))]
