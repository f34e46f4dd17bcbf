"""What may stand in what: operands of NEAR, terms of a score, fields around everything."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.match.syntax import Bound, Leaf, Node, Op, Span, leaves
from monitor.match.terms import fail


def refuse_unplaced(side: Node, name: str) -> None:
    """Operands of NEAR have places. Raises QueryFault for what has none."""
    if isinstance(side, Leaf):
        if side.meta:
            fail("008", side.span, f"{side.meta}: is about the whole article and stands nowhere", "join it with AND")
        return
    if side.name == "NOT":
        fail(
            "008",
            side.span,
            f"NOT inside {name}",
            "write a NOT NEAR/5 b, or put NOT before the whole: NOT (a NEAR/5 b)",
        )
    if side.name not in (*PLACED, "OR"):
        fail(
            "008",
            side.span,
            f"{side.name} inside {name}",
            "its sides are terms, ORs of terms and NEARs; use AND outside",
        )
    for part in side.parts:
        refuse_unplaced(part, name)


PLACED = ("NEAR", "ONEAR", "NOT NEAR", "~")
"""Operators that have places."""
MAX_SIDES = 20
"""Sides of NEARs that make one place: over two words that fill an article, 50 cost seconds."""


def refuse_crowd(node: Op) -> None:
    """NEARs of NEARs cost their sides squared at every place. Raises QueryFault."""
    if count_sides(node) > MAX_SIDES:
        said = f"more than {MAX_SIDES} sides of {node.name} near one another"
        fail("012", node.span, said, 'join fewer, or use AND or SENTENCE( ), or a window: "a b c"~10')


def count_sides(node: Node) -> int:
    """How many terms make one place of a node."""
    if isinstance(node, Leaf) or node.name == "~":
        return 1
    sides = map(count_sides, node.parts)
    return max(sides) if node.name == "OR" else sum(sides)


PIECES = ("SENTENCE", "PARAGRAPH")


def refuse_metadata(node: Op) -> None:
    """A piece of the text has no language of its own. Raises QueryFault."""
    for leaf in leaves(node):
        if leaf.meta:
            message = f"{leaf.meta}: is about the whole article, not about one piece of it"
            fail("008", leaf.span, message, f"write it outside: {node.name}(…) AND {leaf.meta}:…")


def flat_score(node: Op) -> Op:
    """A score over its terms. Raises QueryFault for anything but an OR of terms."""
    return node._replace(parts=tuple(_score_terms(node.parts[0])))


def _score_terms(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
        return
    if node.name != "OR":
        said = "a phrase with a distance (~)" if node.name == "~" else node.name
        fail("008", node.span, f"{said} inside SCORE", "SCORE adds up terms: write only OR between them")
    for part in node.parts:
        yield from _score_terms(part)


def push_field(node: Node, field: Bound, span: Span) -> Node:
    """Binds every leaf to a field. Raises QueryFault where a leaf is bound to another one already."""
    if isinstance(node, Op):
        return node._replace(parts=tuple(push_field(part, field, span) for part in node.parts))
    bound = node.meta or node.field
    if bound not in (None, field):
        fail("004", node.span, f"{bound}: inside {field}: can never be true", "keep one of the two fields")
    return node._replace(field=field)


def push_metadata(node: Node, name: str, span: Span) -> Node:
    """Makes every leaf a test of metadata. Raises QueryFault for leaves that are more than a plain value."""
    if isinstance(node, Op):
        if node.name not in ("AND", "OR", "NOT"):
            fail("004", node.span, f"{node.name} inside {name}:", f"{name}: takes values: {name}:(a OR b)")
        return node._replace(parts=tuple(push_metadata(part, name, span) for part in node.parts))
    if node.meta or node.field:
        fail("004", node.span, f"{node.meta or node.field}: inside {name}:", "keep one of the two fields")
    if node.kind not in ("word", "phrase") or node.open_left or node.open_right or node.wild:
        fail("004", node.span, f"{name}: takes a plain value", "write a word or a phrase without wildcards")
    return node._replace(kind="meta", meta=name)
