"""What an article has raised, and where: all that the operators are judged on.

Positions are worked out only for queries that sets of signals have not refused already, and once per article.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from monitor.match.borders import paragraph_ends, sentence_ends
from monitor.match.fold import BORDER, UNSPACED, script_class, script_classes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from monitor.match.listeners import Listeners, Variant
    from monitor.match.scan import Scan

FIRST_UNSPACED = 0xE00
"""No script before Thai leaves out blanks."""

BRIEF = 24
"""Places up to which words are counted from the beginning each time; for more the words are listed first."""

Mark = tuple[int, int, int]
"""A signal and the raw hit (start, end in the folded text) that raised it."""

Row = tuple[int, int, str, int, int]
"""A place in the folded text, whole words; its field; the raw hit."""


class Spot(NamedTuple):
    """A place in the folded text: `[start, end)`, whole words where blanks part words."""

    start: int
    end: int
    begin: int
    finish: int
    """Half words of the article before its first letter, and before what follows its last."""
    field: str
    cores: tuple[tuple[int, int], ...]
    """What is taken by hits; the rest lies between them."""
    marks: tuple[Mark, ...]


class Page:
    """The places of an article's signals, and its words, sentences and paragraphs; each worked out when asked for."""

    def __init__(self, scan: Scan, listeners: Listeners) -> None:
        self._scan, self._listeners = scan, listeners
        self._rows: dict[int, Sequence[Row]] = {}
        self._spots: dict[int, Sequence[Spot]] = {}
        self._brief = BRIEF
        self.cut: set[int] = set()
        """Signals of operators over places that had too many pairs to look at all of them."""

    def spots(self, signal: int) -> Sequence[Spot]:
        """Every occurrence that raises a signal, in the order of the text."""
        if signal not in self._spots:
            self._spots[signal] = [self._spot(signal, row) for row in self.rows(signal)]
        return self._spots[signal]

    def rows(self, signal: int) -> Sequence[Row]:
        """The same without numbers of words, which cost more."""
        if signal not in self._rows:
            self._rows[signal] = sorted(self._find(signal))
        return self._rows[signal]

    def words_between(self, end: int, start: int) -> int:
        """Whole words between two places of one field, if blanks part all words."""
        return self._scan.folded.text.count(" ", end, start) - 1

    def halves(self, at: int) -> int:
        """Half words that begin before a folded place; a character of a script without blanks is one."""
        if not self.spaced:
            return bisect_left(self._halves, at)
        if self._brief:
            self._brief -= 1
            return 2 * (self._scan.folded.text.count(" ", 0, max(0, at - 1)) - bisect_left(self._scan.borders, at))
        return 2 * bisect_left(self._words, at)

    def sentence(self, spot: Spot) -> int | None:
        """Number of the sentence that has all of a spot; None if no single one has. The title is one."""
        return self._unit(self._sentences, spot)

    def paragraph(self, spot: Spot) -> int | None:
        """Number of the paragraph; the title is one."""
        return self._unit(self._paragraphs, spot)

    @property
    def repeated(self) -> bool:
        """The summary stands in the body word for word."""
        return self._scan.repeated

    def _spot(self, signal: int, row: Row) -> Spot:
        first, last, field, start, end = row
        begin = self.halves(first)
        words = self._scan.folded.text.count(" ", first, last) + 1
        finish = begin + 2 * words if self.spaced else self.halves(last)
        return Spot(first, last, begin, finish, field, ((first, last),), ((signal, start, end),))

    def _find(self, signal: int) -> Iterable[Row]:
        hits, patterns = self._hits, self._listeners.patterns_of(signal)
        for pattern in hits.keys() & patterns:
            for variant in self._listeners.rows[pattern]:
                if variant.raises(signal):
                    yield from self._of_variant(signal, variant, hits[pattern])

    def _of_variant(self, signal: int, variant: Variant, hits: Sequence[tuple[int, int]]) -> Iterable[Row]:
        scan = self._scan
        for start, end in hits:
            field = scan.field_at(start)
            raised = variant.raises_in(field, signal)
            if raised and (variant.plain or not scan.objection(variant, start, end)):
                yield (*self._whole(*scan.core_span(start, end)), field, start, end)

    def _whole(self, start: int, end: int) -> tuple[int, int]:
        """Up to the blanks, unless the script has none: `ukrain*` stands for the word it begins."""
        text = self._scan.folded.text
        if text[start - 1] != " " and script_class(text[start]) not in UNSPACED:
            start = text.rindex(" ", 0, start) + 1
        if text[end] != " " and script_class(text[end - 1]) not in UNSPACED:
            end = text.index(" ", end)
        return start, end

    @cached_property
    def _hits(self) -> Mapping[int, list[tuple[int, int]]]:
        """Raw hits of the patterns of which somebody asks for places."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        scan = self._scan
        # A few patterns are looked up among all that are placed, not every hit.
        placed = self._listeners.placed.intersection(scan.all_patterns)
        for pattern, start, end in [hit for hit in scan.all_hits if hit[0] in placed]:
            found[pattern].append((start, end))
        return found

    @cached_property
    def _codes(self) -> NDArray[np.uint32]:
        import numpy as np

        return np.frombuffer(self._scan.folded.text.encode("utf-32-le", "surrogatepass"), "<u4")

    @cached_property
    def spaced(self) -> bool:
        """Do blanks part all words?"""
        return self._scan.folded.text.isascii() or bool(self._codes.max() < FIRST_UNSPACED)

    @cached_property
    def _words(self) -> list[int]:
        """Where each word begins, if blanks part all words."""
        import numpy as np

        codes = self._codes
        starts = np.flatnonzero(codes[:-1] == ord(" ")) + 1
        found: list[int] = starts[codes[starts] != ord(BORDER)].tolist()
        return found

    @cached_property
    def _halves(self) -> list[int]:
        """Where each half word begins; every character of a script without blanks is one."""
        import numpy as np

        text = self._scan.folded.text
        codes, classes = script_classes(text)
        first = np.flatnonzero((codes[:-1] == ord(" ")) & (codes[1:] != ord(" "))) + 1
        weights = np.zeros(len(codes), np.intp)
        weights[first] = 2
        if classes is not None:
            weights[np.isin(classes, list(UNSPACED))] = 1
        weights[codes == ord(BORDER)] = 0
        result: list[int] = np.repeat(np.arange(len(codes)), weights).tolist()
        return result

    def _unit(self, ends: Sequence[int], spot: Spot) -> int | None:
        if spot.field == "title":
            return 0
        first = bisect_right(ends, spot.start)
        return first if first == bisect_right(ends, spot.end - 1) else None

    @cached_property
    def _sentences(self) -> Sequence[int]:
        return self._folded(sentence_ends(self._scan.folded.original))

    @cached_property
    def _paragraphs(self) -> Sequence[int]:
        return self._folded(paragraph_ends(self._scan.folded.original))

    def _folded(self, ends: Sequence[int]) -> Sequence[int]:
        """Places of the original as the first folded characters that stem from behind them."""
        import numpy as np

        found: list[int] = np.searchsorted(self._scan.folded.offsets, ends).tolist()
        return found


class Heard(set[int]):
    """The signals an article has raised, or a part of an article."""

    __slots__ = ("_only", "page")

    def __init__(
        self, signals: Iterable[int], page: Page | None = None, only: Mapping[int, Sequence[Spot]] | None = None
    ) -> None:
        super().__init__(signals)
        self.page = page
        self._only = only

    def spots(self, signal: int) -> Sequence[Spot]:
        """Where a signal is raised, in the order of the text; of signals about the article as a whole nowhere."""
        if signal not in self or self.page is None:
            return ()
        return self.page.spots(signal) if self._only is None else self._only.get(signal, ())

    @property
    def whole(self) -> bool:
        """Is it what the whole article raises?"""
        return self._only is None

    def part(self, only: Mapping[int, Sequence[Spot]], free: Iterable[int]) -> Heard:
        """The same for a part of the text: these places, and signals that stand nowhere."""
        return Heard([*only, *self.intersection(free)], self.page, only)
