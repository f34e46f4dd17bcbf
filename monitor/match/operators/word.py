"""A word, with `*` at one end for its beginnings and endings."""

from __future__ import annotations

from monitor.match.operators.base import Example, Operator

OPERATOR = Operator(
    name="word",
    syntax="word, word*, *word, w?rd, wo*d",
    power=50,
    summary="a whole word, a word beginning, a word ending; inside `?` is one letter and `*` any; case and accents do"
    " not count",
    examples=(
        Example("drone", True),
        Example("drones", False),
        Example("DRONE", True),
        Example("ukrain*", True),
        Example("krain*", False),
        Example("*raine", True),
        Example("*krain", False),
        Example("ukr?ine", True),
        Example("ukr?ne", False),
        Example("bur*d", True),
        Example("burn*ed*", True),
    ),
)
