"""What searches and what judges: compiled code where it was built, else Python. Both say the same.

The kernel is C, because its loops over letters and bits are; what it hands to Python is numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from monitor.match.arrays import Arrays
from monitor.match.automaton import MAX_HITS, Automaton, Search
from monitor.match.fold import Folded, fold, fold_here
from monitor.match.index import Entry, Index, Picked, Sets, Sighted
from monitor.match.listeners import Listeners
from monitor.match.stage import Stages

if TYPE_CHECKING:
    from monitor.match.native import kernel

ARRAYS_FROM = 50_000
"""Queries from which arrays are faster than sets, and much smaller."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Folds, and makes what a rule set searches and judges with."""

    name: str
    fold: Callable[[str], Folded]
    """Of an article; what is searched for is folded by whatever is there."""
    make_search: Callable[[Sequence[str]], Search]
    """Of patterns."""
    make_index: Callable[[Sequence[Entry], Listeners, int], Index]
    """Of queries, who listens to which pattern, and the number of signals."""
    make_stages: Callable[[Listeners, int], Stages] | None = None
    """What shows hits, if it does."""


class Board:
    """An index of bits."""

    def __init__(self, entries: Sequence[Entry], listeners: Listeners, signals: int) -> None:
        from monitor.match.native import kernel

        titled = [listeners.titled.get(pattern, ()) for pattern in range(len(listeners.rows))]
        rows = [_within_texts(entry, listeners.bound) for entry in entries]
        self._board = kernel.Board(listeners.plain, titled, rows, signals)
        self._tests = {number: entry.test for number, entry in enumerate(entries) if entry.test is not None}

    def met(self, sighting: Sighted) -> list[int]:
        """The numbers of those that are met, ascending."""
        found = cast("kernel.Found", sighting.hits)
        return self._settle(sighting, *self._board.judge(found, sighting.title_end, sighting.others))

    def pick(self, sighting: Sighted, rows: tuple[Picked, ...]) -> Sequence[Picked]:
        """Of rows, one a query, those of the queries that are met, in their order."""
        found = cast("kernel.Found", sighting.hits)
        picked = self._board.pick(found, sighting.title_end, sighting.others, rows)
        return picked if isinstance(picked, list) else [rows[number] for number in self._settle(sighting, *picked)]

    def _settle(self, sighting: Sighted, sure: list[int], asked: Iterable[int]) -> list[int]:
        """What is met of those that are sure, and of those whose trees are to be asked."""
        tests = self._tests
        more = [number for number in asked if tests[number](sighting.heard)]
        return sorted(sure + more) if more else sure

    def candidates(self, sighting: Sighted) -> int:
        """How many are looked at beyond those that one hit decides."""
        found = cast("kernel.Found", sighting.hits)
        return self._board.candidates(found, sighting.title_end, sighting.others)


def _within_texts(entry: Entry, bound: AbstractSet[int]) -> Entry:
    """Places are known to the board of signals that any hit raises, wherever it stands."""
    known = all(bound.isdisjoint(near.left) and bound.isdisjoint(near.right) for near in entry.nears)
    return entry if known else entry._replace(nears=())


def _python_index(entries: Sequence[Entry], _: Listeners, signals: int) -> Index:
    """Sets or arrays, by the number of queries."""
    return (Sets if len(entries) < ARRAYS_FROM else Arrays)(entries, signals)


PYTHON = Engine("python", fold_here, Automaton, _python_index)


def engines() -> tuple[Engine, ...]:
    """Those that are there, the fastest first."""
    try:
        from monitor.match.native import kernel
    except ImportError:
        return (PYTHON,)
    return (Engine("native", fold, lambda patterns: kernel.Search(patterns, MAX_HITS), Board, Stages), PYTHON)
