"""The query language, one module per operator; one row here each."""

from __future__ import annotations

from monitor.match.operators import concept, conjunction, disjunction, exact, field, negation, phrase, word
from monitor.match.operators.base import Operator

OPERATORS: dict[str, Operator] = {
    row.name: row
    for row in (
        disjunction.OPERATOR,
        conjunction.OPERATOR,
        negation.OPERATOR,
        field.OPERATOR,
        word.OPERATOR,
        phrase.OPERATOR,
        exact.OPERATOR,
        concept.OPERATOR,
    )
}
INFIX = frozenset({"AND", "OR"})
"""Operators between two operands; all others stand before one, or are leaves."""
