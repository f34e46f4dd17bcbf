"""`SCORE/n(a^2 OR b OR …)`: enough of it."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.match.operators.base import Cost, Example, Need, Operator, Part, Test
from monitor.match.syntax import Op

GRAIN = 1_000
"""Weights are counted in thousandths, so that sums are exact."""


def judge_score(parts: Sequence[Part], node: Op) -> Test:
    """True when the weights of the terms that occur add up to n."""
    weights = [(signal, round(leaf.weight * GRAIN)) for part in parts for leaf, signal in part.leaves]
    least = node.count * GRAIN
    return lambda heard: sum(weight for signal, weight in weights if signal in heard) >= least


def need_one(needs: Sequence[Need], _: Cost) -> Need:
    """One group of all terms."""
    return Need((frozenset().union(*(group for need in needs for group in need.groups)),), False)


OPERATOR = Operator(
    name="SCORE",
    syntax="SCORE/n(a^w OR b …)",
    power=50,
    summary="the weights (`^w`, else 1) of the terms that occur, each once, add up to at least n; only ORs of terms",
    examples=(
        Example("SCORE/3(title:drone^2 OR ukraine OR taiwan^5)", True),
        Example("SCORE/4(title:drone^2 OR ukraine OR taiwan^5)", False),
        Example("SCORE/1(drone^0.5 OR ukraine^0.5)", True),
        Example('SCORE/3("drone strike"^2 OR taiwan)', False),
    ),
    test=judge_score,
    need=need_one,
)
