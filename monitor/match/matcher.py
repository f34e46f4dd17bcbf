"""The compiled watches and what an article meets of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import NamedTuple

from monitor.match.automaton import Automaton
from monitor.match.heard import Heard, Mark
from monitor.match.languages import language_group
from monitor.match.query import Query
from monitor.match.scan import FIELDS, Listeners, Metadata, Scan, Variant, is_text, utf16_length
from monitor.match.syntax import Bound, Span
from monitor.model.article import FieldName
from monitor.model.ids import WatchId
from monitor.model.watch import Hit, Match, Text, Watch

MAX_HITS = 200
"""Hits a match carries; the rest is counted."""


class Size(NamedTuple):
    """What a rule set is made of, in numbers."""

    watches: int
    patterns: int
    variants: int
    signals: int


class Place(NamedTuple):
    """An occurrence that counts."""

    field: FieldName
    start: int
    end: int
    """In the joined original."""
    variant: Variant
    raw: tuple[int, int]
    """The hit in the folded text."""


class RuleSet:
    """All watches compiled. Never changes; a new configuration makes a new one."""

    def __init__(
        self,
        queries: tuple[Query, ...],
        patterns: tuple[str, ...],
        listeners: Sequence[tuple[Variant, ...]],
        metadata: Metadata | None = None,
        placed: frozenset[int] = frozenset(),
    ) -> None:
        """`placed`: signals of which some operator asks where they are raised."""
        self.queries = queries
        self.patterns = patterns
        self.listeners = Listeners(listeners, placed)
        self.metadata = metadata or {}
        self._automaton = Automaton(patterns)
        self._direct = _by_signal((number, query.anchor) for number, query in enumerate(queries) if query.decided)
        self._candidates = _by_signal(
            (number, query.anchor) for number, query in enumerate(queries) if not query.decided
        )
        self._restricted = frozenset(number for number, query in enumerate(queries) if query.restricted)
        self._versions = {query.watch.id: query.version for query in queries}

    @property
    def watches(self) -> tuple[Watch, ...]:
        """The watches in the order they were given."""
        return tuple(query.watch for query in self.queries)

    @property
    def size(self) -> Size:
        """Figures for people and metrics."""
        variants = [variant for row in self.listeners.rows for variant in row]
        signals = {signal for query in self.queries for signal in query.signals.values()}
        return Size(len(self.queries), len(self.patterns), len(variants), len(signals))

    def version(self, watch: WatchId) -> str:
        """Names query, packs and fold table of a watch. Raises KeyError."""
        return self._versions[watch]

    def scan(self, text: Text) -> Scan:
        """An article with every occurrence of every pattern."""
        return Scan(text, self._automaton, self.listeners.asides)

    def heard(self, scan: Scan) -> Heard:
        """Everything an article raises."""
        return scan.heard(self.listeners, self.metadata)

    def met(self, text: Text, watches: frozenset[str] | None = None) -> tuple[WatchId, ...]:
        """Ids of the watches an article meets, without looking for the places."""
        return tuple(query.watch.id for query in self._met(*self._listen(text), watches))

    def match(self, text: Text, watches: frozenset[str] | None = None) -> tuple[Match, ...]:
        """What an article meets, of all watches or of these ids, in the order of the watches.

        Hits go by field and place, at most 200 are kept, `hits_total` counts all; overlapping ones are one hit.
        """
        scan, heard = self._listen(text)
        met = self._met(scan, heard, watches)
        if not met:
            return ()
        wanted = frozenset(chain.from_iterable(query.wanted for query in met))
        places = find_places(scan, self.listeners, wanted)
        return tuple(make_match(query, scan, places, heard) for query in met)

    def _listen(self, text: Text) -> tuple[Scan, Heard]:
        scan = self.scan(text)
        return scan, self.heard(scan)

    def _met(self, scan: Scan, heard: Heard, watches: AbstractSet[str] | None) -> list[Query]:
        numbers = set(chain.from_iterable(map(self._direct.__getitem__, heard & self._direct.keys())))
        for number in set(chain.from_iterable(map(self._candidates.__getitem__, heard & self._candidates.keys()))):
            if self.queries[number].part.test(heard):
                numbers.add(number)
        for number in numbers & self._restricted:
            if not self.queries[number].admits(scan.group):
                numbers.discard(number)
        met = map(self.queries.__getitem__, sorted(numbers))
        return [query for query in met if watches is None or query.watch.id in watches]


def _by_signal(anchors: Iterable[tuple[int, frozenset[int]]]) -> dict[int, tuple[int, ...]]:
    """Numbers of queries by the signals that make them worth a look."""
    found: dict[int, list[int]] = defaultdict(list)
    for number, anchor in anchors:
        for signal in anchor:
            found[signal].append(number)
    return {signal: tuple(numbers) for signal, numbers in found.items()}


def find_places(scan: Scan, listeners: Listeners, wanted: frozenset[int]) -> dict[int, list[Place]]:
    """Every occurrence that counts, by the signal it raises; of these signals only."""
    places: dict[int, list[Place]] = defaultdict(list)
    for pattern, start, end in scan.hits:
        for variant in listeners.rows[pattern]:
            field = scan.field_at(start)
            if not is_text(field):
                continue
            signals = wanted.intersection(variant.signals(field))
            if not signals or (not variant.plain and scan.objection(variant, start, end)):
                continue
            place = Place(field, *scan.shown_span(variant, start, end), variant, (start, end))
            for signal in signals:
                places[signal].append(place)
    return places


def _witnesses(query: Query, heard: Heard) -> set[Mark]:
    """The hits that make the operators over places true."""
    return {mark for part in query.witness if part.test(heard) for mark in part.marks(heard)}


def make_match(query: Query, scan: Scan, places: Mapping[int, list[Place]], heard: Heard) -> Match:
    """A watch that is met, with its hits."""
    made_true = _witnesses(query, heard)
    found = [
        (place, clause, bound)
        for signal, (clause, bound) in query.wanted.items()
        for place in places.get(signal, ())
        if signal not in query.bounded or (signal, *place.raw) in made_true
    ]
    if scan.repeated and any(place.field != "summary" for place, _, _ in found):
        found = [row for row in found if row[0].field != "summary" or row[2] == "summary"]
    chosen = choose(found, scan.group)
    hits = tuple(make_hit(scan, place, clause) for place, clause in chosen[:MAX_HITS])
    return Match(query.watch, query.version, hits, len(chosen))


def choose(found: list[tuple[Place, Span, Bound | None]], group: str) -> list[tuple[Place, Span]]:
    """One hit per place: of overlapping ones the text's language first, then the longest pattern, then file order."""
    ordered = sorted(found, key=lambda row: (row[0].start, row[0].end))
    chosen: list[tuple[Place, Span]] = []
    cluster: list[tuple[Place, Span]] = []
    reach = -1
    for place, clause, _ in ordered:
        if place.start >= reach:
            chosen.extend(_choose_best(cluster, group))
            cluster = []
        cluster.append((place, clause))
        reach = max(reach, place.end)
    return [*chosen, *_choose_best(cluster, group)]


def _choose_best(cluster: list[tuple[Place, Span]], group: str) -> list[tuple[Place, Span]]:
    if len(cluster) <= 1:
        return cluster
    kept: list[tuple[Place, Span]] = []
    for place, clause in sorted(cluster, key=lambda row: _preference(row[0], group)):
        if all(place.end <= other.start or other.end <= place.start for other, _ in kept):
            kept.append((place, clause))
    return sorted(kept, key=lambda row: row[0].start)


def _preference(place: Place, group: str) -> tuple[bool, int, int]:
    alias = place.variant.alias_for(group)
    own = bool(group) and language_group(alias.language or "") == group
    return (not own, -len(alias.core), place.variant.order)


def make_hit(scan: Scan, place: Place, clause: Span) -> Hit:
    """A place as it is published."""
    start, end = scan.local(place.field, place.start, place.end)
    text = scan.fields[FIELDS.index(place.field)]
    wide = scan.astral[FIELDS.index(place.field)]
    alias = place.variant.alias_for(scan.group)
    return Hit(
        field=place.field,
        start=start,
        end=end,
        utf16=(utf16_length(text[:start]), utf16_length(text[:end])) if wide else (start, end),
        text=text[start:end],
        term=alias.written,
        kind=alias.kind,
        concept=alias.concept,
        language=alias.language,
        clause=clause,
    )
