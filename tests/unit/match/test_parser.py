"""Query text → tree: precedence, fields, spans, bounds."""

from __future__ import annotations

import pytest

from monitor.match.compiler import check_query, compile_rules
from monitor.match.parser import MAX_CHARACTERS, MAX_DEPTH, MAX_LEAVES, parse
from monitor.match.syntax import Leaf, Node, QueryError, leaves, positive_leaves
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Watch


def shape(node: Node) -> str:
    """The tree with all parentheses."""
    if isinstance(node, Leaf):
        wild = ("*" if node.open_left else "") + node.text + ("*" if node.open_right else "")
        return (f"{node.field}:" if node.field else "") + {"exact": "{%s}", "accent": "=%s"}.get(node.kind, "%s") % wild
    if node.name == "NOT":
        return f"-{shape(node.parts[0])}"
    return "(" + f" {node.name} ".join(map(shape, node.parts)) + ")"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a OR b AND c", "(a OR (b AND c))"),
        ("a AND b OR c AND d", "((a AND b) OR (c AND d))"),
        ("a AND (b OR c)", "(a AND (b OR c))"),
        ("a AND b AND c", "(a AND b AND c)"),
        ("a AND NOT b OR c", "((a AND -b) OR c)"),
        ("a AND NOT (b OR c)", "(a AND -(b OR c))"),
        ("a AND NOT NOT b", "(a AND b)"),
        ("NOT title:a AND b", "(-title:a AND b)"),
        ("title:a OR b", "(title:a OR b)"),
        ("title:(a OR b) AND c", "((title:a OR title:b) AND c)"),
        ("lead:text:a", "summary:a"),
        ("text:title:a", "title:a"),
        ("TITLE: a", "title:a"),
        ("=drö* AND *abcd AND {U.S.}", "(=drö* AND *abcd AND {U.S.})"),
        ("-a AND b", "(-a AND b)"),
        ("a-b AND c", "(a-b AND c)"),
        ("10:30 AND a", "(10:30 AND a)"),
        ("(((a)))", "a"),
        ("\\AND AND \\(x\\)", "(AND AND (x))"),
        ("「a」 AND ｛b｝", "(「a」 AND {b})"),
    ],
)
def test_tree(query: str, expected: str) -> None:
    """Field binds tighter than NOT, NOT than AND, AND than OR."""
    assert shape(parse(query)) == expected


def test_spans() -> None:
    """A clause is where its author wrote it, quotes, field and parentheses included."""
    query = 'ab AND title:"c d" OR (e)'
    tree = parse(query)

    assert [query[slice(*leaf.span)] for leaf in leaves(tree)] == ["ab", 'title:"c d"', "(e)"]
    assert tree.span == (0, len(query))


def test_signs_of_leaves() -> None:
    """Terms below an odd number of NOTs do not speak for the query."""
    tree = parse("a AND NOT (b AND NOT c)")

    assert [leaf.text for leaf in positive_leaves(tree)] == ["a", "c"]


@pytest.mark.parametrize(
    "query",
    [
        "a OR " * (MAX_CHARACTERS // 5) + "a",
        " OR ".join(["a1"] * (MAX_LEAVES + 1)),
        "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
        "a AND " + "NOT " * (MAX_DEPTH + 1) + "a",
        "title:" * (MAX_DEPTH + 1) + "a",
    ],
    ids=["characters", "leaves", "parentheses", "NOTs", "fields"],
)
def test_q12_bounds(query: str) -> None:
    """What is too large is refused as such, not by an exception of Python's."""
    assert [problem.id for problem in check_query(query, Place(), {})] == ["MON-QRY-012"]


def test_largest_allowed() -> None:
    """The bounds themselves are allowed."""
    assert not check_query(" OR ".join(["a1"] * MAX_LEAVES), Place(), {})
    assert not check_query("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1), Place(), {})


def test_all_meaning_faults_at_once() -> None:
    """Syntax stops at the first fault; what the terms mean is checked in full, over all watches."""
    watches = [
        Watch(WatchId("a"), "@nobody OR dr* OR &", place=Place("a.yaml", 2, 8)),
        Watch(WatchId("b"), "x y", place=Place("b.yaml", 3, 8)),
        Watch(WatchId("c"), "fine"),
    ]
    with pytest.raises(QueryError) as caught:
        compile_rules(watches, {})

    assert [(problem.file, problem.column, problem.id[-3:]) for problem in caught.value.problems] == [
        ("a.yaml", 8, "005"), ("a.yaml", 19, "006"), ("a.yaml", 26, "011"), ("b.yaml", 10, "003"),
    ]  # fmt: skip


def test_caret_of_wide_letters_and_later_lines() -> None:
    """Wide letters take two columns; a query over several lines points into the right one."""
    (wide,) = check_query("無人機 a", Place("w.yaml", 1, 8), {})
    (later,) = check_query("a AND\n  b c", Place("w.yaml", 4, 3), {})
    (nowhere,) = check_query("a b", Place(), {})

    assert wide.context.split("\n")[:2] == ["    無人機 a", "           ^"]
    assert (later.line, later.column) == (5, 5)
    assert (nowhere.line, nowhere.column) == (0, 0)


def test_caret_in_a_long_query() -> None:
    """A long query is shown around the fault."""
    (problem,) = check_query(" OR ".join(["word"] * 60) + " OR dr*" + " OR word" * 20, Place("w.yaml", 1, 1), {})
    line, caret, _ = problem.context.split("\n")

    assert len(line) <= 104
    assert line[caret.index("^") : caret.rindex("^") + 1] == "dr*"
