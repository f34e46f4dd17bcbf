"""Aliases that somebody listens to as variants of their patterns; those of a concept are made once and kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count
from types import MappingProxyType
from typing import NamedTuple

from monitor.match.fold import script_class
from monitor.match.frequencies import Frequencies
from monitor.match.languages import language_group
from monitor.match.listeners import Variant
from monitor.match.patterns import ATTACHED, PLAIN, Alias, Check
from monitor.match.syntax import Bound


class Raised(NamedTuple):
    """What a hit raises, whatever alias it is of."""

    anywhere: tuple[int, ...]
    """Signals, wherever it lies."""
    fielded: tuple[tuple[Bound, int], ...] = ()
    """Signals, if it lies in that field."""


Listener = tuple[Alias, int, Raised]
"""An alias with its place among those of its word or concept, and what a hit of it raises."""

Rows = Mapping[str, tuple[Variant, ...]]
"""Variants by pattern."""

KEPT = 4
"""Numberings under which the variants of a tier are kept: of rules in force, of those that follow, of a few beside."""


class Tier:
    """The aliases of a concept that one leaf stands for. Rule sets that number its signals alike share its variants."""

    def __init__(self, aliases: Sequence[Alias]) -> None:
        """In the order of the pack."""
        self._aliases = aliases
        self._made: dict[tuple[Raised, int], tuple[Rows, int]] = {}

    def __len__(self) -> int:
        return len(self._aliases)

    def rows(self, raised: Raised, first: int) -> tuple[Rows, int]:
        """The variants of each pattern, and how many they are, numbered from `first`."""
        key = raised, first
        if key not in self._made:
            for oldest in list(self._made)[: 1 - KEPT]:
                self._made.pop(oldest, None)
            self._made[key] = self._make(*key)
        return self._made[key]

    def share(self, frequencies: Frequencies) -> float:
        """How many of them an article is expected to have."""
        return frequencies.total(self._guesses)

    def _make(self, raised: Raised, first: int) -> tuple[Rows, int]:
        heard: dict[str, list[Listener]] = defaultdict(list)
        for rank, (pattern, alias) in enumerate(zip(self._patterns, self._aliases, strict=True)):
            heard[pattern].append((alias, rank, raised))
        order = count(first)
        return {pattern: make_variants(rows, order) for pattern, rows in heard.items()}, next(order) - first

    @cached_property
    def _patterns(self) -> list[str]:
        """Those of the aliases."""
        return [alias.pattern for alias in self._aliases]

    @cached_property
    def _guesses(self) -> list[tuple[str, float]]:
        """Each pattern with the share of articles that is guessed."""
        return list(zip(self._patterns, map(guess_share, self._aliases), strict=True))


def guess_share(alias: Alias) -> float:
    """Expected share of articles with this alias: short words and beginnings are the frequent ones."""
    letters = len(alias.core) * (2 if script_class(alias.core[0]) in ATTACHED else 1)
    return (3e-4 if alias.open_left or alias.open_right else 1e-5) * (1 + 1000 * 0.5**letters)


def make_variants(rows: Sequence[Listener], order: Iterator[int]) -> tuple[Variant, ...]:
    """Aliases of one pattern, those together that differ only in how they are reported."""
    if len(rows) == 1:
        return (_variant(rows[0], (rows[0][0],), next(order)),)
    alike: dict[tuple[Check, Raised, bool, bool], list[Listener]] = {}
    for row in rows:
        alias, _, raised = row
        alike.setdefault((alias.check, raised, alias.open_left, alias.open_right), []).append(row)
    return tuple([_variant(group[0], tuple([row[0] for row in group]), next(order)) for group in alike.values()])


def _variant(row: Listener, aliases: tuple[Alias, ...], order: int) -> Variant:
    first, rank, raised = row
    check, core = first.check, first.core
    return Variant(
        order,
        rank,
        aliases,
        check,
        check is PLAIN or check == PLAIN,
        raised.anywhere,
        raised.fielded,
        _by_language(aliases) if len(aliases) > 1 else _NO_LANGUAGES,
        first.open_left and first.kind.startswith(("suffix", "wildcard")) and script_class(core[0]) not in ATTACHED,
        first.open_right and script_class(core[-1]) not in ATTACHED,
    )


_NO_LANGUAGES: Mapping[str, Alias] = MappingProxyType({})


def _by_language(aliases: Sequence[Alias]) -> dict[str, Alias]:
    """The first alias of each language."""
    found: dict[str, Alias] = {}
    for alias in aliases:
        found.setdefault(language_group(alias.language or ""), alias)
    return found
