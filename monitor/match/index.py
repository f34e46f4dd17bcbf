"""Which queries an article meets: those that one hit decides, the others by sets, and the last few by their trees.

A query is looked at only if a signal of its rarest group is raised. With that, ten thousand cost less than folding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import NamedTuple, Protocol, TypeVar

from monitor.match.automaton import Hits
from monitor.match.heard import Heard
from monitor.match.operators.base import Test

Picked = TypeVar("Picked")


class Near(NamedTuple):
    """Two sets of signals, some of which have to stand near each other, at most so many words between."""

    left: frozenset[int]
    right: frozenset[int]
    words: int
    ordered: bool


class Entry(NamedTuple):
    """What an index knows of a query."""

    anchor: frozenset[int]
    """Of these signals one is raised, or the query is not met."""
    groups: tuple[frozenset[int], ...] = ()
    """Of each other group too."""
    banned: frozenset[int] = frozenset()
    """Of these none."""
    test: Test | None = None
    """Asked when all this is so, where it does not decide."""
    nears: tuple[Near, ...] = ()
    """The same as what is asked, if all that is left is what stands near what; an index may use them or not."""

    @property
    def decided(self) -> bool:
        """Does any signal of the anchor decide?"""
        return not self.groups and not self.banned and self.test is None


class Sighted(Protocol):
    """An article, as far as an index asks: `sighting.Sighting`."""

    @property
    def hits(self) -> Hits:
        """Places of patterns in title, summary and body."""

    @property
    def title_end(self) -> int:
        """Hits up to here lie in the title."""

    @property
    def others(self) -> AbstractSet[int]:
        """Signals that are raised beside those of the hits."""

    @property
    def heard(self) -> Heard:
        """All signals that are raised."""


class Index(Protocol):
    """Many queries, by their numbers."""

    def met(self, sighting: Sighted) -> list[int]:
        """The numbers of those that are met, ascending."""

    def pick(self, sighting: Sighted, rows: tuple[Picked, ...]) -> Sequence[Picked]:
        """Of rows, one a query, those of the queries that are met, in their order."""
        return [rows[number] for number in self.met(sighting)]

    def candidates(self, sighting: Sighted) -> int:
        """How many are looked at beyond those that one hit decides."""


class Sets(Index):
    """An index of sets and tuples: the fastest up to some ten thousand queries."""

    def __init__(self, entries: Sequence[Entry], signals: int) -> None:
        """`signals`: all there are, counted from 0."""
        anchors = [(number, entry.anchor) for number, entry in enumerate(entries)]
        self._anchored = _by_signal(anchors, signals)
        self._rows = [None if entry.decided else _row(entry) for entry in entries]

    def met(self, sighting: Sighted) -> list[int]:
        """The numbers of those that are met, ascending."""
        found = []
        rows, heard = self._rows, sighting.heard
        for number in self._near(heard):
            # Plain loops: a call costs as much as the sets.
            row = rows[number]
            if row is None:
                found.append(number)
                continue
            words, groups, banned, test = row
            if words is not None and not words <= heard:
                continue
            for group in groups:
                if heard.isdisjoint(group):
                    break
            else:
                if (banned is None or heard.isdisjoint(banned)) and (test is None or test(heard)):
                    found.append(number)
        found.sort()
        return found

    def candidates(self, sighting: Sighted) -> int:
        """How many are looked at beyond those that one hit decides."""
        return sum(self._rows[number] is not None for number in self._near(sighting.heard))

    def _near(self, heard: Heard) -> set[int]:
        """Numbers of those whose anchor is met."""
        return set(chain.from_iterable(map(self._anchored.__getitem__, heard)))


Row = tuple[frozenset[int] | None, tuple[frozenset[int], ...], frozenset[int] | None, Test | None]
"""Signals that are all raised, groups of which one is, signals of which none is, and what else is asked."""


def _row(entry: Entry) -> Row:
    """Groups of one signal as one set, which is compared at once."""
    words = frozenset(chain.from_iterable(group for group in entry.groups if len(group) == 1))
    groups = tuple(group for group in entry.groups if len(group) > 1)
    return words or None, groups, entry.banned or None, entry.test


def _by_signal(anchors: Iterable[tuple[int, frozenset[int]]], signals: int) -> list[tuple[int, ...]]:
    """Numbers of queries by the signals that make them worth a look."""
    found: dict[int, list[int]] = defaultdict(list)
    for number, anchor in anchors:
        for signal in anchor:
            found[signal].append(number)
    rows: list[tuple[int, ...]] = [()] * signals
    for signal, numbers in found.items():
        rows[signal] = tuple(numbers)
    return rows
