"""Watches and concepts → a `RuleSet`, or every problem of every query."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from monitor.errors import Problem
from monitor.match.faults import query_faults
from monitor.match.fold import HANGUL, UNSPACED, script_class, table_version
from monitor.match.inflection import Inflect
from monitor.match.languages import language_group
from monitor.match.lexicon import Lexicon, make_lexicon
from monitor.match.matcher import Query, RuleSet
from monitor.match.operators import OPERATORS
from monitor.match.operators.base import Part
from monitor.match.operators.metadata import SHARES
from monitor.match.packs import Concept
from monitor.match.parser import parse
from monitor.match.patterns import PLAIN, Alias, Check
from monitor.match.plan import placed_nodes, plan
from monitor.match.scan import ASIDES, Variant
from monitor.match.syntax import (
    Bound,
    Fault,
    Leaf,
    Node,
    QueryError,
    QueryFault,
    Span,
    leaves,
    positive_leaves,
    problem,
)
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Watch

Raised = tuple[Bound | None, int]
"""A signal and the field in which a hit must lie to raise it."""


def compile_rules(watches: Sequence[Watch], concepts: Mapping[str, Concept], inflect: Inflect | None = None) -> RuleSet:
    """All watches as one rule set; none at all is allowed. Raises QueryError with the problems of all of them.

    `inflect` knows the forms of words; by default the dictionaries that are installed.
    """
    results = [_parse(watch.query) for watch in watches]
    words = make_lexicon([result for result in results if not isinstance(result, Fault)], concepts, inflect)
    rows, problems = [], []
    for watch, result in zip(watches, results, strict=True):
        faults = [result] if isinstance(result, Fault) else query_faults(result, words)
        problems += [problem(fault, watch.query, watch.place) for fault in faults]
        if not isinstance(result, Fault):
            rows.append((watch, result))
    if problems:
        raise QueryError(problems)
    return _Compiler(words).compile(rows)


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
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    weights: dict[int, float] = field(default_factory=dict)
    metadata: dict[tuple[str, str], int] = field(default_factory=dict)
    """Signals of tests that are about the article as a whole."""
    raised: dict[str, dict[int, tuple[Alias, list[Raised]]]] = field(default_factory=lambda: defaultdict(dict))
    """By pattern and identity of an alias (a concept's are shared, and dear to compare): what a hit of it raises."""

    def compile(self, rows: Sequence[tuple[Watch, Node]]) -> RuleSet:
        queries = tuple(self.query(watch, tree) for watch, tree in rows)
        order = count()
        listeners = [tuple(_variants(aliases.values(), order)) for aliases in self.raised.values()]
        return RuleSet(queries, tuple(self.raised), listeners, self.metadata)

    def signal(self, leaf: Leaf) -> int:
        """The number of what a leaf means; equal leaves of all watches share it."""
        key = self.key(leaf)
        if key not in self.numbers:
            number = self.numbers[key] = len(self.numbers)
            self.weights[number] = self.listen(leaf, number)
        return self.numbers[key]

    def listen(self, leaf: Leaf, number: int) -> float:
        """Notes what raises a signal; the share of articles that are expected to."""
        if leaf.meta:
            self.metadata[leaf.meta, self.words.value(leaf)] = number
            return SHARES[leaf.meta]
        aliases = self.words.aliases(leaf)
        for alias in aliases:
            self.raised[alias.pattern].setdefault(id(alias), (alias, []))[1].append((leaf.field, number))
        return sum(map(_frequency, aliases))

    def key(self, leaf: Leaf) -> tuple[object, ...]:
        if leaf.meta:
            return (leaf.meta, self.words.value(leaf))
        return (leaf.kind, leaf.text, leaf.field, leaf.weak, leaf.open_left, leaf.open_right, leaf.wild, leaf.language)

    def cost(self, group: frozenset[int]) -> float:
        return sum(self.weights[signal] for signal in group)

    def query(self, watch: Watch, tree: Node) -> Query:
        signals = {leaf: self.signal(leaf) for leaf in leaves(tree)}
        part = plan(tree, signals, self.cost)
        wanted: dict[int, tuple[Span, Bound | None]] = {}
        for leaf in positive_leaves(tree):
            if leaf.meta or leaf.field in ASIDES:
                continue  # true of the article, and not in its text
            wanted.setdefault(signals[leaf], (leaf.span, leaf.field))
        witness, bounded = self.witness(tree, signals) if part.placed else ((), frozenset())
        return Query(
            watch=watch,
            version=self.version(watch, tree),
            tree=tree,
            test=part.test,
            anchor=min(part.need.groups, key=self.cost),
            decided=part.need.exact and len(part.need.groups) == 1,
            signals=signals,
            witness=witness,
            bounded=bounded,
            wanted=wanted,
            groups=frozenset(map(language_group, watch.languages)),
        )

    def witness(self, tree: Node, signals: Mapping[Leaf, int]) -> tuple[tuple[Part, ...], frozenset[int]]:
        """The operators over places that speak for a query, and the signals that stand in them alone."""
        nodes = tuple(placed_nodes(tree))
        inside = {leaf for node in nodes for leaf in positive_leaves(node)}
        outside = {signals[leaf] for leaf in positive_leaves(tree) if leaf not in inside}
        bounded = frozenset(signals[leaf] for leaf in inside) - outside
        return tuple(plan(node, signals, self.cost) for node in nodes), bounded

    def version(self, watch: Watch, tree: Node) -> str:
        parts = [table_version(), watch.query, *watch.languages, *self.words.digests(tree)]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _frequency(alias: Alias) -> float:
    """Expected share of articles with this alias: short words and beginnings are the frequent ones."""
    letters = len(alias.core) * (2 if script_class(alias.core[0]) in (*UNSPACED, HANGUL) else 1)
    return (3e-4 if alias.open_left or alias.open_right else 1e-5) * (1 + 1000 * 0.5**letters)


def _variants(rows: Iterable[tuple[Alias, list[Raised]]], order: Iterator[int]) -> Iterator[Variant]:
    """Aliases of one pattern, those together that differ only in how they are reported."""
    alike: dict[tuple[Check, tuple[Raised, ...], bool, bool], list[Alias]] = {}
    for alias, raised in rows:
        alike.setdefault((alias.check, tuple(raised), alias.open_left, alias.open_right), []).append(alias)
    for (_, signals, _, _), group in alike.items():
        first = group[0]
        by_language: dict[str, Alias] = {}
        for alias in group:
            by_language.setdefault(language_group(alias.language or ""), alias)
        yield Variant(
            order=next(order),
            aliases=tuple(group),
            check=first.check,
            plain=first.check == PLAIN,
            anywhere=tuple(signal for field_name, signal in signals if field_name is None),
            fielded=tuple((field_name, signal) for field_name, signal in signals if field_name is not None),
            by_language=by_language,
            extend_left=first.open_left and first.kind.startswith(("suffix", "wildcard")) and _in_words(first.core[0]),
            extend_right=first.open_right and _in_words(first.core[-1]),
        )


def _in_words(letter: str) -> bool:
    """Does a blank end the words of this letter's script?"""
    return script_class(letter) not in (*UNSPACED, HANGUL)
