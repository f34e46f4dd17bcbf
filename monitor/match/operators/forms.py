"""`forms(word, lang)`: a word and its inflected forms."""

from __future__ import annotations

from monitor.match.operators.base import Example, Operator

OPERATOR = Operator(
    name="forms",
    syntax="forms(word, lang)",
    power=50,
    summary="one word and all forms of it that the dictionary of a language knows",
    examples=(
        Example("forms(strike, en)", True),
        Example("forms(burn, en)", True),
        Example("forms(taiwan, en)", False),
    ),
)
