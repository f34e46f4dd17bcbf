"""`a AND b`."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from monitor.match.heard import Heard
from monitor.match.operators.base import Cost, Example, Need, Operator, Part, Test
from monitor.match.syntax import Op


def judge_all(parts: Sequence[Part], _: Op) -> Test:
    """True when every operand is."""
    tests = [part.test for part in sorted(parts, key=attrgetter("placed"))]

    def test(heard: Heard) -> bool:
        # A plain loop: a generator costs as much as the operands.
        for part in tests:  # noqa: SIM110
            if not part(heard):
                return False
        return True

    return test


def need_all(needs: Sequence[Need], _: Cost) -> Need:
    """The groups of all operands, and what any of them bans."""
    groups = tuple([group for need in needs for group in need.groups])
    banned = frozenset().union(*[need.banned for need in needs])
    return Need(groups, all(need.exact for need in needs), banned)


OPERATOR = Operator(
    name="AND",
    syntax="a AND b",
    power=20,
    summary="both, anywhere in the article",
    examples=(
        Example("drone AND ukraine", True),
        Example("drone AND taiwan", False),
        Example("drone OR taiwan AND goal", True),
        Example("(drone OR taiwan) AND goal", False),
    ),
    test=judge_all,
    need=need_all,
)
