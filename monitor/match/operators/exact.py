"""`{US}` and `=dröhnen`: what folding would merge."""

from __future__ import annotations

from monitor.match.operators.base import Example, Operator

OPERATOR = Operator(
    name="exact",
    syntax='{US}, !"NASA", =word',
    power=50,
    summary="`{}` and `!`: exactly these letters and capitals; `=`: exactly these accents, in any case",
    examples=(
        Example("{Kyiv}", True),
        Example("{KYIV}", False),
        Example('!"Drone strike"', True),
        Example("=kyiv", True),
        Example("=kýiv", False),
        Example("kýiv", True),
    ),
)
