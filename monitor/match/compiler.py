"""Watches and concepts → a `RuleSet`, or every problem of every query."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from monitor.errors import Problem
from monitor.match.faults import MAX_PATTERNS, absence_faults, leaf_faults, query_faults
from monitor.match.fold import table_version
from monitor.match.frequencies import Frequencies
from monitor.match.garbage import undisturbed
from monitor.match.inflection import Inflect
from monitor.match.lexicon import Lexicon, make_lexicon, read_leaves
from monitor.match.listeners import Variant
from monitor.match.matcher import RuleSet
from monitor.match.operators import OPERATORS
from monitor.match.operators.base import Need
from monitor.match.operators.metadata import SHARES
from monitor.match.packs import Concept
from monitor.match.parser import parse
from monitor.match.patterns import Alias, make_alias
from monitor.match.query import Query
from monitor.match.syntax import (
    Bound,
    Fault,
    Leaf,
    Node,
    QueryError,
    QueryFault,
    leaves,
    problem,
)
from monitor.match.variants import Listener, Raised, Rows, Tier, guess_share, make_variants
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Watch

FAULTY = -1
"""In the place of a signal."""

Signal = tuple[Bound | None, int]
"""A signal and the field in which a hit must lie to raise it."""


def compile_rules(
    watches: Sequence[Watch],
    concepts: Mapping[str, Concept],
    inflect: Inflect | None = None,
    frequencies: Frequencies | None = None,
) -> RuleSet:
    """All watches as one rule set; none at all is allowed. Raises QueryError with the problems of all of them.

    `inflect` knows the forms of words; by default the dictionaries that are installed. `frequencies`: what was counted
    of articles, by which the rarest group of each query is found; it changes the cost and never the result.
    """
    with undisturbed():
        results = [_parse(watch.query) for watch in watches]
        rows = [() if isinstance(result, Fault) else leaves(result) for result in results]
        compiler = _Compiler(read_leaves(rows, concepts, inflect), frequencies or Frequencies())
        compiler.number_concepts(chain.from_iterable(rows))
        queries: list[Query] = []
        problems: list[Problem] = []
        for watch, result, every in zip(watches, results, rows, strict=True):
            query = [result] if isinstance(result, Fault) else compiler.query(watch, result, every)
            if isinstance(query, Query):
                queries.append(query)
            else:
                problems += [problem(fault, watch.query, watch.place) for fault in query]
        if problems:
            raise QueryError(problems)
        return compiler.rules(queries)


def compile_filter(query: str, concepts: Mapping[str, Concept]) -> RuleSet:
    """A single query without a watch, for a feed's `filter`. Raises QueryError."""
    return compile_rules([Watch(WatchId("filter"), query)], concepts)


def check_query(query: str, place: Place, concepts: Mapping[str, Concept]) -> tuple[Problem, ...]:
    """Everything that keeps a query from being compiled."""
    result = _parse(query)
    faults = [result] if isinstance(result, Fault) else query_faults(result, make_lexicon([result], concepts))
    return tuple(problem(fault, query, place) for fault in faults)


def keywords_query(entries: Sequence[str]) -> str:
    """The query of the short form: an OR of the entries, a phrase where an entry has blanks, `*` as in queries."""
    return " OR ".join(_keyword(entry.strip()) for entry in entries if entry.strip())


def _keyword(entry: str) -> str:
    if entry.isalnum() and entry not in OPERATORS:
        return entry
    body = entry.strip("*") or entry
    left, right = entry.startswith("*") and body != entry, entry.endswith("*") and body != entry
    escaped = "".join("\\" + letter if letter in '\\"“”„‟＂«»*' else letter for letter in body)
    return f'"{"*" if left else ""}{escaped}{"*" if right else ""}"'


def _parse(query: str) -> Node | Fault:
    """The tree of a query, or its first syntax error."""
    try:
        return parse(query)
    except QueryFault as error:
        return error.fault


@dataclass(slots=True)
class _Compiler:
    """Gathers what every pattern raises, over all watches."""

    words: Lexicon
    frequencies: Frequencies
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    """Signals by meaning; equal leaves of all watches share one. `FAULTY` where something is wrong with them."""
    needs: list[Need] = field(default_factory=list)
    """By signal: itself."""
    weights: list[float] = field(default_factory=list)
    """By signal: the share of articles that are expected to raise it."""
    sizes: list[int] = field(default_factory=list)
    """By signal: how many aliases it has."""
    metadata: dict[tuple[str, str], int] = field(default_factory=dict)
    """Signals of tests that are about the article as a whole."""
    raised: dict[str, list[Listener]] = field(default_factory=lambda: defaultdict(list))
    """By pattern, who listens."""
    tiers: dict[tuple[str, bool], tuple[Tier, list[Signal], float]] = field(default_factory=dict)
    """By name and tier of a concept: its aliases, what all of them raise, and how often that is expected."""
    placed: set[int] = field(default_factory=set)
    """Signals of which some operator asks where they are raised."""

    def rules(self, queries: Sequence[Query]) -> RuleSet:
        """All that was gathered, with the queries it was gathered from."""
        packs = {name: self.words.concepts[name].digest for name, _ in self.tiers}
        signals = len(self.needs)
        return RuleSet(tuple(queries), self.listeners(), self.metadata, packs, frozenset(self.placed), signals)

    def listeners(self) -> Rows:
        """Who listens to which pattern: concepts, then words."""
        found: dict[str, tuple[Variant, ...]] = {}
        first = 0
        for tier, signals, _ in self.tiers.values():
            rows, size = tier.rows(_raised(signals), first)
            first += size
            both = {pattern: found[pattern] + rows[pattern] for pattern in found.keys() & rows.keys()}
            found |= rows
            found |= both
        order = count(first)
        for pattern, heard in self.raised.items():
            found[pattern] = found.get(pattern, ()) + make_variants(heard, order)
        return found

    def number_concepts(self, every: Iterable[Leaf]) -> None:
        """Gives concepts their signals before all else, in one order, so that rule sets can share what they raise."""
        found = {(leaf.text, leaf.weak, leaf.field or ""): leaf for leaf in every if leaf.kind == "concept"}
        for key in sorted(found):
            self.signal(found[key])

    def query(self, watch: Watch, tree: Node, every: Sequence[Leaf]) -> Query | list[Fault]:
        """A watch with its tree and the leaves of that; what is wrong if something is."""
        numbers = tuple(map(self.signal, every))
        if faults := self.faults(watch, tree, numbers):
            return faults
        need = self.need(tree, iter(numbers))
        return Query(watch, self.version(watch, every), tree, numbers, need, self.cost)

    def faults(self, watch: Watch, tree: Node, numbers: Sequence[int]) -> list[Fault]:
        """What is wrong with a query; looked for only where something can be."""
        if FAULTY in numbers or sum(map(self.sizes.__getitem__, numbers)) > MAX_PATTERNS:
            return query_faults(tree, self.words)
        return list(absence_faults(tree)) if "NOT" in watch.query or "-" in watch.query else []

    def need(self, node: Node, numbers: Iterator[int], inside: bool = False) -> Need:
        """What a node needs, given the signals of its leaves; `inside` an operator over places."""
        if isinstance(node, Leaf):
            number = next(numbers)
            if inside and not node.meta:
                self.placed.add(number)
            return self.needs[number]
        operator = OPERATORS[node.name]
        inside = inside or operator.placed
        return operator.need([self.need(part, numbers, inside) for part in node.parts], self.cost)

    def signal(self, leaf: Leaf) -> int:
        """The number of what a leaf means."""
        key = leaf.meaning
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = self.add_word(leaf) if _is_common(leaf) else self.add(leaf)
        return number

    def add_word(self, leaf: Leaf) -> int:
        """The signal of a word or phrase without signs: nearly all are such."""
        core = self.words.cores[leaf.text]
        if not core:
            return FAULTY
        alias = make_alias(Alias(leaf.text, "phrase" if " " in core else "term", core))
        self.raised[alias.pattern].append((alias, 0, _raised([(leaf.field, len(self.needs))])))
        return self.count(1, self.expected(alias))

    def add(self, leaf: Leaf) -> int:
        """A new signal; of metadata one for all spellings of a value."""
        if leaf_faults(leaf, self.words):
            return FAULTY
        if leaf.meta:
            return self.add_test(leaf.meta, self.words.value(leaf))
        if leaf.kind == "concept":
            return self.add_concept(leaf)
        aliases = self.words.aliases(leaf)
        return self.count(len(aliases), self.hear(aliases, _raised([(leaf.field, len(self.needs))])))

    def add_test(self, name: str, value: str) -> int:
        """The signal of what is known about the article as a whole."""
        if (name, value) not in self.metadata:
            self.metadata[name, value] = self.count(1, SHARES[name])
        return self.metadata[name, value]

    def add_concept(self, leaf: Leaf) -> int:
        """A signal that all aliases of a concept raise; in each field it is another one."""
        key = (leaf.text, leaf.weak)
        if key not in self.tiers:
            tier = self.words.concepts[leaf.text].tiers.setdefault(leaf.weak, Tier(self.words.aliases(leaf)))
            self.tiers[key] = (tier, [], tier.share(self.frequencies))
        tier, signals, weight = self.tiers[key]
        signals.append((leaf.field, len(self.needs)))
        return self.count(len(tier), weight)

    def count(self, size: int, weight: float) -> int:
        """The next number, for a signal of so many aliases."""
        number = len(self.needs)
        self.needs.append(Need((frozenset((number,)),), True))
        self.sizes.append(size)
        self.weights.append(weight)
        return number

    def hear(self, aliases: Sequence[Alias], raised: Raised) -> float:
        """Listens to all of them; how often one is expected."""
        for rank, alias in enumerate(aliases):
            self.raised[alias.pattern].append((alias, rank, raised))
        return sum(map(self.expected, aliases))

    def expected(self, alias: Alias) -> float:
        """Share of articles that an alias is expected in."""
        guess = guess_share(alias)
        return self.frequencies.share(alias.pattern, guess) if self.frequencies.articles else guess

    def cost(self, group: frozenset[int]) -> float:
        return sum(map(self.weights.__getitem__, group))

    def version(self, watch: Watch, every: Sequence[Leaf]) -> str:
        parts = [table_version(), watch.query, *watch.languages, *self.words.digests(every)]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _raised(signals: Sequence[Signal]) -> Raised:
    anywhere = tuple([number for field, number in signals if field is None])
    return Raised(anywhere, tuple([(field, number) for field, number in signals if field is not None]))


def _is_common(leaf: Leaf) -> bool:
    """A word or phrase without signs in it."""
    return leaf.kind in ("word", "phrase") and not (leaf.open_left or leaf.open_right or leaf.wild or leaf.meta)
