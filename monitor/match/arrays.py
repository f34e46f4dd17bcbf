"""The same index as a few arrays: a hundred thousand queries in some megabytes that processes share without copying.

Every row of a table stands in one flat array, and a second array says where each begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.match.index import Entry, Index, Sighted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int32]
    Places = NDArray[np.intp]


class Table(NamedTuple):
    """Rows of numbers, one behind the other; row n is `values[starts[n]:starts[n + 1]]`."""

    starts: Numbers
    values: Numbers

    def of(self, rows: NDArray[Any]) -> tuple[Numbers, Places]:
        """All numbers of some rows, and how many each has."""
        import numpy as np

        begins = self.starts[rows]
        counts = self.starts[rows + 1] - begins
        ends = np.cumsum(counts)
        within = np.arange(ends[-1] if len(ends) else 0)
        return self.values[within + np.repeat(begins - ends + counts, counts)], counts


class Arrays(Index):
    """An index of arrays: slower to begin with, and faster where there are many candidates."""

    def __init__(self, entries: Sequence[Entry], signals: int) -> None:
        """`signals`: all there are, counted from 0."""
        import numpy as np

        self._signals = signals
        decided = np.array([entry.decided for entry in entries], np.bool_)
        anchors = make_table([entry.anchor for entry in entries])
        self._direct, self._looked = _by_signal(anchors, decided, signals), _by_signal(anchors, ~decided, signals)
        groups = [_groups(entry) for entry in entries]
        flat = [row for rows in groups for row in rows]
        self._groups = Table(_starts(map(len, groups)), np.arange(len(flat), dtype=np.int32))
        self._terms = make_table([terms for terms, _ in flat])
        self._negative = np.array([negative for _, negative in flat], np.bool_)
        self._rechecks = {number: entry.test for number, entry in enumerate(entries) if entry.test is not None}
        self._asked = np.array([entry.test is not None for entry in entries], np.bool_)

    def met(self, sighting: Sighted) -> list[int]:
        """The numbers of those that are met, ascending."""
        import numpy as np

        heard = sighting.heard
        raised = np.fromiter(heard, np.intp, len(heard))
        direct = self._direct.of(raised)[0]
        held = self._held(raised, _distinct(self._looked.of(raised)[0]))
        asked = self._asked[held]
        if asked.any():
            met = [self._rechecks[number](heard) for number in held[asked].tolist()]
            asked[asked] = ~np.array(met, np.bool_)
            held = held[~asked]
        found: list[int] = _distinct(np.concatenate((direct, held))).tolist()
        return found

    def candidates(self, sighting: Sighted) -> int:
        """How many are looked at beyond those that one hit decides."""
        import numpy as np

        heard = sighting.heard
        return len(_distinct(self._looked.of(np.fromiter(heard, np.intp, len(heard)))[0]))

    def _held(self, raised: Places, candidates: Numbers) -> Numbers:
        """Those whose groups all occur, and of whose banned ones none does."""
        import numpy as np

        groups, counts = self._groups.of(candidates)
        if not len(groups):
            return candidates
        terms, sizes = self._terms.of(groups)
        present = np.zeros(self._signals, np.bool_)
        present[raised] = True
        occurs = np.logical_or.reduceat(present[terms], np.cumsum(sizes) - sizes)
        failed = np.repeat(np.arange(len(candidates)), counts)[occurs == self._negative[groups]]
        kept = np.ones(len(candidates), np.bool_)
        kept[failed] = False
        return candidates[kept]


def make_table(rows: Sequence[Iterable[int]]) -> Table:
    """A table of these rows."""
    import numpy as np

    lists = [list(row) for row in rows]
    values = [value for row in lists for value in row]
    return Table(_starts(map(len, lists)), np.array(values, np.int32))


def _starts(lengths: Iterable[int]) -> Numbers:
    import numpy as np

    return np.concatenate(([0], np.cumsum(np.fromiter(lengths, np.int32)))).astype(np.int32)


def _by_signal(anchors: Table, chosen: NDArray[np.bool_], signals: int) -> Table:
    """Numbers of the chosen queries by the signals of their anchors."""
    import numpy as np

    queries = np.repeat(np.arange(len(chosen), dtype=np.int32), np.diff(anchors.starts))
    kept = chosen[queries]
    raised, numbers = anchors.values[kept], queries[kept]
    return Table(_starts(np.bincount(raised, minlength=signals)), numbers[np.argsort(raised, kind="stable")])


def _groups(entry: Entry) -> list[tuple[frozenset[int], bool]]:
    """Groups that have to occur, and the one that may not."""
    positive = [(group, False) for group in entry.groups]
    return [*positive, (entry.banned, True)] if entry.banned else positive


def _distinct(numbers: Numbers) -> Numbers:
    """Sorted, each once. `np.unique` does the same at three times the cost."""
    import numpy as np

    if len(numbers) < 2:
        return numbers
    ordered = np.sort(numbers)
    kept = np.ones(len(ordered), np.bool_)
    kept[1:] = ordered[1:] != ordered[:-1]
    return ordered[kept]
