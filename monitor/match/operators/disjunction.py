"""`a OR b`."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from monitor.match.operators.base import Cost, Example, Need, Operator, Test


def judge_any(tests: Sequence[Test]) -> Test:
    """True when some operand is."""

    def test(heard: AbstractSet[int]) -> bool:
        # A plain loop: a generator costs as much as the operands.
        for part in tests:  # noqa: SIM110
            if part(heard):
                return True
        return False

    return test


def need_any(needs: Sequence[Need], cost: Cost) -> Need:
    """The union of the cheapest group of each operand: one of them occurs whenever some operand is true."""
    if not all(need.groups for need in needs):
        return Need((), False)
    exact = all(need.exact and len(need.groups) == 1 for need in needs)
    return Need((frozenset().union(*(min(need.groups, key=cost) for need in needs)),), exact)


OPERATOR = Operator(
    name="OR",
    syntax="a OR b",
    power=10,
    summary="one of them, or both",
    examples=(
        Example("taiwan OR kyiv", True),
        Example("taiwan OR goal", False),
        Example("(taiwan AND drone) OR (kyiv AND strike)", True),
    ),
    test=judge_any,
    need=need_any,
)
