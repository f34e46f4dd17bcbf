"""The tables of `docs/queries.md`, made from the rows of the operators and the ids of the faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitor.match.grammar import bounds, rules
from monitor.match.lint import LINTS
from monitor.match.operators import OPERATORS
from monitor.match.operators.base import Operator
from monitor.match.syntax import FAULTS


def grammar() -> str:
    """What a query is made of, and how large it may be."""
    lines = "\n".join(f"{name:9}= {rule}" for name, rule in rules().items())
    return f"```\n{lines}\n```\n\n{bounds()}\n"


def operators() -> str:
    """What can be written, the tightest first."""
    rows = sorted(OPERATORS.values(), key=lambda row: -row.power)
    return _table(("written", "meaning", "true", "false"), [tuple(_operator(row)) for row in rows])


def _operator(row: Operator) -> Iterator[str]:
    yield _code(row.syntax)
    yield row.summary.replace("|", "\\|")
    for wanted in (True, False):
        yield " · ".join(_code(example.query) for example in row.examples if example.true is wanted)


def faults() -> str:
    """Ids of what can be wrong with a query."""
    return _table(("id", "when"), [(_code(number), meaning) for number, meaning in FAULTS.items()])


def lints() -> str:
    """Ids of warnings."""
    return _table(("id", "warning"), [(_code(number), meaning) for number, meaning in LINTS.items()])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _code(text: str) -> str:
    return f"`{text}`"
