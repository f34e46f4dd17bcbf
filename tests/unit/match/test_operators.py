"""The rows of the query language: each example is a test, each operator has its place."""

from __future__ import annotations

import pytest

from monitor.match.arrays import Arrays
from monitor.match.compiler import compile_rules
from monitor.match.concepts import load_packs
from monitor.match.index import Sets
from monitor.match.operators import INFIX, OPERATORS
from monitor.match.operators.base import EXAMPLE, Example, Need, Operator
from monitor.match.operators.conjunction import need_all
from monitor.match.operators.disjunction import need_any
from monitor.match.operators.near import judge_simply, pairs
from monitor.match.operators.negation import need_absence
from monitor.match.plan import plan
from monitor.match.syntax import Op, leaves
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch

PACK = "concept: example\nlanguages: {en: {terms: [ukraine], weak: [drone]}}"
EXAMPLES = [
    pytest.param(example, id=f"{row.name}: {example.query}") for row in OPERATORS.values() for example in row.examples
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: Example) -> None:
    """The truth tables of the documentation."""
    rules = compile_rules([Watch(WatchId("w"), example.query)], load_packs({"example.yaml": PACK})[0], inflect)

    assert bool(rules.match(EXAMPLE)) is example.true
    assert bool(rules.met(EXAMPLE)) is example.true
    seen, entries = rules.sight(rules.scan(EXAMPLE)), [query.entry for query in rules.queries]
    assert [bool(kind(entries, rules.size.signals).met(seen)) for kind in (Sets, Arrays)] == [example.true] * 2


def inflect(word: str, language: str) -> tuple[str, ...] | None:
    """A dictionary of two words."""
    return {("strike", "en"): ("strike", "strikes"), ("burn", "en"): ("burn", "burned")}.get((word, language), (word,))


def test_every_row_has_examples_of_both_kinds() -> None:
    """A truth table without a false row shows nothing."""
    for row in OPERATORS.values():
        assert {example.true for example in row.examples} == {True, False}, row.name
        assert row.summary
        assert row.syntax


def test_powers() -> None:
    """Tightest first: leaves, field, NOT, NEAR, AND, OR."""
    names = ["word", "field", "NOT", "NEAR", "AND", "OR"]

    assert sorted(names, key=lambda name: -OPERATORS[name].power) == names
    assert set(OPERATORS) >= INFIX


def test_needs() -> None:
    """AND keeps all groups; OR joins the cheapest of each side, or has none if a side has none; NOT bans a group."""
    cost = {frozenset({1}): 1.0, frozenset({2}): 2.0, frozenset({3}): 3.0}.__getitem__
    first, second = Need((frozenset({1}), frozenset({2})), True), Need((frozenset({3}),), True)

    assert need_all([first, second], cost) == Need((frozenset({1}), frozenset({2}), frozenset({3})), True)
    assert need_any([first, second], cost) == Need((frozenset({1, 3}),), False)
    assert need_any([second, second], cost) == Need((frozenset({3}),), True)
    assert need_any([first, Need((), False)], cost) == Need((), False)
    assert need_absence([second], cost) == Need((), True, frozenset({3}))
    assert need_absence([first], cost) == Need((), False)
    assert need_all([second, need_absence([second], cost)], cost) == Need((frozenset({3}),), True, frozenset({3}))
    assert need_any([second._replace(banned=frozenset({1}))], cost) == Need((frozenset({3}),), False)


LEAVES = ["word", "phrase", "exact", "concept", "field", "metadata", "forms"]


@pytest.mark.parametrize("row", [OPERATORS[name] for name in LEAVES], ids=LEAVES)
def test_leaves_have_no_operands(row: Operator) -> None:
    """A form that is a leaf cannot be evaluated over operands."""
    with pytest.raises(TypeError, match="0 given"):
        row.test([], Op(row.name, (), (0, 0)))
    with pytest.raises(TypeError, match="0 given"):
        row.need([], len)


SIMPLE = [
    ("a1 NEAR/1 c3", "a1 b2 c3", True),
    ("a1 NEAR/1 c3", "a1 b2 x c3", False),
    ("c3 ONEAR/1 a1", "a1 b2 c3", False),
    ("c3 ONEAR/1 a1", "a1 b2 c3 b2 a1", True),
    ("(a1 OR b2) NEAR/0 (x9 OR d4)", "a1 b2 c3 x b2 x9", True),
    ("a1 NEAR/2 c3", "слово a1 слово слово c3", True),
    ("a1 NEAR/9 t1", "a1", False),
    ("a1 NEAR/2 a1", "a1 a1", None),
    ("a1 NEAR/9 c3", "a1 無 c3", None),
]
"""Query, body under the title "t1", and what is known without numbers of words; None = only the long way tells."""


@pytest.mark.parametrize(("query", "body", "known"), SIMPLE)
def test_near_of_terms_is_judged_by_neighbours(query: str, body: str, known: bool | None) -> None:
    """The short way says the same as all pairs, or nothing."""
    rules = compile_rules([Watch(WatchId("w"), query)], {})
    text = Text("t1", body=body)
    (compiled,), heard = rules.queries, rules.heard(rules.scan(text))
    node, signals = compiled.tree, compiled.signals
    assert isinstance(node, Op)
    sides = [{signals[leaf] for leaf in leaves(part)} for part in node.parts]
    parts = [plan(part, signals, len) for part in node.parts]

    assert judge_simply(sides[0], sides[1], node, heard) is known
    assert known in (None, next(pairs(parts, node, heard), None) is not None)
