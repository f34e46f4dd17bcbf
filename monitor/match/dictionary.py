"""A dictionary of `simplemma` as arrays: which forms have a lemma, without a Python object for every form.

Its file is a stream of records, sorted by form: how many bytes the form shares with the form before, how many follow,
those; then how many bytes of its end the lemma lacks, how many follow, those. Two numbers of the third kind are signs:
the lemma of the record before, and a lemma that is written whole. Where a record begins is known only from the one
before it, so some thousand readers begin at guessed places; a wrong guess falls into step after some records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MAGIC = b"SMFC1"
BACKWARDS = 1
"""A flag behind the magic: forms and lemmas are written from their last byte to their first."""
SAME, WHOLE = 254, 255
STRETCH = 4096
"""Bytes for each reader."""
PADDING = 40_000
"""Zero bytes behind a stream: a reader that is out of step may look so far beyond its end."""
LOOK = 64
"""Records that are looked through at first for the beginning of a form."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dictionary:
    """By record what its form adds to the one before; by lemma that is not the one before, the same."""

    letters: NDArray[np.uint8]
    backwards: bool
    shared: NDArray[np.int32]
    """Bytes of the form that are those of the form before."""
    rest: NDArray[np.int32]
    """Where the others stand."""
    sizes: NDArray[np.int32]
    """Bytes of the whole form."""
    own: Integers
    """Records with a lemma of their own: it is that of all records up to the next of these."""
    kept: NDArray[np.int32]
    """Bytes of the form that their lemmas begin with."""
    added: NDArray[np.int32]
    """Where the bytes stand that follow."""
    added_sizes: NDArray[np.int32]
    ranges: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """What was found out: by the bytes that forms begin with, the first record and the one behind the last."""

    def forms(self, lemma: str) -> set[str]:
        """All forms of a lemma."""
        sought = self._stored(lemma)
        if not sought:
            return set()
        ends = np.append(self.own[1:], len(self.shared))
        found = self._with_lemma(sought)
        return {form for at in found.tolist() for form in self._forms(int(self.own[at]), int(ends[at]))}

    def lemma(self, form: str) -> str | None:
        """The lemma of a form; None if it is not listed."""
        written = self._stored(form)
        first, last = self._range(written)
        if not written or first == last or self.sizes[first] > len(written):
            return None
        return self._read(self._lemma(int(np.searchsorted(self.own, first, "right")) - 1))

    def _lemma(self, at: int) -> bytes:
        record, kept, added = int(self.own[at]), int(self.kept[at]), int(self.added[at])
        form = self._form(self._begin(record), record)
        return form[:kept] + self.letters[added : added + int(self.added_sizes[at])].tobytes()

    def _stored(self, word: str) -> bytes:
        written = word.encode("utf-8", "surrogatepass")
        return written[::-1] if self.backwards else written

    def _with_lemma(self, sought: bytes) -> Integers:
        """Numbers of the lemmas that are this one."""
        found = np.flatnonzero(self.kept + self.added_sizes == len(sought))
        for depth, letter in enumerate(reversed(sought), 1):
            sizes = self.added_sizes[found]
            at = self.added[found] + np.maximum(sizes - depth, 0)
            found = found[(sizes < depth) | (self.letters[at] == letter)]
        bounds = np.array([self._range(sought[:size]) for size in range(len(sought) + 1)])[self.kept[found]]
        records = self.own[found]
        return found[(bounds[:, 0] <= records) & (records < bounds[:, 1])]

    def _range(self, head: bytes) -> tuple[int, int]:
        """The records whose forms begin with some bytes: the first, and the one behind the last."""
        if head and head not in self.ranges:
            self.ranges[head] = self._narrow(*self._range(head[:-1]), len(head) - 1, head[-1])
        return self.ranges[head] if head else (0, len(self.shared))

    def _narrow(self, first: int, last: int, depth: int, letter: int) -> tuple[int, int]:
        """Those of some records, alike in so many bytes, that have a certain one next."""
        rows = first + np.flatnonzero(self.shared[first:last] <= depth)
        rows = rows[self.sizes[rows] > depth]
        here = np.flatnonzero(self.letters[self.rest[rows] + depth - self.shared[rows]] == letter)
        if not len(here):
            return first, first
        after = here[-1] + 1
        return int(rows[here[0]]), int(rows[after]) if after < len(rows) else last

    def _forms(self, first: int, last: int) -> Iterator[str]:
        """The forms of some records that follow each other."""
        form = self._begin(first)
        for record in range(first, last):
            form = self._form(form, record)
            yield self._read(form)

    def _form(self, before: bytes, record: int) -> bytes:
        """A form, from the one before or as much of that as they share."""
        shared, rest = int(self.shared[record]), int(self.rest[record])
        return before[:shared] + self.letters[rest : rest + int(self.sizes[record]) - shared].tobytes()

    def _read(self, stored: bytes) -> str:
        return (stored[::-1] if self.backwards else stored).decode("utf-8", "replace")

    def _begin(self, record: int) -> bytes:
        """The bytes that a form shares with the one before: they stand with those forms that brought them."""
        form, needed = b"", int(self.shared[record])
        while needed:
            record = self._last_below(record, needed)
            shared, rest = int(self.shared[record]), int(self.rest[record])
            form = self.letters[rest : rest + needed - shared].tobytes() + form
            needed = shared
        return form

    def _last_below(self, record: int, needed: int) -> int:
        """The last record before one that shares less than so many bytes."""
        look = LOOK
        while True:
            begin = max(0, record - look)
            found = np.flatnonzero(self.shared[begin:record] < needed)
            if len(found):
                return begin + int(found[-1])
            look *= 8


def read_dictionary(stream: bytes) -> Dictionary | None:
    """What a stream says; None if it is of another kind than the one above."""
    if not stream.startswith(MAGIC) or len(stream) <= len(MAGIC) + 1:
        return None
    letters = np.frombuffer(stream + bytes(PADDING), np.uint8)
    numbers, behind = _numbers(letters, np.array([len(MAGIC) + 1]), 5)
    starts = _starts(letters, int(behind[0]), len(stream))
    if starts is None or len(starts) != numbers[0]:
        return None
    return _columns(letters, bool(stream[len(MAGIC)] & BACKWARDS), starts)


def _columns(letters: NDArray[np.uint8], backwards: bool, starts: Integers) -> Dictionary:
    shared, at = _numbers(letters, starts)
    sizes, rest = _numbers(letters, at)
    trims = letters[rest + sizes]
    own = np.flatnonzero(trims != SAME)
    added_sizes, added = _numbers(letters, (rest + sizes + 1)[own])
    trims, sizes = trims[own], sizes + shared
    kept = np.where(trims == WHOLE, 0, sizes[own] - trims)
    return Dictionary(
        letters=letters,
        backwards=backwards,
        shared=_small(shared),
        rest=_small(rest),
        sizes=_small(sizes),
        own=own,
        kept=_small(kept),
        added=_small(added),
        added_sizes=_small(added_sizes),
    )


def _small(column: Integers) -> NDArray[np.int32]:
    return column.astype(np.int32)


def _numbers(letters: NDArray[np.uint8], at: Integers, most: int = 2) -> tuple[Integers, Integers]:
    """The numbers that stand at some places, seven bits a byte and the lowest first, and where each ends."""
    number = letters[at].astype(np.int64)
    at = at + 1
    for shift in range(7, 7 * most, 7):
        longer = number >> shift != 0
        if not longer.any():
            break
        number = np.where(longer, number - (1 << shift) + (letters[at].astype(np.int64) << shift), number)
        at = at + longer
    return number, at


def _next(letters: NDArray[np.uint8], at: Integers) -> Integers:
    """Where the records end that begin at some places."""
    sizes, rest = _numbers(letters, _numbers(letters, at)[1])
    trim = rest + sizes
    added_sizes, added = _numbers(letters, trim + 1)
    return np.where(letters[trim] == SAME, trim + 1, added + added_sizes)


def _starts(letters: NDArray[np.uint8], begin: int, stop: int) -> Integers | None:
    """Where all records begin; None if one reader does not end where the next one began."""
    behind = np.flatnonzero(letters[begin : stop - 1] == SAME) + begin + 1
    marks = behind[np.searchsorted(behind, np.arange(begin, stop, STRETCH))[1:] - 1] if len(behind) else behind
    marks = np.unique(np.concatenate(([begin], marks, [stop])))
    seen = np.zeros(len(letters), bool)
    ends = _read_on(letters, marks[:-1], marks[1:], seen)
    return np.flatnonzero(seen[:stop]) if np.array_equal(ends, marks[1:]) else None


def _read_on(letters: NDArray[np.uint8], begins: Integers, stops: Integers, seen: NDArray[np.bool_]) -> Integers:
    """Lets each reader go on up to its stop: notes where it takes records to begin; where each ends."""
    at, ends, readers = begins, begins.copy(), np.arange(len(begins))
    while len(readers):
        seen[at] = True
        at = _next(letters, at)
        on = at < stops
        if not on.all():
            ends[readers[~on]] = at[~on]
            readers, at, stops = readers[on], at[on], stops[on]
    return ends
