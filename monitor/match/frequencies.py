"""How many articles have what is searched for: running counters, so that the rarest group of a query is its anchor.

They are fed from some of the articles, halved every week so that they follow the news, and kept over restarts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import starmap
from typing import Annotated

import msgspec

from monitor.model.units import Instant

LEAST = 0.1
"""Counts below are forgotten."""
MOST = 500_000
"""Patterns that are counted; beyond, those that came first have the places until they are forgotten."""
CREDIT = 1_000
"""Articles that the guess counts for, so that the first few articles decide nothing."""
WEEK = 7 * 86_400.0
"""Seconds after which everything counts half."""


class Frequencies:
    """Counts of articles by pattern, of those that are looked for. What never was is left to a guess."""

    def __init__(
        self,
        articles: float = 0.0,
        counts: Mapping[str, float] | None = None,
        halved: Instant | None = None,
        missed: Mapping[str, float] | None = None,
    ) -> None:
        """`halved`: when everything was halved last, or counted first.

        `missed`: how many of the articles came before a pattern was looked for, of those that came later.
        """
        self.articles = articles
        self.counts = dict(counts or {})
        self.halved = halved
        self.missed = dict(missed or {})

    def copy(self) -> Frequencies:
        """As they are now; what is seen from now on is not in it."""
        return Frequencies(self.articles, self.counts, self.halved, self.missed)

    def know(self, patterns: Iterable[str]) -> None:
        """These are looked for from now on, as far as there is room."""
        counts = self.counts
        for pattern in patterns:
            if pattern not in counts and len(counts) < MOST:
                counts[pattern] = 0.0
                if self.articles:
                    self.missed[pattern] = self.articles

    def see(self, patterns: Iterable[str]) -> None:
        """An article that has these patterns, each given once; those that are not known are not counted."""
        counts = self.counts
        self.articles += 1
        for pattern in patterns:
            if pattern in counts:
                counts[pattern] += 1

    def age(self, now: Instant, wanted: Collection[str]) -> None:
        """Halves once for every week since the last time; a clock that was set back begins the week anew.

        `wanted` are looked for now; others are forgotten when they hardly count any more.
        """
        if self.halved is None or now < self.halved:
            self.halved = now
        elif weeks := int((now - self.halved) / WEEK):
            self._shrink(0.5**weeks, frozenset(wanted))
            self.halved += weeks * WEEK

    def _shrink(self, part: float, wanted: frozenset[str]) -> None:
        """Old articles count less and less."""
        self.articles *= part
        counts = ((pattern, count * part) for pattern, count in self.counts.items())
        self.counts = {pattern: count for pattern, count in counts if count >= LEAST or pattern in wanted}
        missed = ((pattern, count * part) for pattern, count in self.missed.items() if pattern in self.counts)
        self.missed = {pattern: count for pattern, count in missed if count >= 1}

    def share(self, pattern: str, guess: float) -> float:
        """The share of articles that have a pattern: the guess at first, and ever less of it."""
        count = self.counts.get(pattern)
        if count is None:
            return guess
        heard = max(self.articles - self.missed.get(pattern, 0.0), 0.0)
        return (count + CREDIT * guess) / (heard + CREDIT)

    def total(self, guesses: Iterable[tuple[str, float]]) -> float:
        """The shares of some patterns together, each given with what is guessed of it."""
        return sum(starmap(self.share, guesses)) if self.articles else sum(guess for _, guess in guesses)

    def outdate(self, older: Frequencies) -> bool:
        """Whether rules that were compiled by older counts may have other anchors by these.

        So they do when enough was counted, and that is twice as much as then, or a week has passed.
        """
        return self.articles >= CREDIT and (self.articles >= 2 * older.articles or self.halved != older.halved)


_Count = Annotated[float, msgspec.Meta(ge=0)]


class _Kept(msgspec.Struct):
    """The form in which counts outlive a process; read by hand it is JSON."""

    articles: _Count
    halved: Instant | None
    counts: dict[str, _Count]
    missed: dict[str, _Count]


_DECODER = msgspec.json.Decoder(_Kept)


def encode(frequencies: Frequencies) -> bytes:
    """What is kept of them."""
    kept = _Kept(frequencies.articles, frequencies.halved, frequencies.counts, frequencies.missed)
    return msgspec.json.encode(kept)


def decode(data: bytes) -> Frequencies:
    """What was kept; nothing where those bytes are none of ours, for it is counted anew."""
    try:
        kept = _DECODER.decode(data)
    except ValueError:
        return Frequencies()
    return Frequencies(kept.articles, kept.counts, kept.halved, kept.missed)
