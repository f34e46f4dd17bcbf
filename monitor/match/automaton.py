"""All patterns of all watches in one pass over a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ahocorasick_rs import AhoCorasick, Implementation

RawHit = tuple[int, int, int]
"""Pattern, start, end in the folded text."""

MAX_HITS = 1_000
"""Stored hits of one pattern in one article; more are not looked at."""


class Automaton:
    """Finds every overlapping place of every pattern."""

    __slots__ = ("_search", "size")

    def __init__(self, patterns: Sequence[str]) -> None:
        self.size = len(patterns)
        self._search = (
            AhoCorasick(patterns, store_patterns=False, implementation=Implementation.ContiguousNFA)
            if patterns
            else None
        )

    def find(self, folded: str) -> list[RawHit]:
        """Hits in the order in which they end; at most `MAX_HITS` of one pattern."""
        if self._search is None:
            return []
        hits: list[RawHit] = self._search.find_matches_as_indexes(folded, overlapping=True)
        return hits if len(hits) <= MAX_HITS else _bound(hits)


def _bound(hits: list[RawHit]) -> list[RawHit]:
    counts: Counter[int] = Counter()
    kept = []
    for hit in hits:
        counts[hit[0]] += 1
        if counts[hit[0]] <= MAX_HITS:
            kept.append(hit)
    return kept
