"""`a NEAR/n b` and `a ONEAR/n b`: two places in one field with few words between."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, islice, pairwise

from monitor.match.heard import Heard, Mark, Spot
from monitor.match.listeners import ASIDES
from monitor.match.operators.base import Cost, Example, Marks, Need, Operator, Part, Spots, Test
from monitor.match.operators.disjunction import need_any
from monitor.match.syntax import Leaf, Node, Op

MAX_HULLS = 1_000
"""Pairs of one operator in one article; more are not looked at, which a match then says."""


class Neighbours:
    """The places of one side, to be asked which of them stand near a place of the other."""

    def __init__(self, spots: Sequence[Spot], words: int, ordered: bool) -> None:
        self._limit, self._ordered = 2 * words, ordered
        self._spots = spots
        self._begins = [spot.begin for spot in spots]
        self._longest = max((spot.finish - spot.begin for spot in spots), default=0)

    def of(self, spot: Spot) -> Iterator[Spot]:
        """Those with at most so many words between, in the same field, that share no letter with it."""
        limit, ordered = self._limit, self._ordered
        first = spot.finish if ordered else spot.begin - limit - self._longest
        last = spot.finish + limit
        for number in range(bisect_left(self._begins, first), len(self._begins)):
            if self._begins[number] > last:
                return
            other = self._spots[number]
            near = other.field == spot.field and halves_between(spot, other) <= limit
            if near and apart(spot, other) and not (ordered and other.start < spot.end):
                yield other


def halves_between(one: Spot, other: Spot) -> int:
    """Half words between two places; none if they interlock."""
    return max(0, other.begin - one.finish if one.start <= other.start else one.begin - other.finish)


def apart(one: Spot, other: Spot) -> bool:
    """Do two places share no letter?"""
    if one.end <= other.start or other.end <= one.start:
        return True
    return all(a[1] <= b[0] or b[1] <= a[0] for a in one.cores for b in other.cores)


def pairs(parts: Sequence[Part], node: Op, heard: Heard) -> Iterator[tuple[Spot, Spot]]:
    """All pairs that are near, by the place of the left one."""
    left, right = parts
    if left.spots is None or right.spots is None:
        return
    first = left.spots(heard)
    second = right.spots(heard) if first else ()
    if second:
        known = Neighbours(second, node.count, node.ordered)
        yield from ((spot, other) for spot in first for other in known.of(spot))


def judge_near(parts: Sequence[Part], node: Op) -> Test:
    """True when some pair is near."""
    left, right = ({signal for _, signal in part.leaves} for part in parts)
    simple = all(map(is_simple, node.parts))

    def test(heard: Heard) -> bool:
        known = judge_simply(left, right, node, heard) if simple else None
        return next(pairs(parts, node, heard), None) is not None if known is None else known

    return test


def is_simple(side: Node) -> bool:
    """Is it a term of the texts, or an OR of such?"""
    if isinstance(side, Leaf):
        return not side.meta and side.field not in ASIDES
    return side.name == "OR" and all(map(is_simple, side.parts))


def judge_simply(left: AbstractSet[int], right: AbstractSet[int], node: Op, heard: Heard) -> bool | None:
    """Is some pair near? Only neighbours need a look; None if places overlap, or not all words are parted by blanks."""
    page = heard.page
    if page is None or not heard.whole or not page.spaced:
        return None
    first = [(*row[:3], False) for signal in left & heard for row in page.rows(signal)]
    second = [(*row[:3], True) for signal in right & heard for row in page.rows(signal)]
    for (_, end, field, one), (start, _, other, two) in pairwise(sorted(first + second)):
        if start < end:
            return None
        near = one != two and field == other and not (node.ordered and one)
        if near and page.words_between(end, start) <= node.count:
            return True
    return False


def need_both(needs: Sequence[Need], cost: Cost) -> Need:
    """One group per side."""
    return Need(tuple(chain.from_iterable(need_any([need], cost).groups for need in needs)), False)


def hulls(parts: Sequence[Part], node: Op) -> Spots:
    """Each pair as one place, from the first letter to the last."""

    def spots(heard: Heard) -> Sequence[Spot]:
        near = pairs(parts, node, heard)
        found = {hull(pair) for pair in islice(near, MAX_HULLS)}
        if heard.page and next(near, None):
            heard.page.cut.update(signal for part in parts for _, signal in part.leaves)
        return sorted(found)

    return spots


def hull(spots: Sequence[Spot]) -> Spot:
    """Several places as one; what lies between them is not taken."""
    cores = tuple(sorted(chain.from_iterable(spot.cores for spot in spots)))
    marks = tuple(chain.from_iterable(spot.marks for spot in spots))
    first, last = min(spots), max(spots, key=lambda spot: spot.end)
    return Spot(first.start, last.end, first.begin, last.finish, first.field, cores, marks)


def marks_of_spots(spots: Spots) -> Marks:
    """The hits that places are made of."""

    def marks(heard: Heard) -> Iterator[Mark]:
        return chain.from_iterable(spot.marks for spot in spots(heard))

    return marks


def marks_near(parts: Sequence[Part], node: Op) -> Marks:
    """The hits of all pairs."""
    return marks_of_spots(hulls(parts, node))


NEAR = Operator(
    name="NEAR",
    syntax="a NEAR/n b",
    power=25,
    summary="in one field, at most n words between (bare: 4), in any order, at two different places; two characters of"
    " a script without blanks count as one word; sides are terms, ORs of terms, and NEARs",
    examples=(
        Example("drone NEAR/1 kyiv", False),
        Example("drone NEAR/2 kyiv", True),
        Example("drone NEAR kyiv", True),
        Example("strike NEAR/0 drone", True),
        Example("kyiv NEAR/9 power", False),
        Example("drone NEAR/5 drone", False),
        Example('"power plant" NEAR/0 burned', True),
        Example("(taiwan OR kyiv) NEAR/0 hits", True),
        Example("drone NEAR/0 strike NEAR/1 kyiv", True),
    ),
    test=judge_near,
    need=need_both,
    marks=marks_near,
    spots=hulls,
    placed=True,
)
ONEAR = Operator(
    name="ONEAR",
    syntax="a ONEAR/n b, a NEAR/nf b",
    power=25,
    summary="the same with a first",
    examples=(
        Example("strike ONEAR/0 drone", False),
        Example("drone ONEAR/0 strike", True),
        Example("drone NEAR/2f kyiv", True),
        Example("kyiv NEAR/2f drone", False),
    ),
    test=judge_near,
    need=need_both,
    marks=marks_near,
    spots=hulls,
    placed=True,
)
