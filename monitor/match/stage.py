"""Hits by the kernel: those of variants that are shown as they stand, which are nearly all."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, cast

from monitor.match.invisible import INVISIBLE
from monitor.match.listeners import FIELDS, Listeners, Told, Variant
from monitor.match.places import MAX_HITS, Stage
from monitor.match.scan import Scan
from monitor.model.watch import Hit, Match

if TYPE_CHECKING:
    from monitor.match.native import kernel


class Stages:
    """Makes stages, for one rule set."""

    def __init__(self, listeners: Listeners, signals: int) -> None:
        from monitor.match.native import kernel

        self._kernel = kernel
        known = _Known(listeners)
        anywhere, titled = ([rows.get(one, ()) for one in range(signals)] for rows in (known.anywhere, known.titled))
        self._signs = kernel.Signs(
            Hit,
            Match,
            FIELDS,
            "".join(INVISIBLE),
            known.signs,
            listeners.raised,
            anywhere,
            titled,
            known.others,
            MAX_HITS,
        )

    def stage(self, scan: Scan) -> Stage | None:
        """None if hits in the summary may count for nothing, because the body repeats them."""
        if scan.summarised and scan.repeated:
            return None
        folded, found = scan.folded, cast("kernel.Found", scan.hits)
        return self._kernel.Stage(self._signs, found, folded.original, folded.offsets, scan.borders, scan.shifts)


Sign = tuple[int, Told, bool, bool]
"""Pattern, what is told of its alias, and whether a hit is shown up to the borders of its word."""


class _Known:
    """The variants that are shown as they stand, by the signals they raise."""

    def __init__(self, listeners: Listeners) -> None:
        self.signs: list[Sign] = []
        self.anywhere: dict[int, list[int]] = defaultdict(list)
        self.titled: dict[int, list[int]] = defaultdict(list)
        self.others: set[int] = set()
        """Signals that are raised by other variants too."""
        for pattern, row in enumerate(listeners.rows):
            for variant in row:
                self._add(pattern, variant)

    def _add(self, pattern: int, variant: Variant) -> None:
        if not (variant.plain and variant.alone):
            self.others.update(variant.anywhere, (signal for _, signal in variant.fielded))
            return
        for signal in variant.anywhere:
            self.anywhere[signal].append(len(self.signs))
        for name, signal in variant.fielded:
            if name == "title":
                self.titled[signal].append(len(self.signs))
            else:
                self.others.add(signal)
        self.signs.append((pattern, variant.alone, variant.extend_left, variant.extend_right))
