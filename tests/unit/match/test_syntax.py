"""Where a fault is shown."""

from __future__ import annotations

from monitor.match.compiler import check_query
from monitor.match.parser import parse
from monitor.match.syntax import leaves, positive_leaves
from monitor.model.watch import Place


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


def test_caret_below_what_has_signs_that_take_no_column() -> None:
    """Vowel signs, joiners and marks of direction: the caret stands below the letters that are seen."""
    for query, columns in (("कु\u200d\u200d b", 2), ("\u200fשָׁלוֹם b", 5), ("e\u0301t\u0301 b", 3)):
        (problem,) = check_query(query, Place("w.yaml", 1, 1), {})

        assert problem.context.split("\n")[1] == " " * (4 + columns) + "^", query
