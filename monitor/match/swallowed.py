"""Which patterns of a pack lie in which longer strings, in which they do not count."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import chain

from monitor.match.fold import UNSPACED, script_class
from monitor.match.patterns import Longer, NotIn, Swallower, make_longer

FIRST_UNSPACED = "\u0e00"
"""No script before Thai leaves out blanks."""

HEAD = 4
"""Letters of a pattern that are looked up before all of it is."""


class Swallowers:
    """The ways in which a pattern lies in longer strings: common words have thousands, worked out at the first hit."""

    __slots__ = ("_found", "_made", "_shape")

    def __init__(self, shape: tuple[str, bool, bool], found: Sequence[tuple[str, Longer]]) -> None:
        """A pattern that may be open at its ends, and the longer strings it lies in, folded."""
        self._shape, self._found = shape, found
        self._made: tuple[Swallower, ...] | None = None

    def __iter__(self) -> Iterator[Swallower]:
        if self._made is None:
            self._made = tuple(self._make())
        return iter(self._made)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, other: object) -> bool:
        return any(one == other for one in self)

    def __bool__(self) -> bool:
        return next(self._make(), None) is not None

    def __hash__(self) -> int:
        return hash(self._shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Swallowers):
            return NotImplemented
        return self is other or (self._shape, *self) == (other._shape, *other)

    def _make(self) -> Iterator[Swallower]:
        return chain.from_iterable(longer.swallowers(text, *self._shape) for text, longer in self._found)


class Swallowed:
    """The longer strings of the patterns of a pack."""

    def __init__(self, cores: frozenset[str]) -> None:
        """The patterns, folded."""
        self._cores = cores
        self._short = frozenset(core for core in cores if len(core) < HEAD)
        self._any_short = re.compile("|".join(re.escape(core) for core in self._short if core) or "(?!)")
        self._firsts = frozenset(core[:1] for core in self._short)
        lengths: dict[str, set[int]] = defaultdict(set)
        for core in cores - self._short:
            lengths[core[:HEAD]].add(len(core))
        self._lengths = {head: sorted(found) for head, found in lengths.items()}
        self.found: dict[str, list[tuple[str, Longer]]] = defaultdict(list)
        """By pattern, the longer strings, folded."""
        self._made: dict[tuple[str, bool, bool], Collection[Swallower]] = {}

    def add(self, text: str, entry: NotIn) -> None:
        """A longer string, folded; with a star at its end it also swallows what begins in it and goes on behind it."""
        found = [(core, text) for core in self._inside(text)]
        if entry.text.endswith("*") and script_class(text[-1]) in UNSPACED:
            found += self._continued(text)
        if found:
            longer = make_longer(entry, text)
            for core, whole in found:
                self.found[core].append((whole, longer))

    def of(self, core: str, open_left: bool, open_right: bool) -> Collection[Swallower]:
        """Those of a pattern, which may be open at its ends; the same object each time."""
        shape = core, open_left, open_right
        if shape not in self._made:
            self._made[shape] = Swallowers(shape, self.found.get(core, ())) or ()
        return self._made[shape]

    def _inside(self, text: str) -> set[str]:
        """The patterns that lie in a text."""
        found = self._short_inside(text) if self._any_short.search(text) else set()
        cores, lengths, size = self._cores, self._lengths, len(text)
        for at in range(size - HEAD + 1):
            left = size - at
            for length in lengths.get(text[at : at + HEAD], ()):
                if length > left:
                    break
                if (core := text[at : at + length]) in cores:
                    found.add(core)
        return found

    def _short_inside(self, text: str) -> set[str]:
        firsts = self._firsts
        starts = [at for at, letter in enumerate(text) if letter in firsts]
        return {text[at : at + length] for at in starts for length in range(1, HEAD)} & self._short

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
