"""The compiled watches and what an article meets of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import copy
from typing import NamedTuple

from monitor.match.engine import Engine, engines
from monitor.match.fold import Folded
from monitor.match.heard import Heard
from monitor.match.index import Picked
from monitor.match.listeners import Listeners, Variant
from monitor.match.places import make_matches
from monitor.match.query import Query
from monitor.match.scan import Scan, is_cut
from monitor.match.sighting import Metadata, Sighting
from monitor.model.ids import WatchId
from monitor.model.watch import Limit, Match, Text, Watch


class Size(NamedTuple):
    """What a rule set is made of, in numbers."""

    watches: int
    patterns: int
    variants: int
    signals: int


class RuleSet:
    """All watches compiled. Never changes; a new configuration makes a new one."""

    def __init__(
        self,
        queries: tuple[Query, ...],
        listeners: Mapping[str, tuple[Variant, ...]],
        metadata: Metadata,
        packs: Mapping[str, str],
        placed: frozenset[int],
        signals: int,
    ) -> None:
        """`listeners` by pattern; `packs`: digests of the concepts that some query asks for, by name.

        `placed`: signals of which some operator asks where they are raised; `signals`: all there are, from 0.
        """
        self.queries = queries
        self.packs = packs
        self.patterns = tuple(listeners)
        self.listeners = Listeners(tuple(listeners.values()), placed)
        self.metadata = metadata
        self._asked = frozenset(name for name, _ in self.metadata)
        self._signals = signals
        self._restricted = frozenset(number for number, query in enumerate(queries) if query.restricted)
        self._ids = tuple(query.watch.id for query in queries)
        self.live = {query.watch.id: query for query in queries}
        """By watch."""
        self._use(engines()[0])

    def by(self, engine: Engine) -> RuleSet:
        """The same watches, searched and judged by another engine."""
        other = copy(self)
        other._use(engine)
        return other

    def _use(self, engine: Engine) -> None:
        self.engine, self._fold = engine.name, engine.fold
        self._search = engine.make_search(self.patterns)
        self._index = engine.make_index([query.entry for query in self.queries], self.listeners, self._signals)
        self._stages = engine.make_stages(self.listeners, self._signals) if engine.make_stages else None

    @property
    def watches(self) -> tuple[Watch, ...]:
        """The watches in the order they were given."""
        return tuple(query.watch for query in self.queries)

    @property
    def size(self) -> Size:
        """Figures for people and metrics."""
        variants = [variant for row in self.listeners.rows for variant in row]
        return Size(len(self.queries), len(self.patterns), len(variants), self._signals)

    def version(self, watch: WatchId) -> str:
        """Names query, packs and fold table of a watch. Raises KeyError."""
        return self.live[watch].version

    def scan(self, text: Text, asides: bool = False, folded: Folded | None = None) -> Scan:
        """An article with every occurrence of every pattern.

        `asides`: authors, addresses and tags too, whoever asks; `folded`: what another scan of the same has folded.
        """
        fold = (lambda _: folded) if folded else self._fold
        return Scan(text, self._search, fold, asides or self.listeners.asides)

    def sight(self, scan: Scan) -> Sighting:
        """A scanned article before these watches."""
        return Sighting(scan, self.listeners, self.metadata, self._asked)

    def heard(self, scan: Scan) -> Heard:
        """Everything an article raises."""
        return self.sight(scan).heard

    def met(self, text: Text, watches: AbstractSet[str] | None = None) -> tuple[WatchId, ...]:
        """Ids of the watches an article meets, without looking for the places."""
        return tuple(self._pick(self.sight(self.scan(text)), self._ids, watches))

    def match(self, text: Text, watches: AbstractSet[str] | None = None) -> tuple[Match, ...]:
        """What an article meets, of all watches or of these ids, in the order of the watches.

        Hits go by field and place, at most 200 are kept, `hits_total` counts all; overlapping ones are one hit.
        """
        sighting = self.sight(self.scan(text))
        return self.show(self.met_queries(sighting, watches), sighting)

    def met_queries(self, sighting: Sighting, watches: AbstractSet[str] | None = None) -> Sequence[Query]:
        """The queries that an article meets."""
        return self._pick(sighting, self.queries, watches)

    def show(self, met: Sequence[Query], sighting: Sighting) -> tuple[Match, ...]:
        """Queries that are met, with their hits."""
        if not met:
            return ()
        scan = sighting.scan
        stage = self._stages.stage(scan) if self._stages else None
        matches = tuple(make_matches(met, sighting, self.listeners, stage))
        cut, crowded = is_cut(scan.text.title, scan.text.summary, scan.text.body), sighting.crowded
        return tuple(map(_bounded(cut, crowded), met, matches)) if cut or crowded else matches

    def occurring(self, text: Text) -> Iterator[str]:
        """The patterns that occur in an article, each once: what frequencies are counted of."""
        return map(self.patterns.__getitem__, self.scan(text).patterns)

    def candidates(self, text: Text) -> int:
        """How many queries are looked at beyond those that one hit decides: few more than are met, or it is costly."""
        return self._index.candidates(self.sight(self.scan(text)))

    def _pick(self, sighting: Sighting, rows: tuple[Picked, ...], watches: AbstractSet[str] | None) -> Sequence[Picked]:
        """The rows, one a query, of those that an article meets and that may judge it."""
        if watches is None and not self._restricted:
            return self._index.pick(sighting, rows)
        restricted, ids, group = self._restricted, self._ids, sighting.scan.group
        return [
            rows[number]
            for number in self._index.met(sighting)
            if (number not in restricted or self.queries[number].admits(group))
            and (watches is None or ids[number] in watches)
        ]


def _bounded(cut: bool, crowded: AbstractSet[int]) -> Callable[[Query, Match], Match]:
    """Matches with the bounds that were reached; those of other watches' terms are not theirs."""

    def bounded(query: Query, match: Match) -> Match:
        limits: list[Limit] = ["field"] if cut else []
        if not crowded.isdisjoint(query.shown):
            limits.append("hits")
        return match._replace(limits=tuple(limits))

    return bounded
