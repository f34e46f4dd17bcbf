"""A tree as a test: what must occur for it to be true, how it is judged, and which hits make it so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain

from monitor.match.heard import Heard, Mark
from monitor.match.operators import OPERATORS
from monitor.match.operators.base import Cost, Marks, Need, Part, Spots, Test
from monitor.match.syntax import Leaf, Node, Op


def plan(node: Node, signals: Mapping[Leaf, int], cost: Cost) -> Part:
    """The tree compiled, its parts first."""
    if isinstance(node, Leaf):
        return _plan_leaf(node, signals[node])
    parts = [plan(part, signals, cost) for part in node.parts]
    operator = OPERATORS[node.name]
    need = operator.need([part.need for part in parts], cost)
    test = operator.test(parts, node)
    return Part(
        test=_after_groups(need, test) if operator.placed else test,
        need=need,
        marks=operator.marks(parts, node),
        leaves=tuple(chain.from_iterable(part.leaves for part in parts)),
        spots=operator.spots(parts, node),
        placed=operator.placed or any(part.placed for part in parts),
    )


def _plan_leaf(leaf: Leaf, signal: int) -> Part:
    test, marks, spots, need = _listener(signal)
    return Part(test, need, marks, ((leaf, signal),), None if leaf.meta else spots)


@cache
def _listener(signal: int) -> tuple[Test, Marks, Spots, Need]:
    """What all leaves of one number share, in any rule set."""

    def marks(heard: Heard) -> Iterator[Mark]:
        return chain.from_iterable(spot.marks for spot in heard.spots(signal))

    return (
        (lambda heard: signal in heard),
        marks,
        (lambda heard: heard.spots(signal)),
        Need((frozenset({signal}),), True),
    )


def _after_groups(need: Need, test: Test) -> Test:
    """The test, asked only where every group is met: sets cost less than places."""
    groups = need.groups

    def guarded(heard: Heard) -> bool:
        # A plain loop: a generator costs as much as the sets.
        for group in groups:
            if heard.isdisjoint(group):
                return False
        return test(heard)

    return guarded


def placed_nodes(node: Node) -> Iterator[Op]:
    """The outermost operators that ask for places, of those that speak for the query."""
    return _placed(node, True)


def _placed(node: Node, sign: bool) -> Iterator[Op]:
    if isinstance(node, Leaf):
        return
    if OPERATORS[node.name].placed:
        if sign:
            yield node
        return
    for part in node.parts:
        yield from _placed(part, sign != (node.name == "NOT"))
