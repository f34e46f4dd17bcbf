"""What an article raises of some watches' signals: its hits, as an index wants them, or all as a set for the operators.

Hits of plain variants raise their signals at once, in any text or only in the title. Those that have to pass checks
first are few; they are looked at one by one, and stand with what is known of the article as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import chain

from monitor.match.automaton import Hits
from monitor.match.heard import Heard, Page
from monitor.match.listeners import Listeners
from monitor.match.operators.metadata import KINDS, known_values
from monitor.match.scan import Scan

Metadata = Mapping[tuple[str, str], int]
"""Signals by what is known about the article as a whole: `("lang", "uk")`."""


class Sighting:
    """A scanned article before the watches of a rule set."""

    def __init__(
        self, scan: Scan, listeners: Listeners, metadata: Metadata | None = None, asked: AbstractSet[str] = KINDS
    ) -> None:
        """`asked`: what the metadata tests are about, so that no more is worked out."""
        self.scan, self._listeners = scan, listeners
        self.others: set[int] = set()
        """Signals that are raised by checked hits, and by the article as a whole."""
        checked = listeners.checked
        if checked and (listeners.asides or not checked.keys().isdisjoint(scan.patterns)):
            self._check()
        if metadata:
            self.others.update(metadata[key] for key in known_values(scan.text, asked) if key in metadata)

    @property
    def hits(self) -> Hits:
        """Places of patterns in title, summary and body."""
        return self.scan.hits

    @property
    def title_end(self) -> int:
        """Where the title ends in the folded text."""
        return self.scan.borders[0]

    @cached_property
    def heard(self) -> Heard:
        """Everything that is raised, as a set."""
        scan, listeners = self.scan, self._listeners
        plain = chain.from_iterable(map(listeners.plain.__getitem__, scan.patterns))
        heard = Heard(plain, Page(scan, listeners))
        heard.update(self.others)
        if listeners.titled:
            self._add_titled(listeners.titled, heard)
        return heard

    @property
    def crowded(self) -> AbstractSet[int]:
        """Signals of which not all places, or pairs of places, were looked at."""
        patterns = self.scan.crowded
        signals = set(chain.from_iterable(map(self._listeners.raised.__getitem__, patterns)))
        page = self.heard.page if "heard" in vars(self) else None
        return signals | page.cut if page else signals

    def _add_titled(self, titled: Mapping[int, tuple[int, ...]], heard: Heard) -> None:
        """Adds what hits in the title raise; they are the first, and few."""
        border = self.title_end
        for pattern, _, end in self.hits:
            if end > border:
                break
            if pattern in titled:
                heard.update(titled[pattern])

    def _check(self) -> None:
        """Finds what hits raise that have to be looked at one by one, and of those each until one passes."""
        scan, checked, others = self.scan, self._listeners.checked, self.others
        for pattern, start, end in scan.all_hits:
            for variant in checked.get(pattern, ()):
                signals = variant.signals(scan.field_at(start))
                if others.issuperset(signals):
                    continue
                if variant.plain or not scan.objection(variant, start, end):
                    others.update(signals)
