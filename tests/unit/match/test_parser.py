"""Query text → tree: precedence, fields, spans, bounds."""

from __future__ import annotations

import pytest

from monitor.match.parser import parse
from monitor.match.syntax import Leaf, Node


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
