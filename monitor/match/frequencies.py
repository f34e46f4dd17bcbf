"""How many articles have what is searched for: running counters, so that the rarest group of a query is its anchor.

They are fed from some of the articles, halved every week so that they follow the news, and kept over restarts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LEAST = 0.1
"""Counts below are forgotten."""
CREDIT = 1_000
"""Articles that the guess counts for, so that the first few articles decide nothing."""


class Frequencies:
    """Counts of articles by pattern. What was never seen is left to a guess."""

    def __init__(self, articles: float = 0.0, counts: Mapping[str, float] | None = None) -> None:
        self.articles = articles
        self.counts = dict(counts or {})

    def see(self, patterns: Iterable[str]) -> None:
        """An article that has these patterns, each given once."""
        counts = self.counts
        self.articles += 1
        for pattern in patterns:
            counts[pattern] = counts.get(pattern, 0.0) + 1

    def halve(self) -> None:
        """Half of everything: old articles count less and less."""
        self.articles /= 2
        self.counts = {pattern: count / 2 for pattern, count in self.counts.items() if count >= 2 * LEAST}

    def merge(self, other: Frequencies) -> None:
        """Adds what another process has counted."""
        self.articles += other.articles
        for pattern, count in other.counts.items():
            self.counts[pattern] = self.counts.get(pattern, 0.0) + count

    def share(self, pattern: str, guess: float) -> float:
        """The share of articles that have a pattern; the guess stands for those it was never seen in."""
        count = self.counts.get(pattern)
        return guess if count is None else (count + CREDIT * guess) / (self.articles + CREDIT)
