"""The tree a query is read into, and the error that says why it could not be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from monitor.errors import MonitorError, Problem
from monitor.model.article import FieldName
from monitor.model.watch import Place

Span = tuple[int, int]
"""Columns of a query, `[start, end)`, from 0."""

LeafKind = Literal["word", "phrase", "exact", "accent", "concept", "forms", "meta"]
Bound = FieldName | Literal["author", "url", "tag"]
"""Where a hit may have to stand: in a text, or in what else the article says of itself."""


# Named tuples: thousands of queries make a hundred thousand of them, and a frozen dataclass costs ten times as much.
class Leaf(NamedTuple):
    """Something to look for: a word, a phrase, exact characters, exact accents, a concept, a word's forms, metadata."""

    kind: LeafKind
    text: str
    """Unescaped, without its quotes or braces; of a concept its name."""
    span: Span
    weight: float = 1.0
    """In a score."""
    field: Bound | None = None
    """Only there; None = title, summary and body."""
    weak: bool = False
    """Of a concept: its weak tier instead of its strong one."""
    open_left: bool = False
    open_right: bool = False
    """`*` at that end: any letters may stand there."""
    wild: tuple[int, ...] = ()
    """Where in the text `*` and `?` inside the word stand for letters."""
    meta: str = ""
    """Of what is known about the article as a whole: `lang`, `source`, `domain` or `country`."""
    language: str = ""
    """Of forms: whose."""

    @property
    def meaning(self) -> tuple[object, ...]:
        """All but where it stands and what it weighs: leaves with the same meaning are true of the same articles."""
        return self[:2] + self[4:]


class Op(NamedTuple):
    """An operator over other nodes."""

    name: str
    parts: tuple[Node, ...]
    span: Span
    count: int = 0  # type: ignore[assignment]
    """The n of NEAR/n and its kin."""
    ordered: bool = False
    """Of NEAR: the left side first."""


Node = Leaf | Op


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a query, before it is known in which file the query stands."""

    id: str
    span: Span
    message: str
    remedy: str = ""


FAULTS: Mapping[str, str] = {
    "MON-QRY-001": "A quote, brace or parenthesis that is not closed, or one that closes nothing.",
    "MON-QRY-002": "A term is missing: an operator without a side, empty parentheses, an empty query.",
    "MON-QRY-003": "Two terms without an operator between them.",
    "MON-QRY-004": "A field or function that does not exist, a field inside another one, or a value it cannot have.",
    "MON-QRY-005": "A concept that does not exist.",
    "MON-QRY-006": "A wildcard with too few letters beside it, at both ends, alone, or where none may stand.",
    "MON-QRY-007": "The number of an operator is missing, no number, or out of bounds.",
    "MON-QRY-008": "An operator inside one that takes only terms, ORs of them and NEARs.",
    "MON-QRY-009": "Only absence is asked for, which is true of nearly everything.",
    "MON-QRY-010": "Nothing that must occur: there is nothing to search for.",
    "MON-QRY-011": "A term of which nothing is left once case, accents and punctuation are put aside.",
    "MON-QRY-012": "Too large: over 20,000 characters, 2,000 terms, 50 levels, 20 sides of NEAR, or 20,000 patterns; a"
    " concept of over 100,000.",
    "MON-QRY-013": "A language or country that does not exist.",
    "MON-QRY-014": "A weight outside SCORE, or one that is not over 0 and at most 100.",
}
"""What each id means; the documentation's table is made from this."""


class QueryFault(Exception):
    """Ends the reading of a query at its first syntax error."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.message)


class QueryError(MonitorError):
    """Watches that cannot be compiled; carries every problem found, not only the first."""

    id = "MON-QRY-000"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def leaves(node: Node) -> Sequence[Leaf]:
    """All leaves of a tree from left to right."""
    found: list[Leaf] = []
    _gather(node, found)
    return found


def _gather(node: Node, found: list[Leaf]) -> None:
    if isinstance(node, Leaf):
        found.append(node)
        return
    for part in node.parts:
        _gather(part, found)


def positive_leaves(node: Node) -> Iterator[Leaf]:
    """The leaves whose hits speak for the query: those below an even number of NOTs."""
    return _signed_leaves(node, True)


def _signed_leaves(node: Node, sign: bool) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        if sign:
            yield node
        return
    for part in node.parts:
        yield from _signed_leaves(part, sign != (node.name == "NOT"))


def problem(fault: Fault, query: str, place: Place) -> Problem:
    """The fault with its place in the file and a caret line below the query."""
    start, end = fault.span
    before = query[:start]
    row = before.count("\n")
    column = start - (before.rfind("\n") + 1)
    line = query.split("\n")[row]
    where = _locate(start, row, column, place)
    return Problem(
        file=place.file,
        line=where[0],
        column=where[1],
        path="query",
        message=fault.message,
        id=fault.id,
        context=_caret(line, column, min(end - start, len(line) - column), fault.remedy),
    )


def _locate(start: int, row: int, column: int, place: Place) -> Span:
    """Line and column in the file; 0 for a query that stands in none."""
    known = [one for one in place.breaks if one[0] <= start]
    if known:
        offset, line, first = known[-1]
        return line, first + start - offset
    return (place.line + row, column + (1 if row else place.column)) if place.line else (0, 0)


UNSEEN = frozenset({"Mn", "Me", "Cf"})
"""Categories of characters that take no column: marks above and below, joiners, signs of direction."""
CARET_WIDTH = 100
"""Columns of a query shown above a caret."""


def _caret(line: str, column: int, length: int, remedy: str) -> str:
    first = max(0, min(column - 20, len(line) - CARET_WIDTH)) if len(line) > CARET_WIDTH else 0
    shown = line[first : first + CARET_WIDTH].replace("\t", " ")
    column -= first
    marked = max(1, min(_width(shown[column : column + length]), CARET_WIDTH))
    rows = [shown, " " * _width(shown[:column]) + "^" * marked]
    return "\n".join("    " + row for row in (*rows, *filter(None, [remedy])))


def _width(text: str) -> int:
    """Columns of a terminal: wide characters take two, marks and what is invisible none."""
    return sum(
        0 if unicodedata.category(letter) in UNSEEN else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
