"""`a NOT NEAR/n b`: some place of a stands free of b."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitor.match.heard import Heard, Spot
from monitor.match.operators.base import Cost, Example, Marks, Need, Operator, Part, Spots, Test
from monitor.match.operators.near import Neighbours, marks_of_spots
from monitor.match.syntax import Op


def free_places(parts: Sequence[Part], node: Op, heard: Heard) -> Iterator[Spot]:
    """Places of the left side without one of the right side near."""
    left, right = parts
    if left.spots is None or right.spots is None:
        return
    first = left.spots(heard)
    known = Neighbours(right.spots(heard) if first else (), node.count, node.ordered)
    yield from (spot for spot in first if next(known.of(spot), None) is None)


def judge_guard(parts: Sequence[Part], node: Op) -> Test:
    """True when some place of the left side is free."""
    return lambda heard: next(free_places(parts, node, heard), None) is not None


def need_left(needs: Sequence[Need], _: Cost) -> Need:
    """The groups of the left side."""
    return Need(needs[0].groups, False)


def spots_free(parts: Sequence[Part], node: Op) -> Spots:
    """The free places of the left side."""
    return lambda heard: list(free_places(parts, node, heard))


def marks_free(parts: Sequence[Part], node: Op) -> Marks:
    """The hits at the free places."""
    return marks_of_spots(spots_free(parts, node))


OPERATOR = Operator(
    name="NOT NEAR",
    syntax="a NOT NEAR/n b",
    power=25,
    summary="some place of a has no b within n words: for a word that means another thing in some company, where"
    " `NOT b` would drop the whole article",
    examples=(
        Example("drone NOT NEAR/1 kyiv", True),
        Example("drone NOT NEAR/2 kyiv", False),
        Example("drone NOT NEAR/9 ukraine", True),
        Example("taiwan NOT NEAR/2 kyiv", False),
        Example("kyiv NOT NEAR/2f drone", True),
    ),
    test=judge_guard,
    need=need_left,
    marks=marks_free,
    spots=spots_free,
    placed=True,
)
