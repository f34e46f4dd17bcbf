"""`a OR b`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter

from monitor.match.heard import Heard
from monitor.match.operators.base import Cost, Example, Need, Operator, Part, Spots, Test
from monitor.match.syntax import Op


def judge_any(parts: Sequence[Part], _: Op) -> Test:
    """True when some operand is."""
    tests = [part.test for part in sorted(parts, key=attrgetter("placed"))]

    def test(heard: Heard) -> bool:
        # A plain loop: a generator costs as much as the operands.
        for part in tests:  # noqa: SIM110
            if part(heard):
                return True
        return False

    return test


def need_any(needs: Sequence[Need], cost: Cost) -> Need:
    """The union of the cheapest group of each operand: one of them occurs whenever some operand is true."""
    cheapest, exact = [], True
    for groups, decided, banned in needs:
        if not groups:
            return Need((), False)
        single = len(groups) == 1
        cheapest.append(groups[0] if single else min(groups, key=cost))
        exact = exact and single and decided and not banned
    return Need((frozenset().union(*cheapest),), exact)


def join_spots(parts: Sequence[Part], _: Op) -> Spots | None:
    """The places of all operands, if each has places."""
    found = [part.spots for part in parts if part.spots is not None]
    if len(found) < len(parts):
        return None
    return lambda heard: sorted(chain.from_iterable(spots(heard) for spots in found))


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
    spots=join_spots,
)
