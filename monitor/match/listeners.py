"""Who wants to hear of which pattern: what a hit raises, and what it has to pass first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from monitor.match.patterns import Alias, Check, Swallower
from monitor.match.syntax import Bound
from monitor.model.article import FieldName

FIELDS: tuple[FieldName, ...] = ("title", "summary", "body")
ASIDES: tuple[Bound, ...] = ("author", "url", "tag")
"""What else an article says of itself; looked at only if some query asks."""

Told = tuple[str, str, str | None, str | None]
"""Term, kind, concept and language of an alias, as a hit has them."""


class Around(NamedTuple):
    """Longer strings in which a hit does not count, by the letters they have around it."""

    left: int
    right: int
    """So many letters on each side."""
    longer: Mapping[str, tuple[Swallower, ...]]
    """By those letters."""


AROUND = 3
"""Letters on each side of a hit that are looked up: few longer strings have the same."""


# Not frozen, though nothing changes it: a frozen one takes eight times as long to make, and there are thousands.
@dataclass(slots=True, eq=False)
class Variant:
    """Aliases of one pattern that share checks and raise the same signals."""

    order: int
    """Its number among all."""
    rank: int
    """Place of its first alias among those of its concept, or its word: the same in every rule set."""
    aliases: tuple[Alias, ...]
    check: Check
    plain: bool
    """Nothing to check."""
    anywhere: tuple[int, ...]
    """Signals raised by a hit in any field."""
    fielded: tuple[tuple[Bound, int], ...]
    """Signals raised by a hit in that field."""
    by_language: Mapping[str, Alias]
    extend_left: bool
    extend_right: bool
    """The hit is shown up to the border of its word."""
    simple: bool = field(init=False)
    """Any hit in any field raises all it can raise."""
    closed: bool = field(init=False)
    """It is shown as it is."""
    alone: Told | None = field(init=False)
    """What every hit tells, if there is one alias only."""
    _around: tuple[Around, ...] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Works out what is asked at every hit."""
        self.alone = _told(self.aliases[0]) if len(self.aliases) == 1 else None
        self.simple = self.plain and not self.fielded
        self.closed = not (self.extend_left or self.extend_right)

    @property
    def around(self) -> tuple[Around, ...]:
        """Longer strings in which a hit does not count.

        They are gathered at the first hit: common words have a thousand, and most words are never met.
        """
        if self._around is None:
            not_in = self.check.not_in
            self._around = tuple(_by_letters(not_in, len(self.aliases[0].core))) if not_in else ()
        return self._around

    def alias_for(self, group: str) -> Alias:
        """The alias of the text's language, else the first in file order."""
        return self.by_language.get(group, self.aliases[0])

    def told(self, group: str) -> Told:
        """The same of that alias as a hit tells it."""
        return self.alone or _told(self.alias_for(group))

    def signals(self, field: Bound) -> Sequence[int]:
        """What a hit in a field raises."""
        anywhere = () if field in ASIDES else self.anywhere
        return [*anywhere, *[signal for name, signal in self.fielded if name == field]] if self.fielded else anywhere

    def raises_in(self, field: Bound, signal: int) -> bool:
        """Does a hit in a field raise the signal?"""
        return (signal in self.anywhere and field not in ASIDES) or (field, signal) in self.fielded

    def raises(self, signal: int) -> bool:
        """Can a hit of this variant raise the signal at all?"""
        return signal in self.anywhere or any(signal == other for _, other in self.fielded)


Row = tuple[Variant, ...]
"""The variants of a pattern."""


class Listeners:
    """Per pattern, who wants to hear of it."""

    def __init__(self, rows: Sequence[Row], placed: frozenset[int] = frozenset()) -> None:
        """`placed`: signals of which operators ask where they are raised."""
        self.rows = tuple(rows)
        self.raised, special = _sort(self.rows)
        """Signals that a hit can raise, by pattern."""
        self._patterns = _patterns_by_signal(self.raised, placed)
        self.placed = frozenset(chain.from_iterable(self._patterns.values()))
        """Patterns of such signals."""
        self.titled = {number: signals for number, row in special.items() if (signals := _titled(row))}
        """Signals that any hit in a title raises."""
        self.checked = {number: variants for number, row in special.items() if (variants := _checked(row))}
        """Variants of which every hit has to be looked at."""
        self.plain = _plain(self.raised, special)
        """Signals that any hit raises, wherever it stands."""
        self.bound = frozenset(_bound(chain.from_iterable(special.values())))
        """Signals that some hits raise only if they pass a check, or in some field."""
        self.asides = any(
            name in ASIDES for row in self.checked.values() for variant in row for name, _ in variant.fielded
        )
        """Is anything asked about authors, addresses or tags?"""

    def patterns_of(self, signal: int) -> frozenset[int]:
        """The patterns that raise a signal of which operators ask for places."""
        return self._patterns.get(signal, frozenset())


def _told(alias: Alias) -> Told:
    return alias.written, alias.kind, alias.concept, alias.language


def _by_letters(not_in: Iterable[Swallower], core: int) -> Iterator[Around]:
    """Longer strings of a pattern of so many letters."""
    found: dict[tuple[int, int], dict[str, list[Swallower]]] = defaultdict(lambda: defaultdict(list))
    for one in not_in:
        left, right = one.text[: one.before][-AROUND:], one.text[one.before + core :][:AROUND]
        found[len(left), len(right)][left + right].append(one)
    for (before, behind), rows in found.items():
        yield Around(before, behind, {letters: tuple(some) for letters, some in rows.items()})


def _sort(rows: Sequence[Row]) -> tuple[tuple[tuple[int, ...], ...], dict[int, Row]]:
    """What a hit can raise, by pattern, and the rows of which not every hit raises all of it."""
    raised: list[tuple[int, ...]] = []
    special: dict[int, Row] = {}
    for number, row in enumerate(rows):
        if len(row) == 1 and row[0].simple:
            raised.append(row[0].anywhere)
            continue
        raised.append(_raised(row))
        if not all(variant.simple for variant in row):
            special[number] = row
    return tuple(raised), special


def _raised(row: Row) -> tuple[int, ...]:
    signals = row[0].anywhere
    for variant in row:
        if variant.fielded or variant.anywhere is not signals:
            break
    else:
        return signals  # those of one concept raise the same
    both = (chain(variant.anywhere, (signal for _, signal in variant.fielded)) for variant in row)
    return tuple(dict.fromkeys(chain.from_iterable(both)))


def _titled(row: Sequence[Variant]) -> tuple[int, ...]:
    return tuple([signal for variant in row if variant.plain for name, signal in variant.fielded if name == "title"])


def _checked(row: Sequence[Variant]) -> tuple[Variant, ...]:
    return tuple([variant for variant in row if not variant.plain or _fielded(variant)])


def _fielded(variant: Variant) -> bool:
    """Is it bound to another field than the title?"""
    return any(name != "title" for name, _ in variant.fielded)


def _bound(variants: Iterable[Variant]) -> Iterator[int]:
    for variant in variants:
        if not variant.plain:
            yield from variant.anywhere
        for _, signal in variant.fielded:
            yield signal


def _plain(raised: Sequence[tuple[int, ...]], special: Mapping[int, Sequence[Variant]]) -> tuple[tuple[int, ...], ...]:
    """What any hit raises, by pattern: all that it can raise, but for the special ones."""
    found = list(raised)
    for number, row in special.items():
        found[number] = tuple([signal for variant in row if variant.plain for signal in variant.anywhere])
    return tuple(found)


def _patterns_by_signal(raised: Sequence[tuple[int, ...]], wanted: frozenset[int]) -> dict[int, frozenset[int]]:
    found: dict[int, list[int]] = {signal: [] for signal in wanted}
    for pattern, signals in enumerate(raised) if wanted else ():
        for signal in signals:
            if signal in found:
                found[signal].append(pattern)
    return {signal: frozenset(patterns) for signal, patterns in found.items() if patterns}
