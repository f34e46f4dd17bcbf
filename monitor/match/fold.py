"""Folding: one spelling for all spellings of a word, with the way back to the original.

    fold("L’Ukraine")  ->  " l ukraine "  and, per folded character, its index in the original

A table look-up per code point, vectorised; what the table says per script is in `tests/support/build_fold_table.py`.
Folding twice changes nothing, and patterns are folded by the same function as texts.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from monitor import data

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.uint32]
    Places = NDArray[np.intp]

BORDER = "\x1f"
"""Stands between two fields, a blank on each side: no phrase crosses it. ASCII, so that it costs no fast path."""

FILE = "fold.bin"
VALUE, CLASS = 0x1FFFFF, 21
SECOND, TRANSIENT, DELETE, EXPAND, ABSOLUTE = 1 << 24, 1 << 25, 1 << 26, 1 << 27, 1 << 31
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


@dataclass(frozen=True)
class Folded:
    """A folded text, a blank at both ends, words parted by one; `original[offsets[a]:offsets[b]]` made `text[a:b]`."""

    text: str
    original: str
    found: Any = None
    """Offsets if folding needed them on its way."""

    @cached_property
    def offsets(self) -> Places:
        """One more than there are folded characters; never decreasing; the last is the length of the original."""
        return self.found if self.found is not None else _ascii_offsets(self.original)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the folded characters `[start, end)` stand in the original; never empty, never half an expansion."""
        last = int(self.offsets[end - 1])
        while (stop := int(self.offsets[end])) == last:
            end += 1
        return int(self.offsets[start]), stop


@cache
def table() -> Table:
    """The table, unpacked at first use in about 20 ms; 4.5 MB."""
    import numpy as np

    raw = data.binary(FILE)
    version, expanded, rows, pairs = struct.unpack_from("<4I", raw)
    body = zlib.decompress(raw[16:])
    size = 0x110000
    entries = np.empty(size, "<u4")
    entries.view(np.uint8).reshape(size, 4).T[:] = np.frombuffer(body, np.uint8, 4 * size).reshape(4, size)
    absolute = entries >= ABSOLUTE
    entries += np.where(absolute, np.uint32(ABSOLUTE), np.arange(size, dtype=np.uint32))  # wraps: bit 31 goes
    rest = np.frombuffer(body, "<u4", offset=4 * size)
    starts, flat, first, second, composed = np.split(rest, np.cumsum([rows + 1, expanded, pairs, pairs]))
    keys = _pair_keys(first, second)
    order = np.argsort(keys)
    # A composed letter takes over class and flags of its own entry.
    return Table(version, entries, starts.astype(np.intp), flat, keys[order], entries[composed[order]])


@cache
def table_version() -> str:
    """Names the table's rules and its bytes; part of every watch's version."""
    return f"{struct.unpack_from('<I', data.binary(FILE))[0]}-{zlib.crc32(data.binary(FILE)):08x}"


def scrub(text: str) -> str:
    """Without field borders, which only we may write."""
    return text.replace(BORDER, " ")


def fold(text: str) -> Folded:
    """Folds a text of any length and any content; lone surrogates count as blanks."""
    if text.isascii():
        return Folded(_fold_ascii(text), text)
    return _fold_wide(text)


def fold_words(texts: Sequence[str]) -> tuple[str, ...]:
    """The folded forms of many short texts, without the blanks at their ends, in one pass."""
    if not texts:
        return ()
    joined = f" {BORDER} ".join(scrub(text) for text in texts)
    return tuple(part.strip(" ") for part in fold(joined).text.split(BORDER))


@cache
def script_class(letter: str) -> int:
    """Class of a folded letter: 0 for scripts with blanks between words, `HANGUL`, or one of `UNSPACED`."""
    return int(table().entries[ord(letter)] >> CLASS) & 7


def script_classes(text: str) -> tuple[Codes, Codes | None]:
    """Code points of a folded text and the class of each; None if no letter of it has one."""
    import numpy as np

    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8).astype(np.uint32), None
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return codes, (table().entries[codes] >> CLASS) & 7


@cache
def dropped(letter: str) -> bool:
    """True for characters that folding deletes."""
    return bool(table().entries[ord(letter)] & DELETE)


@cache
def _ascii_table() -> bytes:
    return bytes(BLANK if entry >= 0x80 else int(entry) for entry in (table().entries[:256] & VALUE))


def _fold_ascii(text: str) -> str:
    # Of bytes only white space splits, and the border is none.
    words = text.encode("ascii").translate(_ascii_table()).split(b" ")
    folded = b" ".join(filter(None, words)).decode("ascii")
    return f" {folded} " if folded else " "


def _ascii_offsets(text: str) -> Places:
    import numpy as np

    codes = np.frombuffer(text.encode("ascii").translate(_ascii_table()), np.uint8)
    return _with_ends(codes.astype(np.uint32), np.arange(len(codes), dtype=np.intp), len(text))[1]


def _fold_wide(text: str) -> Folded:
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    entries = table().entries[codes]
    places = np.arange(len(entries), dtype=np.intp)
    flags = int(np.bitwise_or.reduce(entries))
    if flags & EXPAND:
        entries, places = _expand(entries)
        flags = int(np.bitwise_or.reduce(entries))
    if flags & DELETE:
        entries, places = _keep(entries, places, (entries & DELETE) == 0)
    if flags & SECOND:
        entries, places = _compose(entries, places)
    if flags & TRANSIENT:
        entries, places = _keep(entries, places, (entries & TRANSIENT) == 0)
        entries, places = _compose(entries, places)  # what a mark stood between
    if flags >> CLASS & 7:
        entries, places = _part_scripts(entries, places)
    folded, offsets = _with_ends(entries & VALUE, places, len(text))
    return Folded(folded.astype("<u4").tobytes().decode("utf-32-le"), text, offsets)


def _keep(entries: Codes, places: Places, kept: NDArray[np.bool_]) -> tuple[Codes, Places]:
    return entries[kept], places[kept]


def _expand(entries: Codes) -> tuple[Codes, Places]:
    """Puts the letters of an expansion in the place of its source; each keeps the offset of the source."""
    import numpy as np

    rules = table()
    where = np.flatnonzero(entries & EXPAND)
    rows = entries[where] & VALUE
    lengths = rules.starts[rows + 1] - rules.starts[rows]
    counts = np.ones(len(entries), np.intp)
    counts[where] = lengths
    places = np.repeat(np.arange(len(entries), dtype=np.intp), counts)
    result = entries[places]
    targets = np.flatnonzero(result & EXPAND)
    within = np.arange(len(targets)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    result[targets] = rules.expanded[np.repeat(rules.starts[rows], lengths) + within]
    return result, places


def _compose(entries: Codes, places: Places) -> tuple[Codes, Places]:
    """Joins a letter and its mark (и and breve, ト and dakuten, Hangul letters) until nothing joins."""
    import numpy as np

    rules = table()
    while True:
        where = np.flatnonzero(entries[1:] & SECOND) + 1
        if not len(where):
            return entries, places
        keys = _pair_keys(entries[where - 1] & VALUE, entries[where] & VALUE)
        found = np.minimum(np.searchsorted(rules.pairs, keys), len(rules.pairs) - 1)
        met = rules.pairs[found] == keys
        # In "a b c" with both pairs known the first joins now, the second in the next round.
        met[1:] &= ~(met[:-1] & (where[1:] - where[:-1] == 1))
        if not met.any():
            return entries, places
        entries[where[met] - 1] = rules.composed[found[met]]
        kept = np.ones(len(entries), np.bool_)
        kept[where[met]] = False
        entries, places = _keep(entries, places, kept)


def _pair_keys(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.uint64]:
    import numpy as np

    return (first.astype(np.uint64) << np.uint64(21)) | second.astype(np.uint64)


def _part_scripts(entries: Codes, places: Places) -> tuple[Codes, Places]:
    """A blank where scripts without blanks touch others, and between two flags; its offset is that of what follows."""
    import numpy as np

    classes = (entries >> CLASS) & 7
    blank = (entries & VALUE) == BLANK
    border = np.flatnonzero((classes[1:] != classes[:-1]) & ~blank[1:] & ~blank[:-1]) + 1
    if (classes == FLAG).any():
        border = np.union1d(border, _between_flags(classes == FLAG))
    if not len(border):
        return entries, places
    shift = np.zeros(len(entries), np.intp)
    shift[border] = 1
    target = np.arange(len(entries)) + np.cumsum(shift)
    parted = np.full(len(entries) + len(border), BLANK, np.uint32)
    parted[target] = entries
    moved = np.empty(len(parted), np.intp)
    moved[target[border] - 1] = places[border]
    moved[target] = places
    return parted, moved


def _between_flags(flag: NDArray[np.bool_]) -> Places:
    """Places before every second regional indicator, counted from the start of its run."""
    import numpy as np

    index = np.arange(len(flag))
    begins = flag & ~np.concatenate(([False], flag[:-1]))
    number = index - np.maximum.accumulate(np.where(begins, index, 0))
    return np.flatnonzero(flag & ~begins & (number % 2 == 0))


def _with_ends(values: Codes, places: Places, length: int) -> tuple[Codes, Places]:
    """Runs of blanks as one, exactly one blank at both ends, and the closing offset."""
    import numpy as np

    values = np.concatenate(([BLANK], values, [BLANK]))
    places = np.concatenate(([0], places, [length]))
    kept = np.ones(len(values), np.bool_)
    blank = values == BLANK
    kept[1:] = ~(blank[1:] & blank[:-1])
    return values[kept], np.concatenate((places[kept], [length]))
