"""A few changed watches among thousands: they are compiled alone, beside the segment that has all the others.

What they replace there, and watches that were removed, is masked: it stays compiled and is not asked any more. An
article is folded once and searched twice. When the second segment is no longer small, everything is compiled anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from monitor.match.compiler import compile_rules
from monitor.match.frequencies import Frequencies
from monitor.match.inflection import Inflect
from monitor.match.matcher import RuleSet, Size
from monitor.match.packs import Concept
from monitor.match.query import Query
from monitor.match.sighting import Sighting
from monitor.match.syntax import leaves
from monitor.model.ids import WatchId
from monitor.model.watch import Match, Text, Watch

LEAST = 500
"""Watches below which all are compiled: that is done in 50 ms, and a single segment is faster with every article."""
SHARE = 0.1
"""Of all watches: how many may be carried beside the others, and how many masked."""


class Standing(Protocol):
    """Compiled watches, in one segment or in two: `RuleSet` and `Segments`."""

    @property
    def queries(self) -> tuple[Query, ...]:
        """The compiled watches in the order they were given."""

    @property
    def watches(self) -> tuple[Watch, ...]:
        """The watches in the order they were given."""

    @property
    def patterns(self) -> Collection[str]:
        """What articles are searched for."""

    @property
    def size(self) -> Size:
        """Figures for people and metrics."""

    def version(self, watch: WatchId) -> str:
        """Names query, packs and fold table of a watch. Raises KeyError."""

    def met(self, text: Text, watches: AbstractSet[str] | None = None) -> tuple[WatchId, ...]:
        """Ids of the watches an article meets, of all or of these, in the order of the watches."""

    def match(self, text: Text, watches: AbstractSet[str] | None = None) -> tuple[Match, ...]:
        """What an article meets, of all watches or of these ids, in the order of the watches."""

    def occurring(self, text: Text) -> Iterable[str]:
        """Those of the patterns that occur in an article, each once."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A rule set, and the watches it still answers for."""

    rules: RuleSet
    live: Mapping[WatchId, Query]

    def met(self, sighting: Sighting, watches: AbstractSet[str] | None = None) -> list[Query]:
        """The queries an article meets; masked ones are left out."""
        live = self.live
        met = self.rules.met_queries(sighting, watches)
        return [live[query.watch.id] for query in met if query.watch.id in live]


class Segments:
    """Watches compiled in two segments; says the same as a `RuleSet` of all of them. Never changes."""

    def __init__(self, segments: Sequence[Segment], watches: Sequence[Watch]) -> None:
        """Every watch is live in one of the segments."""
        self.segments = tuple(segments)
        self._live = dict(segments[0].live)
        for segment in segments[1:]:
            self._live.update(segment.live)
        ids = [watch.id for watch in watches]
        self.queries = tuple(map(self._live.__getitem__, ids))
        self._places = dict(zip(ids, range(len(ids)), strict=True))
        self._asides = any(segment.rules.listeners.asides for segment in segments)

    @property
    def watches(self) -> tuple[Watch, ...]:
        """The watches in the order they were given."""
        return tuple(query.watch for query in self.queries)

    @property
    def patterns(self) -> frozenset[str]:
        """What articles are searched for, for masked watches too."""
        return frozenset().union(*[segment.rules.patterns for segment in self.segments])

    @property
    def size(self) -> Size:
        """Figures for people and metrics; what is masked is counted but for the watches."""
        sizes = [segment.rules.size for segment in self.segments]
        patterns, variants, signals = (sum(column) for column in list(zip(*sizes, strict=True))[1:])
        return Size(len(self.queries), patterns, variants, signals)

    def version(self, watch: WatchId) -> str:
        """Names query, packs and fold table of a watch. Raises KeyError."""
        return self._live[watch].version

    def met(self, text: Text, watches: AbstractSet[str] | None = None) -> tuple[WatchId, ...]:
        """Ids of the watches an article meets, without looking for the places."""
        met = [query.watch.id for segment, seen in self._sight(text) for query in segment.met(seen, watches)]
        return tuple(sorted(met, key=self._places.__getitem__))

    def match(self, text: Text, watches: AbstractSet[str] | None = None) -> tuple[Match, ...]:
        """What an article meets, of all watches or of these ids, in the order of the watches."""
        matches: list[Match] = []
        for segment, seen in self._sight(text):
            matches += segment.rules.show(segment.met(seen, watches), seen)
        return tuple(sorted(matches, key=lambda match: self._places[match.watch.id]))

    def occurring(self, text: Text) -> frozenset[str]:
        """Those of the patterns that occur in an article."""
        return frozenset().union(*[segment.rules.occurring(text) for segment in self.segments])

    def candidates(self, text: Text) -> int:
        """How many queries are looked at beyond those that one hit decides, masked ones too."""
        return sum(segment.rules.candidates(text) for segment in self.segments)

    def _sight(self, text: Text) -> Iterator[tuple[Segment, Sighting]]:
        """The article before every segment; it is folded for the first."""
        folded = None
        for segment in self.segments:
            scan = segment.rules.scan(text, self._asides, folded)
            folded = scan.folded
            yield segment, segment.rules.sight(scan)


def segments_of(rules: Standing) -> tuple[Segment, ...]:
    """The segments of a rule set; it may be the only one itself."""
    if isinstance(rules, Segments):
        return rules.segments
    if not isinstance(rules, RuleSet):
        raise TypeError(f"no rule set: {type(rules).__name__}")
    return (Segment(rules, rules.live),)


def only(rules: Standing, wanted: Callable[[Watch], bool]) -> Standing:
    """The same without the watches that are not wanted; nothing is compiled."""
    watches = [watch for watch in rules.watches if wanted(watch)]
    if len(watches) == len(rules.watches):
        return rules
    segments = [
        Segment(segment.rules, {name: query for name, query in segment.live.items() if wanted(query.watch)})
        for segment in segments_of(rules)
    ]
    return Segments(segments, watches)


def recompile(
    before: Standing,
    watches: Sequence[Watch],
    concepts: Mapping[str, Concept],
    inflect: Inflect | None = None,
    frequencies: Frequencies | None = None,
) -> Standing:
    """All watches as one rule set, with as much of an earlier one as is still true.

    Where few are compiled already or many have changed, all are compiled. What is kept keeps the anchors it has;
    `frequencies` and `inflect` are for the rest. Raises QueryError as `compile_rules` does.
    """
    base = segments_of(before)[0].rules
    kept, changed = divide(base, watches, concepts)
    most = len(watches) * SHARE
    if len(watches) < LEAST or len(changed) > most or len(base.queries) - len(kept) > most:
        return compile_rules(watches, concepts, inflect, frequencies)
    return extend(base, kept, watches, concepts, inflect, frequencies)


def divide(
    base: RuleSet, watches: Sequence[Watch], concepts: Mapping[str, Concept]
) -> tuple[dict[WatchId, Query], list[Watch]]:
    """The watches that are compiled already, and those that are not: new ones, and those whose query or pack changed.

    What else a watch says of itself, its severity or its place in a file, changes nothing that is compiled.
    """
    stale = {name for name, digest in base.packs.items() if name not in concepts or concepts[name].digest != digest}
    kept: dict[WatchId, Query] = {}
    changed: list[Watch] = []
    for watch in watches:
        query = base.live.get(watch.id)
        if query is None or (stale and _uses(query, stale)):
            changed.append(watch)
        elif query.watch is watch or query.watch == watch:
            kept[watch.id] = query
        elif query.serves(watch):
            kept[watch.id] = query.renewed(watch)
        else:
            changed.append(watch)
    return kept, changed


def _uses(query: Query, names: AbstractSet[str]) -> bool:
    return any(leaf.kind == "concept" and leaf.text in names for leaf in leaves(query.tree))


def extend(
    base: RuleSet,
    kept: Mapping[WatchId, Query],
    watches: Sequence[Watch],
    concepts: Mapping[str, Concept],
    inflect: Inflect | None = None,
    frequencies: Frequencies | None = None,
) -> Segments:
    """A segment of all other watches beside what is kept of the base. Raises QueryError."""
    segments = [Segment(base, kept)]
    if changed := [watch for watch in watches if watch.id not in kept]:
        delta = compile_rules(changed, concepts, inflect, frequencies)
        segments.append(Segment(delta, delta.live))
    return Segments(segments, watches)
