"""Watches and concepts → a `RuleSet`, or every problem of every query."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import count

from monitor.errors import Problem
from monitor.match.fold import HANGUL, UNSPACED, fold_words, script_class, table_version
from monitor.match.languages import language_group
from monitor.match.matcher import Query, RuleSet
from monitor.match.operators import OPERATORS
from monitor.match.operators.base import Need, Test
from monitor.match.packs import Concept
from monitor.match.parser import parse
from monitor.match.patterns import PLAIN, Alias, Check, exact_form, make_alias
from monitor.match.scan import Variant
from monitor.match.syntax import (
    Fault,
    Leaf,
    Node,
    Op,
    QueryError,
    QueryFault,
    Span,
    leaves,
    positive_leaves,
    problem,
)
from monitor.model.article import FieldName
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Watch

MIN_BEFORE, MIN_AFTER = 3, 4
"""Letters a wildcard needs before or after it."""

Raised = tuple[FieldName | None, int]
"""A signal and the field in which a hit must lie to raise it."""


def compile_rules(watches: Sequence[Watch], concepts: Mapping[str, Concept]) -> RuleSet:
    """All watches as one rule set; none at all is allowed. Raises QueryError with the problems of all of them."""
    results = [_parse(watch.query) for watch in watches]
    cores = fold_leaves([result for result in results if not isinstance(result, Fault)])
    rows, problems = [], []
    for watch, result in zip(watches, results, strict=True):
        faults = [result] if isinstance(result, Fault) else _faults(result, concepts, cores)
        problems += [problem(fault, watch.query, watch.place) for fault in faults]
        if not isinstance(result, Fault):
            rows.append((watch, result))
    if problems:
        raise QueryError(problems)
    return _Compiler(concepts, cores).compile(rows)


def compile_filter(query: str, concepts: Mapping[str, Concept]) -> RuleSet:
    """A single query without a watch, for a feed's `filter`. Raises QueryError."""
    return compile_rules([Watch(WatchId("filter"), query)], concepts)


def check_query(query: str, place: Place, concepts: Mapping[str, Concept]) -> tuple[Problem, ...]:
    """Everything that keeps a query from being compiled."""
    result = _parse(query)
    faults = [result] if isinstance(result, Fault) else _faults(result, concepts, fold_leaves([result]))
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


def _faults(tree: Node, concepts: Mapping[str, Concept], cores: Mapping[str, str]) -> list[Fault]:
    """All that is wrong with what a query means."""
    return [*_leaf_faults(tree, concepts, cores), *_absence_faults(tree)]


def fold_leaves(trees: Sequence[Node]) -> Mapping[str, str]:
    """Folded forms of the texts of all leaves."""
    texts = list({leaf.text for tree in trees for leaf in leaves(tree) if leaf.kind != "concept"})
    return dict(zip(texts, fold_words(texts), strict=True))


def _leaf_faults(tree: Node, concepts: Mapping[str, Concept], cores: Mapping[str, str]) -> Iterator[Fault]:
    for leaf in leaves(tree):
        if leaf.kind == "concept":
            if leaf.text not in concepts:
                near = get_close_matches(leaf.text, concepts, 1)
                remedy = f"did you mean @{near[0]}?" if near else f"there are {', '.join(sorted(concepts)) or 'none'}"
                yield Fault("MON-QRY-005", leaf.span, f"there is no concept @{leaf.text}", remedy)
        elif not cores[leaf.text]:
            yield Fault(
                "MON-QRY-011", leaf.span, "nothing is left of this after folding", "use letters, digits or a flag"
            )
        elif fault := _wildcard_fault(leaf, cores[leaf.text]):
            yield fault


def _wildcard_fault(leaf: Leaf, core: str) -> Fault | None:
    """A wildcard that would hit half the language."""
    inner = core[0] if leaf.open_left else core[-1]
    if not (leaf.open_left or leaf.open_right) or script_class(inner) in (*UNSPACED, HANGUL):
        return None
    least = MIN_AFTER if leaf.open_left else MIN_BEFORE
    if len(core.replace(" ", "")) >= least:
        return None
    side = "after" if leaf.open_left else "before"
    return Fault("MON-QRY-006", leaf.span, f"a wildcard needs {least} letters {side} it", "write more letters")


def _absence_faults(node: Node, top: bool = True) -> Iterator[Fault]:
    """Pure absence is true of nearly everything, so it must stand in an AND beside something positive."""
    if isinstance(node, Leaf):
        return
    negative = [part for part in node.parts if isinstance(part, Op) and part.name == "NOT"]
    if node.name == "NOT" and top:
        yield Fault("MON-QRY-009", node.span, "only what must be absent is said", "add AND and what must be present")
    elif node.name == "OR" and negative:
        yield Fault(
            "MON-QRY-009", negative[0].span, "OR NOT is true for nearly everything", "write AND NOT, or remove it"
        )
    elif node.name == "AND" and len(negative) == len(node.parts):
        yield Fault("MON-QRY-009", node.span, "only what must be absent is said", "add AND and what must be present")
    for part in node.parts:
        yield from _absence_faults(part, top=False)


@dataclass(slots=True)
class _Compiler:
    """Gathers what every pattern raises, over all watches."""

    concepts: Mapping[str, Concept]
    cores: Mapping[str, str]
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    weights: dict[int, float] = field(default_factory=dict)
    raised: dict[str, dict[int, tuple[Alias, list[Raised]]]] = field(default_factory=lambda: defaultdict(dict))
    """By pattern and identity of an alias (a concept's are shared, and dear to compare): what a hit of it raises."""

    def compile(self, rows: Sequence[tuple[Watch, Node]]) -> RuleSet:
        queries = tuple(self.query(watch, tree) for watch, tree in rows)
        order = count()
        listeners = [tuple(_variants(aliases.values(), order)) for aliases in self.raised.values()]
        return RuleSet(queries, tuple(self.raised), listeners)

    def signal(self, leaf: Leaf) -> int:
        """The number of what a leaf means; equal leaves of all watches share it."""
        key = self.key(leaf)
        if key not in self.numbers:
            number = self.numbers[key] = len(self.numbers)
            aliases = self.aliases(leaf)
            self.weights[number] = sum(map(_frequency, aliases))
            for alias in aliases:
                self.raised[alias.pattern].setdefault(id(alias), (alias, []))[1].append((leaf.field, number))
        return self.numbers[key]

    def key(self, leaf: Leaf) -> tuple[object, ...]:
        return (leaf.kind, leaf.text, leaf.field, leaf.weak, leaf.open_left, leaf.open_right)

    def aliases(self, leaf: Leaf) -> tuple[Alias, ...]:
        if leaf.kind == "concept":
            concept = self.concepts[leaf.text]
            return concept.weak if leaf.weak else concept.strong
        return (leaf_alias(leaf, self.cores[leaf.text]),)

    def cost(self, group: frozenset[int]) -> float:
        return sum(self.weights[signal] for signal in group)

    def plan(self, node: Node, signals: Mapping[Leaf, int]) -> tuple[Test, Need]:
        """The test of a tree and what must occur for it to be true."""
        if isinstance(node, Leaf):
            signal = signals[node]
            return (lambda heard: signal in heard), Need((frozenset({signal}),), True)
        tests, needs = zip(*(self.plan(part, signals) for part in node.parts), strict=True)
        operator = OPERATORS[node.name]
        return operator.test(tests), operator.need(needs, self.cost)

    def query(self, watch: Watch, tree: Node) -> Query:
        signals = {leaf: self.signal(leaf) for leaf in leaves(tree)}
        test, need = self.plan(tree, signals)
        wanted: dict[int, tuple[Span, FieldName | None]] = {}
        for leaf in positive_leaves(tree):
            wanted.setdefault(signals[leaf], (leaf.span, leaf.field))
        return Query(
            watch=watch,
            version=self.version(watch, tree),
            tree=tree,
            test=test,
            anchor=min(need.groups, key=self.cost),
            decided=need.exact and len(need.groups) == 1,
            signals=signals,
            wanted=wanted,
            groups=frozenset(map(language_group, watch.languages)),
        )

    def version(self, watch: Watch, tree: Node) -> str:
        names = sorted({leaf.text for leaf in leaves(tree) if leaf.kind == "concept"})
        parts = [table_version(), watch.query, *watch.languages]
        for name in names:
            parts += [name, self.concepts[name].digest]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def leaf_alias(leaf: Leaf, core: str) -> Alias:
    """What a leaf other than a concept searches for."""
    kind = "prefix" if leaf.open_right else "suffix" if leaf.open_left else "phrase" if " " in core else "term"
    check = PLAIN
    if leaf.kind in ("exact", "accent"):
        kind = "case" if leaf.kind == "exact" else "accent"
        check = Check(exact=exact_form(leaf.text, leaf.kind == "exact"), cased=leaf.kind == "exact")
    written = ("*" if leaf.open_left else "") + leaf.text + ("*" if leaf.open_right else "")
    return make_alias(Alias(written, kind, core, check, leaf.open_left, leaf.open_right))


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
            extend_left=first.open_left and first.kind.startswith("suffix") and _in_words(first.core[0]),
            extend_right=first.open_right and _in_words(first.core[-1]),
        )


def _in_words(letter: str) -> bool:
    """Does a blank end the words of this letter's script?"""
    return script_class(letter) not in (*UNSPACED, HANGUL)
