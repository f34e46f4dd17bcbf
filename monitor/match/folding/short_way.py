"""The short way of folding: the text first, offsets only when somebody asks.

Nearly every text needs few of the rules, so each character is looked up in a table of 16-bit codes, and all further
steps work on these: at 3,000 characters it is memory traffic that costs. A code's size says what it needs: plain
letters come first, then letters of a class and marks that may join them, then codes that stand for several letters,
then the two that say "nothing" and "the long way". So one `max` tells what there is to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from monitor.match.folding.table import BLANK, CLASS, DELETE, EXPAND, FLAG, SECOND, TRANSIENT, VALUE, composing, table

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


@dataclass(frozen=True)
class Shortcut:
    """The table in 16-bit codes, and what is known of a code."""

    codes: Letters
    """Per code point."""
    kinds: NDArray[np.uint8]
    """A bit for the class of the script, and `JOINS`."""
    lengths: NDArray[np.uint8]
    """Letters that a code stands for."""
    expansions: dict[str, str]
    plain: int
    """Codes below it are blanks and letters without class that no mark joins."""
    ascii: bytes
    """Folded ASCII, for `bytes.translate`."""


@dataclass(frozen=True)
class Trace:
    """What was done to a text, as far as its offsets depend on it. Places count from a blank before the text."""

    kept: NDArray[np.bool_]
    """Which characters are no further blanks of a run, from the second on."""
    left: Places | None = None
    """What was left, if characters were deleted before."""
    letters: Letters | None = None
    """The codes kept, if some of them became several characters."""
    borders: Places | None = None
    """Which of them have a blank put before them."""

    def offsets(self, length: int) -> Places:
        """The offsets into an original of this length."""
        import numpy as np

        places = np.flatnonzero(self.kept)
        if self.left is not None:
            places = self.left[places + 1] - 1
        if self.letters is not None:
            counts = shortcut().lengths[self.letters]
            counts[self.borders] += 1
            places = places.repeat(counts)
        return np.concatenate(([0], places, [length]))


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
    return Shortcut(codes, kinds, lengths, expansions, plain, bytes(codes[:0x80].astype(np.uint8)) + b" " * 0x80)


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


def fold_ascii(text: str) -> tuple[str, Trace]:
    """Folds a text of ASCII, where nothing grows, and nothing goes but blanks."""
    import numpy as np

    values = np.frombuffer(f" {text} ".encode("ascii").translate(shortcut().ascii), np.uint8)
    filled = values != BLANK
    kept = filled[1:] | filled[:-1]
    return " " + str(values[1:][kept].data, "ascii"), Trace(kept)


def fold_short(text: str) -> tuple[str, Trace] | None:
    """Folds any text that needs no more than the short way can; None if it does."""
    import numpy as np

    rules, left = shortcut(), None
    values = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), "<u4")
    letters = rules.codes.take(values, mode="clip")
    top = letters.max()
    if top >= GONE:
        if top == LONG:
            return None
        left = np.flatnonzero(letters != GONE)
        letters = letters[left]
        top = letters.max()
    filled = letters != BLANK
    kept = filled[1:] | filled[:-1]
    letters = letters[1:][kept]
    if top < rules.plain:
        return " " + str(letters.data, "utf-16-le"), Trace(kept, left)
    borders = _borders(letters)
    folded = None if borders is None else _spelt(letters, borders, top >= SEVERAL)
    return None if folded is None else (folded, Trace(kept, left, letters, borders))


def _borders(letters: Letters) -> Places | None:
    """Where scripts without blanks touch others: before these letters. None if a mark joins the letter before it."""
    import numpy as np

    kinds = shortcut().kinds.take(letters)
    if kinds.max() >= JOINS:
        marks = np.flatnonzero(kinds[1:] >= JOINS) + 1
        before = letters[marks - 1]
        if (before >= SEVERAL).any() or composing(before, letters[marks])[1].any():
            return None
        kinds &= ANY
    return np.flatnonzero(kinds[1:] & kinds[:-1] == 0) + 1


def _spelt(letters: Letters, borders: Places, grows: bool) -> str | None:
    """Letters as text, with a blank at each border and expansions in full; None if those are too many."""
    import numpy as np

    several = set(str(letters[letters >= SEVERAL].data, "utf-16-le")) if grows else ()
    if len(several) > MOST:
        return None
    if len(borders):
        apart = np.full(len(letters) + len(borders), BLANK, np.uint16)
        room = np.ones(len(apart), np.bool_)
        room[borders + np.arange(len(borders))] = False
        apart[room] = letters
        letters = apart
    text = " " + str(letters.data, "utf-16-le")
    for code in several:
        text = text.replace(code, shortcut().expansions[code])
    return text
