"""All patterns of all watches in one pass over a text: what a search is, and the one that needs nothing compiled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Protocol

from ahocorasick_rs import AhoCorasick, Implementation

RawHit = tuple[int, int, int]
"""Pattern, start, end in the folded text."""

MAX_HITS = 1_000
"""Stored hits of one pattern in one article; more are not looked at."""

_pattern: Callable[[RawHit], int] = itemgetter(0)
_start: Callable[[RawHit], int] = itemgetter(1)


class Hits(Protocol):
    """Places of patterns in a text, by where they begin."""

    def __len__(self) -> int:
        """How many."""

    def __iter__(self) -> Iterator[RawHit]:
        """Each of them."""

    @property
    def patterns(self) -> set[int]:
        """The patterns that occur."""

    def before(self, stop: int) -> Hits:
        """Those that begin before a place."""


class Search(Protocol):
    """Finds every overlapping place of every pattern; at most `MAX_HITS` of one, the first ones."""

    def find(self, folded: str) -> Hits:
        """All places in a folded text."""


class Listed(list[RawHit]):
    """Hits as a list."""

    @property
    def patterns(self) -> set[int]:
        """The patterns that occur."""
        return set(map(_pattern, self))

    def before(self, stop: int) -> Listed:
        """Those that begin before a place."""
        return Listed([hit for hit in self if hit[1] < stop])


class Automaton:
    """Finds by the method of Aho and Corasick (1975)."""

    __slots__ = ("_search",)

    def __init__(self, patterns: Sequence[str]) -> None:
        """No pattern is empty, or but a blank."""
        self._search = (
            AhoCorasick(patterns, store_patterns=False, implementation=Implementation.ContiguousNFA)
            if patterns
            else None
        )

    def find(self, folded: str) -> Listed:
        """All places in a folded text."""
        if self._search is None:
            return Listed()
        hits: list[RawHit] = self._search.find_matches_as_indexes(folded, overlapping=True)
        hits.sort(key=_start)
        return Listed(hits if len(hits) <= MAX_HITS else _bound(hits))


def _bound(hits: list[RawHit]) -> list[RawHit]:
    counts: Counter[int] = Counter()
    kept = []
    for hit in hits:
        counts[hit[0]] += 1
        if counts[hit[0]] <= MAX_HITS:
            kept.append(hit)
    return kept
