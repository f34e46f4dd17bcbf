"""The shortest way of folding, for texts that fold to ASCII: one byte a character.

That is English and nearly everything else in Latin letters, whatever marks, quotes and emoji stand in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from monitor.match.folding.short_way import GONE, MOST, shortcut
from monitor.match.folding.trace import Trace, filled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from monitor.match.folding.table import Codes

    Bytes = NDArray[np.uint8]

ASCII = 0x80
NOTHING, OTHER = 0xFE, 0xFF
"""Bytes of what is deleted, and of what is no ASCII; those from `ASCII` on are expansions."""
EAST_ASIA = (0x3000, 0xA000)
"""Code points between which no text in Latin letters finds its own."""
BRIEF = 800
"""ASCII texts up to here are split at their blanks, longer ones are masked: where both cost the same."""
LOOK = 8
"""Characters from the middle of a text whose alphabet is taken for that of all."""


@dataclass(frozen=True)
class Latin:
    """The table in bytes."""

    codes: Bytes
    """Per code point."""
    ascii: bytes
    """The same for `bytes.translate`."""
    expansions: dict[int, bytes]
    lengths: Bytes
    """Letters that a byte stands for."""


@cache
def latin() -> Latin:
    """The table in bytes, made at first use. Squared units of East Asia find no room: they are for the short way."""
    import numpy as np

    rules = shortcut()
    written = {*rules.codes[: EAST_ASIA[0]].tolist(), *rules.codes[EAST_ASIA[1] :].tolist()}
    grown = [(ord(code), letters.encode()) for code, letters in rules.expansions.items() if letters.isascii()]
    numbered = dict(enumerate((row for row in grown if row[0] in written), start=ASCII))
    narrow = np.full(1 << 16, OTHER, np.uint8)
    narrow[:ASCII] = np.arange(ASCII)
    narrow[GONE] = NOTHING
    lengths = np.ones(1 << 8, np.uint8)
    for number, (code, letters) in numbered.items():
        narrow[code], lengths[number] = number, len(letters)
    codes = narrow[rules.codes]
    expansions = {number: letters for number, (_, letters) in numbered.items()}
    return Latin(codes, codes[:ASCII].tobytes().ljust(1 << 8), expansions, lengths)


def fold_ascii(text: str) -> tuple[str, Trace | None]:
    """Folds a text of ASCII, where nothing grows, and nothing goes but blanks. Of brief ones no trace is kept."""
    if len(text) > BRIEF:
        trace, letters = _ascii_steps(text)
        return " " + str(letters.data, "ascii"), trace
    words = b" ".join(text.encode("ascii").translate(latin().ascii).split()).decode("ascii")
    return (f" {words} " if words else " "), None


def trace_ascii(text: str) -> Trace:
    """What folding does to a text of ASCII."""
    return _ascii_steps(text)[0]


def _ascii_steps(text: str) -> tuple[Trace, Bytes]:
    import numpy as np

    letters = np.frombuffer(f" {text} ".encode("ascii").translate(latin().ascii), np.uint8)
    kept = filled(letters)
    return Trace(kept), letters[1:][kept]


def looks_latin(text: str) -> bool:
    """A guess from a few characters; a wrong one costs time, nothing else."""
    middle = len(text) // 2
    return text[middle : middle + LOOK].isascii()


def fold_latin(codes: Codes) -> tuple[str, Trace] | None:
    """Folds a text, given as code points with a blank at both ends; None if it does not fold to ASCII."""
    rules, left = latin(), None
    letters = rules.codes.take(codes, mode="clip")
    written = letters.tobytes()
    if (plain := written.isascii()) is False and OTHER in written:
        return None
    if NOTHING in written:
        left = (letters != NOTHING).nonzero()[0]
        letters = letters[left]
    kept = filled(letters)
    letters = letters[1:][kept]
    if plain:
        return " " + str(letters.data, "ascii"), Trace(kept, left)
    folded = _in_full(letters)
    return None if folded is None else (folded, Trace(kept, left, letters, rules.lengths))


def _in_full(letters: Bytes) -> str | None:
    """Letters as text, expansions in full; None if there are too many different ones."""
    several = set(letters[letters >= ASCII].tolist())
    if len(several) > MOST:
        return None
    written = letters.tobytes()
    for number in several:
        written = written.replace(bytes((number,)), latin().expansions[number])
    return f" {written.decode('ascii')}"
