"""The rules of folding as arrays, unpacked from the file that `tests/support/build_fold_table.py` writes.

An entry per code point: what it folds to, the class of its script, and flags for what has to be done about it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from monitor import data

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.uint32]
    Places = NDArray[np.intp]

FILE = "fold.bin"
SIZE = 0x110000
VALUE, CLASS = 0x1FFFFF, 21
SECOND, TRANSIENT, DELETE, EXPAND, ABSOLUTE = 1 << 24, 1 << 25, 1 << 26, 1 << 27, 1 << 31
FIRST = 21
"""Bit from which on the first letter of a pair stands in its number."""
BLANK = 0x20
HANGUL, FLAG = 2, 7
UNSPACED = frozenset({1, 3, 4, 5, 6, FLAG})
"""Classes whose words are not set apart by blanks: Han and kana, Thai, Lao, Khmer, Burmese, and flags."""


@dataclass(frozen=True)
class Table:
    """The fold table as arrays: an entry per code point, expansions, and pairs that compose into one letter."""

    version: int
    entries: Codes
    starts: Places
    expanded: Codes
    pairs: NDArray[np.uint64]
    composed: Codes


@cache
def table() -> Table:
    """The table, unpacked at first use in about 20 ms; 4.5 MB."""
    import numpy as np

    raw = data.binary(FILE)
    version, expanded, rows, pairs = struct.unpack_from("<4I", raw)
    body = zlib.decompress(raw[16:])
    entries = np.empty(SIZE, "<u4")
    entries.view(np.uint8).reshape(SIZE, 4).T[:] = np.frombuffer(body, np.uint8, 4 * SIZE).reshape(4, SIZE)
    absolute = entries >= ABSOLUTE
    entries += np.where(absolute, np.uint32(ABSOLUTE), np.arange(SIZE, dtype=np.uint32))  # wraps: bit 31 goes
    rest = np.frombuffer(body, "<u4", offset=4 * SIZE)
    starts, flat, first, second, composed = np.split(rest, np.cumsum([rows + 1, expanded, pairs, pairs]))
    keys = pair_keys(first, second)
    order = np.argsort(keys)
    # A composed letter takes over class and flags of its own entry.
    return Table(version, entries, starts.astype(np.intp), flat, keys[order], entries[composed[order]])


@cache
def table_version() -> str:
    """Names the table's rules and its bytes; part of every watch's version."""
    return f"{struct.unpack_from('<I', data.binary(FILE))[0]}-{zlib.crc32(data.binary(FILE)):08x}"


def pair_keys(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.uint64]:
    """Pairs of code points as numbers, in the order in which the table's pairs are sorted."""
    import numpy as np

    return (first.astype(np.uint64) << np.uint64(FIRST)) | second.astype(np.uint64)


def composing(first: NDArray[Any], second: NDArray[Any]) -> tuple[Places, NDArray[np.bool_]]:
    """Per pair of code points, where the table may have it, and whether it does."""
    import numpy as np

    rules, keys = table(), pair_keys(first, second)
    found = np.minimum(np.searchsorted(rules.pairs, keys), len(rules.pairs) - 1)
    return found, rules.pairs[found] == keys
