"""What occurs of each signal in one article, whether it counts or not: sorted out once for all watches explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from monitor.match.listeners import Listeners, Variant
from monitor.match.scan import Scan

Occurrence = tuple[int, int, Variant]
"""A raw hit, `[start, end)` in the folded text, and who may hear it."""


class Occurrences:
    """The raw hits of an article by what they may raise."""

    def __init__(self, scan: Scan, listeners: Listeners) -> None:
        self._scan, self._listeners = scan, listeners

    def of(self, signal: int) -> list[Occurrence]:
        """Every hit that may raise a signal, in the order of the text."""
        found = [
            (start, end, variant)
            for pattern in self._patterns.get(signal, ())
            for start, end in self._hits.get(pattern, ())
            for variant in self._listeners.rows[pattern]
            if variant.raises(signal)
        ]
        return sorted(found, key=lambda one: one[:2])

    def variants(self, signal: int) -> Iterator[Variant]:
        """All variants that raise a signal, of patterns that occur and of those that do not."""
        rows = map(self._listeners.rows.__getitem__, self._patterns.get(signal, ()))
        return (variant for row in rows for variant in row if variant.raises(signal))

    @cached_property
    def _patterns(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for pattern, signals in enumerate(self._listeners.raised):
            for signal in signals:
                found[signal].append(pattern)
        return found

    @cached_property
    def _hits(self) -> Mapping[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for pattern, start, end in self._scan.hits:
            found[pattern].append((start, end))
        return found
