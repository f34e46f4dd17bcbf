"""`ATLEAST/n(q)`: often enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from monitor.match.heard import Heard, Mark, Spot
from monitor.match.operators.base import Example, Marks, Operator, Part, Test
from monitor.match.operators.within import need_inside
from monitor.match.syntax import Op, positive_leaves


def occurrences(signals: Iterable[int], heard: Heard) -> list[Spot]:
    """The places of these signals; a summary that the body repeats counts once."""
    spots = list(chain.from_iterable(map(heard.spots, signals)))
    page = heard.page
    if page is not None and page.repeated and any(spot.field != "summary" for spot in spots):
        spots = [spot for spot in spots if spot.field != "summary"]
    return spots


def count_apart(spots: Iterable[Spot]) -> int:
    """How many places there are if those that share a letter are one: the most that lie apart."""
    number = reach = 0
    for spot in sorted(spots, key=lambda spot: spot.end):
        if spot.start >= reach:
            number, reach = number + 1, spot.end
    return number


def counted_signals(parts: Sequence[Part], node: Op) -> frozenset[int]:
    """The signals of the terms whose occurrences count: not of those to be absent."""
    positive = set(positive_leaves(node))
    return frozenset(signal for leaf, signal in parts[0].leaves if leaf in positive)


def judge_often(parts: Sequence[Part], node: Op) -> Test:
    """True when the operand holds, and its terms occur so often together."""
    (inner,), signals = parts, counted_signals(parts, node)
    return lambda heard: inner.test(heard) and count_apart(occurrences(signals, heard)) >= node.count


def marks_counted(parts: Sequence[Part], node: Op) -> Marks:
    """The hits that are counted."""
    signals = counted_signals(parts, node)

    def marks(heard: Heard) -> Iterable[Mark]:
        return chain.from_iterable(spot.marks for spot in occurrences(signals, heard))

    return marks


OPERATOR = Operator(
    name="ATLEAST",
    syntax="ATLEAST/n(q)",
    power=50,
    summary="q holds, and its terms occur n times together; what overlaps is one occurrence",
    examples=(
        Example("ATLEAST/2(drone OR strike)", True),
        Example("ATLEAST/2(drone)", False),
        Example('ATLEAST/2(drone OR "drone strike")', False),
        Example('ATLEAST/3("drone strike" OR strike OR plant OR ukraine)', True),
    ),
    test=judge_often,
    need=need_inside,
    marks=marks_counted,
    placed=True,
)
