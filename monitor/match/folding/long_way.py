"""The long way of folding: everything the table can say, with the place of each folded character on the way.

For texts with letters and marks to be joined, flags, rare letters beyond the basic plane and rare ligatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.match.folding.table import BLANK, CLASS, DELETE, EXPAND, FLAG, SECOND, TRANSIENT, VALUE, composing, table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from monitor.match.folding.table import Codes, Places


def fold_long(text: str) -> tuple[str, Places]:
    """The folded text and its offsets; lone surrogates count as blanks."""
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
    return folded.astype("<u4").tobytes().decode("utf-32-le"), offsets


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

    while True:
        where = np.flatnonzero(entries[1:] & SECOND) + 1
        if not len(where):
            return entries, places
        found, met = composing(entries[where - 1] & VALUE, entries[where] & VALUE)
        # In "a b c" with both pairs known the first joins now, the second in the next round.
        met[1:] &= ~(met[:-1] & (where[1:] - where[:-1] == 1))
        if not met.any():
            return entries, places
        entries[where[met] - 1] = table().composed[found[met]]
        kept = np.ones(len(entries), np.bool_)
        kept[where[met]] = False
        entries, places = _keep(entries, places, kept)


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
