"""Which patterns of a pack lie in which longer strings, in which they do not count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from monitor.match.fold import UNSPACED, script_class
from monitor.match.patterns import Longer, NotIn, Swallower, make_longer

FIRST_UNSPACED = "\u0e00"
"""No script before Thai leaves out blanks."""

HEAD = 4
"""Letters of a pattern that are looked up before all of it is."""


class Swallowed:
    """The longer strings of the patterns of a pack."""

    def __init__(self, cores: frozenset[str]) -> None:
        """The patterns, folded."""
        self._cores = cores
        self._heads = {core[:HEAD] for core in cores}
        self._short = [core for core in cores if 0 < len(core) < HEAD]
        self.found: dict[str, list[tuple[str, Longer]]] = defaultdict(list)
        """By pattern, the longer strings, folded."""
        self._made: dict[tuple[str, bool, bool], tuple[Swallower, ...]] = {}

    def add(self, text: str, entry: NotIn) -> None:
        """A longer string, folded; with a star at its end it also swallows what begins in it and goes on behind it."""
        longer = make_longer(entry, text)
        for core in self._inside(text):
            self.found[core].append((text, longer))
        if entry.text.endswith("*") and script_class(text[-1]) in UNSPACED:
            for core, whole in self._continued(text):
                self.found[core].append((whole, longer))

    def of(self, core: str, open_left: bool, open_right: bool) -> tuple[Swallower, ...]:
        """Those of a pattern, which may be open at its ends."""
        shape = core, open_left, open_right
        if shape not in self._made:
            found = self.found.get(core, ())
            self._made[shape] = tuple([one for text, longer in found for one in longer.swallowers(text, *shape)])
        return self._made[shape]

    def _inside(self, text: str) -> set[str]:
        """The patterns that lie in a text."""
        cores, heads, size = self._cores, self._heads, len(text)
        found = {core for core in self._short if core in text}
        for at in range(size - HEAD + 1):
            if text[at : at + HEAD] in heads:
                found.update([core for end in range(at + HEAD, size + 1) if (core := text[at:end]) in cores])
        return found

    def _continued(self, text: str) -> Iterator[tuple[str, str]]:
        """Patterns that begin in a longer string and go on behind it: 洋两岸 and 两岸关系 make 洋两岸关系."""
        known: set[str] = set()
        for at in range(1, len(text) - 1):
            shared = text[at:]
            for core in self._beginnings.get(shared[:2], ()):
                if len(core) > len(shared) and core.startswith(shared) and core not in known:
                    known.add(core)
                    yield core, text + core[len(shared) :]

    @cached_property
    def _beginnings(self) -> dict[str, list[str]]:
        """By their first two letters, the patterns that may go on so."""
        found: dict[str, list[str]] = defaultdict(list)
        for core in sorted(core for core in self._cores if core and max(core) >= FIRST_UNSPACED):
            found[core[:2]].append(core)
        return found
