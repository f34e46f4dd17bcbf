"""The query language, one module per operator; one row here each."""

from __future__ import annotations

from monitor.match.operators import (
    atleast,
    concept,
    conjunction,
    disjunction,
    exact,
    field,
    first,
    forms,
    guard,
    metadata,
    near,
    negation,
    phrase,
    score,
    window,
    within,
    word,
)
from monitor.match.operators.base import Operator

OPERATORS: dict[str, Operator] = {
    row.name: row
    for row in (
        disjunction.OPERATOR,
        conjunction.OPERATOR,
        near.NEAR,
        near.ONEAR,
        guard.OPERATOR,
        negation.OPERATOR,
        field.OPERATOR,
        metadata.OPERATOR,
        word.OPERATOR,
        phrase.OPERATOR,
        window.OPERATOR,
        exact.OPERATOR,
        concept.OPERATOR,
        forms.OPERATOR,
        within.SENTENCE,
        within.PARAGRAPH,
        first.OPERATOR,
        atleast.OPERATOR,
        score.OPERATOR,
    )
}
INFIX = frozenset({"AND", "OR", "NEAR", "ONEAR", "NOT NEAR"})
"""Operators between two operands; all others stand before one, or are leaves."""
FUNCTIONS = ("SENTENCE", "PARAGRAPH", "FIRST", "ATLEAST", "SCORE")
COUNTED = frozenset({"FIRST", "ATLEAST", "SCORE"})
"""Functions that need a number."""
