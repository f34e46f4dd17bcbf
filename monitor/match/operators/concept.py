"""`@name`: the aliases of a concept in every language."""

from __future__ import annotations

from monitor.match.operators.base import Example, Operator

OPERATOR = Operator(
    name="concept",
    syntax="@name, @name.weak",
    power=50,
    summary="any alias of a concept pack: its strong tier, or the ambiguous aliases that need a second signal",
    examples=(
        Example("@example", True),
        Example("title:@example", False),
        Example("@example.weak", True),
        Example("@example AND @example.weak AND NOT taiwan", True),
    ),
)
