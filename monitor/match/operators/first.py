"""`FIRST/n(q)`: all of q at the top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.match.heard import Heard, Mark
from monitor.match.operators.base import Example, Marks, Operator, Part, Test
from monitor.match.operators.within import need_inside
from monitor.match.syntax import Op


def top(part: Part, node: Op, heard: Heard) -> Heard:
    """What stands within the first n words."""
    signals = {signal for _, signal in part.leaves} & heard
    found = {signal: [spot for spot in heard.spots(signal) if spot.finish <= 2 * node.count] for signal in signals}
    free = [signal for leaf, signal in part.leaves if leaf.meta]
    return heard.part({signal: spots for signal, spots in found.items() if spots}, free)


def judge_top(parts: Sequence[Part], node: Op) -> Test:
    """True when the operand holds within the first n words."""
    (inner,) = parts
    return lambda heard: inner.test(top(inner, node, heard))


def marks_at_top(parts: Sequence[Part], node: Op) -> Marks:
    """The hits within the first n words."""
    (inner,) = parts

    def marks(heard: Heard) -> Iterable[Mark]:
        return inner.marks(top(inner, node, heard))

    return marks


OPERATOR = Operator(
    name="FIRST",
    syntax="FIRST/n(q)",
    power=50,
    summary="q holds within the first n words, counted from the title on",
    examples=(
        Example("FIRST/5(power)", False),
        Example("FIRST/6(power)", True),
        Example("FIRST/2(drone AND strike)", True),
        Example("FIRST/2(drone AND kyiv)", False),
    ),
    test=judge_top,
    need=need_inside,
    marks=marks_at_top,
    placed=True,
)
