"""`NOT a`."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.match.heard import Heard
from monitor.match.operators.base import Cost, Example, Need, Operator, Part, Test, no_marks
from monitor.match.syntax import Op


def judge_absence(parts: Sequence[Part], _: Op) -> Test:
    """True when the operand is not."""
    inner = parts[0].test

    def test(heard: Heard) -> bool:
        return not inner(heard)

    return test


def need_absence(needs: Sequence[Need], _: Cost) -> Need:
    """Absence cannot be searched for; that of one group's signals is told from them."""
    (inner,) = needs
    return Need((), True, inner.groups[0]) if inner.single else Need((), False)


OPERATOR = Operator(
    name="NOT",
    syntax="NOT a, -a",
    power=30,
    summary="absence from the whole article; needs something positive beside it",
    examples=(
        Example("drone AND NOT taiwan", True),
        Example("drone AND NOT kyiv", False),
        Example("drone AND -taiwan", True),
        Example("drone AND NOT (taiwan OR kyiv)", False),
        Example("drone AND NOT title:ukraine", True),
    ),
    test=judge_absence,
    need=need_absence,
    marks=no_marks,
)
