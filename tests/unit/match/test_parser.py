"""Query text → tree: precedence, fields, spans, bounds."""

from __future__ import annotations

import pytest

from monitor.match.operators import FUNCTIONS
from monitor.match.parser import parse
from monitor.match.syntax import Leaf, Node


def shape(node: Node) -> str:
    """The tree with all parentheses."""
    if isinstance(node, Leaf):
        wild = ("*" if node.open_left else "") + node.text + ("*" if node.open_right else "")
        weight = f"^{node.weight:g}" if node.weight != 1 else ""
        bound = node.field or node.meta
        forms = f"forms(%s, {node.language})"
        spelled = {"exact": "{%s}", "accent": "=%s", "forms": forms}.get(node.kind, "%s") % wild
        return (f"{bound}:" if bound else "") + spelled + weight
    if node.name in FUNCTIONS:
        number = f"/{node.count}" if node.count else ""
        return f"{node.name}{number}({' OR '.join(map(shape, node.parts))})"
    if node.name == "~":
        return f"[{' '.join(map(shape, node.parts))}]~{node.count}"
    if node.name.endswith("NEAR"):
        mark = f"{node.name}/{node.count}" + ("f" if node.ordered else "")
        return f"({shape(node.parts[0])} {mark} {shape(node.parts[1])})"
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
        ("a NEAR b AND c", "((a NEAR/4 b) AND c)"),
        ("a NEAR/3 b ONEAR/2 c OR d", "(((a NEAR/3 b) ONEAR/2f c) OR d)"),
        ("a NEAR/5f b", "(a ONEAR/5f b)"),
        ("a NOT  NEAR/5 b NOT NEAR/6f c", "((a NOT NEAR/5 b) NOT NEAR/6f c)"),
        ("a NOT ONEAR/2 b", "(a NOT NEAR/2f b)"),
        ("title:a NEAR/0 b", "(title:a NEAR/0 b)"),
        ("title:(a NEAR/0 b)", "(title:a NEAR/0 title:b)"),
        ("a NEAR/200 (b OR c)", "(a NEAR/200 (b OR c))"),
        ('a NEAR/2"b c"', "(a NEAR/2 b c)"),
        ('"a b c"~3', "[a b c]~3"),
        ('"*abcd b e"~3', "[*abcd b e]~3"),
        ('"abc"~3', "abc"),
        ("“F-16 a”~0", "[f 16 a]~0"),
        ("SENTENCE(a AND NOT b)", "SENTENCE((a AND -b))"),
        ("PARAGRAPH （a）", "PARAGRAPH(a)"),
        ("FIRST/50(title:a OR b) AND c", "(FIRST/50((title:a OR b)) AND c)"),
        ("ATLEAST/3(@x.weak)", "ATLEAST/3(x)"),
        ('SCORE/3(a^2 OR "b c"^0.5 OR (title:d^9 OR @x^3))', "SCORE/3(a^2 OR b c^0.5 OR title:d^9 OR x^3)"),
        ("SCORE/3(a OR lang:uk^4 OR b^1)", "SCORE/3(a OR lang:uk^4 OR b)"),
        ("SCORE/1({US}^2 OR =é^3 OR forms(a, en)^4)", "SCORE/1({US}^2 OR =é^3 OR forms(a, en)^4)"),
        ("title:SENTENCE(a AND b)", "SENTENCE((title:a AND title:b))"),
        ("NOT SENTENCE(a) AND b", "(-SENTENCE(a) AND b)"),
        ("lang:(uk OR ru) AND site:bbc.co.uk", "((lang:uk OR lang:ru) AND domain:bbc.co.uk)"),
        ('author:"Jane Doe" AND url:https://x.org/a', "(author:Jane Doe AND url:https://x.org/a)"),
        ("forms(дрон, ru) AND forms（ “ x ” ， EN ）", "(forms(дрон, ru) AND forms(x, en))"),
        ("organi?ation* OR abc?", "(organi?ation* OR abc?)"),
        ('a\\^2 OR "b^2" OR C\\~3', "(a^2 OR b^2 OR C~3)"),
        ("!“NASA” AND a", "({NASA} AND a)"),
    ],
)
def test_tree(query: str, expected: str) -> None:
    """Field binds tighter than NOT, NOT than AND, AND than OR."""
    assert shape(parse(query)) == expected
