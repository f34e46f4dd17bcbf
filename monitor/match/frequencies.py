"""How many articles have what is searched for: running counters, so that the rarest group of a query is its anchor.

They are fed from some of the articles, halved every week so that they follow the news, and kept over restarts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from monitor.model.units import Instant

LEAST = 0.1
"""Counts below are forgotten."""
MOST = 500_000
"""Patterns that are counted; beyond, those that come first have the places until they are forgotten."""
CREDIT = 1_000
"""Articles that the guess counts for, so that the first few articles decide nothing."""
WEEK = 7 * 86_400.0
"""Seconds after which everything counts half."""


class Frequencies:
    """Counts of articles by pattern. What was never seen is left to a guess."""

    def __init__(
        self, articles: float = 0.0, counts: Mapping[str, float] | None = None, halved: Instant | None = None
    ) -> None:
        """`halved`: when everything was halved last, or counted first."""
        self.articles = articles
        self.counts = dict(counts or {})
        self.halved = halved

    def copy(self) -> Frequencies:
        """As they are now; what is seen from now on is not in it."""
        return Frequencies(self.articles, self.counts, self.halved)

    def see(self, patterns: Iterable[str]) -> None:
        """An article that has these patterns, each given once."""
        counts = self.counts
        self.articles += 1
        for pattern in patterns:
            if pattern in counts:
                counts[pattern] += 1
            elif len(counts) < MOST:
                counts[pattern] = 1.0

    def age(self, now: Instant) -> None:
        """Halves once for every week since the last time; a clock that was set back begins the week anew."""
        if self.halved is None or now < self.halved:
            self.halved = now
        elif weeks := int((now - self.halved) / WEEK):
            self.halve(weeks)
            self.halved += weeks * WEEK

    def halve(self, times: int = 1) -> None:
        """Half of everything: old articles count less and less."""
        part = 0.5**times
        self.articles *= part
        self.counts = {pattern: count * part for pattern, count in self.counts.items() if count * part >= LEAST}

    def share(self, pattern: str, guess: float) -> float:
        """The share of articles that have a pattern; the guess stands for those it was never seen in."""
        count = self.counts.get(pattern)
        return guess if count is None else (count + CREDIT * guess) / (self.articles + CREDIT)

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


_DECODER = msgspec.json.Decoder(_Kept)


def encode(frequencies: Frequencies) -> bytes:
    """What is kept of them."""
    return msgspec.json.encode(_Kept(frequencies.articles, frequencies.halved, frequencies.counts))


def decode(data: bytes) -> Frequencies:
    """What was kept; nothing where those bytes are none of ours, for it is counted anew."""
    try:
        kept = _DECODER.decode(data)
    except ValueError:
        return Frequencies()
    return Frequencies(kept.articles, kept.counts, kept.halved)
