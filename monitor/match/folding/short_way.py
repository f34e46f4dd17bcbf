"""The short way of folding: the text first, offsets only when somebody asks.

Nearly every text needs few of the rules, so each character is looked up in a table of 16-bit codes, and all further
steps work on these: at 3,000 characters it is memory traffic that costs. A code's size says what it needs: plain
letters come first, then letters of a class and marks that may join them, then codes that stand for several letters,
then the two that say "nothing" and "the long way". So one `max` tells what there is to do.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from monitor.match.folding.table import (
    BLANK,
    CLASS,
    DELETE,
    EXPAND,
    FIRST,
    FLAG,
    SECOND,
    TRANSIENT,
    VALUE,
    composing,
    table,
)
from monitor.match.folding.trace import Trace, filled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from monitor.match.folding.table import Codes, Places

    Letters = NDArray[np.uint16]

KNOWN = 0x20000
"""Code points that have a code of their own; all beyond take the last one, which is `LONG`."""
SEVERAL, GONE, LONG = 0xE000, 0xFFFE, 0xFFFF
"""Codes of expansions (from here on: private use, no letter's), of what is deleted, of what takes the long way."""
JOINS = 0x80
"""Bit in the kind of a mark that may join the letter before it."""
ANY = 0x7F
"""Kind of a blank: there is no border beside it."""
MOST = 8
"""Different expansions that are put into one text; each is a pass over it."""
FEW = 64
"""Marks that are looked at before all of them are."""


@dataclass(frozen=True)
class Shortcut:
    """The table in 16-bit codes, and what is known of a code."""

    codes: Letters
    """Per code point."""
    kinds: NDArray[np.uint8]
    """A bit for the class of the script, and `JOINS`."""
    lengths: NDArray[np.uint8]
    """Letters that a code stands for."""
    hosts: NDArray[np.bool_]
    """Can any mark join it, or a letter of its expansion?"""
    expansions: dict[str, str]
    plain: int
    """Codes below it are blanks and letters without class that no mark joins."""


@cache
def shortcut() -> Shortcut:
    """The short form of the table, made at first use."""
    import numpy as np

    entries, expansions = table().entries[:KNOWN], _expansions()
    codes, letters = _codes(entries, expansions), entries[:SEVERAL]
    kinds, lengths = np.ones(LONG, np.uint8), np.ones(LONG, np.uint8)
    kinds[:SEVERAL] = 1 << (letters >> CLASS & 7) & ANY | np.where(letters & SECOND, JOINS, 0)
    kinds[BLANK] = ANY
    for code, grown in expansions.items():
        kinds[ord(code)], lengths[ord(code)] = kinds[ord(grown[0])], len(grown)
    special = np.flatnonzero((kinds[:SEVERAL] != 1) & (codes[:SEVERAL] == np.arange(SEVERAL)))
    plain = int(special[special != BLANK].min())
    return Shortcut(codes, kinds, lengths, _hosts(), expansions, plain)


def _hosts() -> NDArray[np.bool_]:
    import numpy as np

    first = (table().pairs >> np.uint64(FIRST)).astype(np.intp)
    hosts = np.arange(LONG) >= SEVERAL
    hosts[first[first < SEVERAL]] = True
    return hosts


def _expansions() -> dict[str, str]:
    """Codes and letters of the expansions that can be put into a text at its very end: they ask for nothing more."""
    rules = table()
    found = {}
    for row, (start, end) in enumerate(zip(rules.starts[:-1], rules.starts[1:], strict=True)):
        entries = rules.expanded[start:end]
        values, classes = entries & VALUE, entries >> CLASS & 7
        touchy = (entries & (SECOND | TRANSIENT)).any() or BLANK in (values[0], values[-1])
        if not touchy and values.max() < SEVERAL and classes.min() == classes.max():
            found[chr(SEVERAL + row)] = "".join(map(chr, values.tolist()))
    return found


def _codes(entries: Codes, expansions: dict[str, str]) -> Letters:
    """The code of each code point."""
    import numpy as np

    values = entries & VALUE
    long = (values >= SEVERAL) | (entries & TRANSIENT > 0) | (entries >> CLASS & 7 == FLAG)
    codes = np.where(long, LONG, values).astype(np.uint16)
    codes[entries & DELETE > 0] = GONE
    for place in np.flatnonzero(entries & EXPAND).tolist():
        row = int(entries[place]) & VALUE
        codes[place] = SEVERAL + row if chr(SEVERAL + row) in expansions else BLANK if _is_blank(row) else LONG
    codes[-1] = LONG
    return codes


def _is_blank(row: int) -> bool:
    """Does an expansion leave nothing but a blank? A free-standing accent is one with a mark, which goes."""
    rules = table()
    entries = rules.expanded[rules.starts[row] : rules.starts[row + 1]]
    return all(entry & VALUE == BLANK or entry & TRANSIENT for entry in entries.tolist())


def code_points(text: str) -> Codes:
    """A text as numbers, with a blank at both ends; lone surrogates stay what they are."""
    import numpy as np

    return np.frombuffer(codecs.utf_32_le_encode(f" {text} ", "surrogatepass")[0], "<u4")


def fold_short(codes: Codes) -> tuple[str, Trace] | None:
    """Folds a text, given as code points with a blank at both ends; None if it needs more than this."""
    rules, left = shortcut(), None
    letters = rules.codes.take(codes, mode="clip")
    top = letters.max()
    if top >= GONE:
        if top == LONG:
            return None
        left = (letters != GONE).nonzero()[0]
        letters = letters[left]
        top = letters.max()
    kept = filled(letters)
    letters = letters[1:][kept]
    if top < rules.plain:
        return _written(letters), Trace(kept, left)
    borders = _borders(letters)
    folded = None if borders is None else _in_full(letters, borders, top >= SEVERAL)
    return None if folded is None else (folded, Trace(kept, left, letters, rules.lengths, borders))


def _written(letters: Letters) -> str:
    return " " + codecs.utf_16_le_decode(letters.data)[0]


def _borders(letters: Letters) -> Places | None:
    """Where scripts without blanks touch others: before these letters. None if a mark joins the letter before it."""
    rules = shortcut()
    kinds = rules.kinds.take(letters)
    if not kinds.tobytes().isascii():  # some kind has `JOINS`
        marks = (kinds[1:] >= JOINS).nonzero()[0] + 1
        if rules.hosts[letters[marks - 1]].any() and _joined(letters[marks - 1], letters[marks]):
            return None
        kinds &= ANY
    shared = kinds[1:] & kinds[:-1]
    borders: Places = (shared == 0).nonzero()[0] + 1
    return borders


def _joined(hosts: Letters, marks: Letters) -> bool:
    """Does any of these marks join the letter before it, or perhaps the last one of an expansion?"""
    if (hosts >= SEVERAL).any():
        return True
    # Where one joins most do, so that a few tell of a decomposed text what all would.
    return any(composing(hosts[part], marks[part])[1].any() for part in (slice(FEW), slice(FEW, None)))


def _in_full(letters: Letters, borders: Places, grows: bool) -> str | None:
    """Letters as text, a blank at each border and expansions in full; None if there are too many different ones."""
    several = set(codecs.utf_16_le_decode(letters[letters >= SEVERAL].data)[0]) if grows else ()
    if len(several) > MOST:
        return None
    text = _written(_parted(letters, borders) if len(borders) else letters)
    for code in several:
        text = text.replace(code, shortcut().expansions[code])
    return text


def _parted(letters: Letters, borders: Places) -> Letters:
    """With a blank put before each letter at a border."""
    import numpy as np

    size = len(letters) + len(borders)
    parted, taken = np.full(size, BLANK, np.uint16), np.ones(size, np.bool_)
    taken[borders + np.arange(len(borders))] = False
    parted[taken] = letters
    return parted
