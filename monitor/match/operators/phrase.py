"""Words side by side."""

from __future__ import annotations

from monitor.match.operators.base import Example, Operator

OPERATOR = Operator(
    name="phrase",
    syntax='"a b", "a b*"',
    power=50,
    summary="these words side by side, in one field; the last may end in `*`, the first begin with it",
    examples=(
        Example('"drone strike"', True),
        Example('"strike drone"', False),
        Example('"power pla*"', True),
        Example('"*wer plant"', True),
        Example('"Kyiv a power"', False),
        Example("drone-strike", True),
    ),
)
