"""Folding: one spelling for all spellings of a word, with the way back to the original.

    fold("L’Ukraine")  ->  " l ukraine "  and, per folded character, its index in the original

A table look-up per code point, vectorised; what the table says per script is in `tests/support/build_fold_table.py`.
Folding twice changes nothing, and patterns are folded by the same function as texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import TYPE_CHECKING

from monitor.match.folding.latin_way import fold_ascii, fold_latin, looks_latin, trace_ascii
from monitor.match.folding.long_way import fold_long
from monitor.match.folding.short_way import code_points, fold_short
from monitor.match.folding.table import CLASS, DELETE, HANGUL, UNSPACED, table, table_version
from monitor.match.folding.trace import Trace, offsets

if TYPE_CHECKING:
    from monitor.match.folding.table import Codes, Places
    from monitor.match.native import kernel

__all__ = [
    "BORDER",
    "HANGUL",
    "UNSPACED",
    "Folded",
    "dropped",
    "fold",
    "fold_words",
    "script_class",
    "script_classes",
    "scrub",
    "table_version",
]

BORDER = "\x1f"
"""Stands between two fields, a blank on each side: no phrase crosses it. ASCII, so that it costs no fast path."""

TOGETHER = 256
"""Short texts that are folded in one pass."""


@dataclass(eq=False)  # frozen would cost half a microsecond, on every article
class Folded:
    """A folded text, a blank at both ends, words parted by one; `original[offsets[a]:offsets[b]]` made `text[a:b]`."""

    text: str
    original: str
    way: Trace | Places | bytes | None
    """What was done to the original, or the offsets if folding needed them; None for brief ASCII."""

    @cached_property
    def offsets(self) -> Places:
        """One more than there are folded characters; never decreasing; the last is the length of the original."""
        import numpy as np

        if isinstance(self.way, bytes):
            return np.frombuffer(self.way, np.intp)
        way = trace_ascii(self.original) if self.way is None else self.way
        return offsets(way, len(self.original)) if isinstance(way, Trace) else way

    @cached_property
    def places(self) -> memoryview[int]:
        """The same, to be asked one by one: an array makes an object of its own for each answer."""
        return self.offsets.data

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the folded characters `[start, end)` stand in the original; never empty, never half an expansion."""
        places = self.places
        last = places[end - 1]
        while (stop := places[end]) == last:
            end += 1
        return places[start], stop


def scrub(text: str) -> str:
    """Without field borders, which only we may write."""
    return text.replace(BORDER, " ")


def fold(text: str) -> Folded:
    """Folds a text of any length and any content; lone surrogates count as blanks. By the kernel, if it can."""
    folder = _folder()
    done = folder.fold(text) if folder else None
    return fold_here(text) if done is None else Folded(done[0], text, done[1])


@cache
def _folder() -> kernel.Folder | None:
    try:
        from monitor.match.native import kernel
    except ImportError:
        return None
    rules = table()
    return kernel.Folder(rules.entries, rules.starts, rules.expanded, rules.pairs)


def fold_here(text: str) -> Folded:
    """The same without the kernel."""
    folded, way = fold_ascii(text) if text.isascii() else _fold_others(text)
    return Folded(folded, text, way)


def _fold_others(text: str) -> tuple[str, Trace | Places]:
    """By the shortest way that the text can take; which one that is only going it tells."""
    codes = code_points(text)
    latin = fold_latin(codes) if looks_latin(text) else None
    return latin or fold_short(codes) or fold_long(text)


def fold_words(texts: Sequence[str]) -> tuple[str, ...]:
    """The folded forms of many short texts, without the blanks at their ends, some hundreds in one pass.

    More in a pass are slower: one that takes the long way takes all others along.
    """
    some = (_fold_some(texts[at : at + TOGETHER]) for at in range(0, len(texts), TOGETHER))
    return tuple(chain.from_iterable(some))


def _fold_some(texts: Sequence[str]) -> Iterator[str]:
    folded = fold(f" {BORDER} ".join(map(scrub, texts)))
    return (part.strip(" ") for part in folded.text.split(BORDER))


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
