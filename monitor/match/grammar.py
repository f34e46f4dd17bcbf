"""The grammar of queries as text, made from what the parser reads by: operators, their powers, fields, functions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from monitor.match.operators import COUNTED, FUNCTIONS, INFIX, OPERATORS
from monitor.match.operators.field import FIELDS
from monitor.match.operators.metadata import METADATA
from monitor.match.parser import BARE, MAX_CHARACTERS, MAX_COUNT, MAX_DEPTH, MAX_DISTANCE, MAX_LEAVES
from monitor.match.terms import MAX_WEIGHT

DISTANT = frozenset({"NEAR", "ONEAR", "NOT NEAR"})
"""Operators that take a number of words."""
TERMS = {
    "term": '( word | phrase [ "~" n ] | exact | accents | concept | forms ) [ "^" weight ]',
    "exact": '"{" text "}" | "!" phrase',
    "accents": '"=" word | "=" phrase',
    "concept": '"@" name [ ".weak" ]',
    "forms": '"forms(" bare "," language ")"',
}


def rules() -> dict[str, str]:
    """Each rule by its name, the first is that of a whole query: `{ }` any number, `[ ]` one or none, `|` either."""
    names = [*map(_level_name, _levels()), "not"]
    levels = {names[at]: _level(row, names[at + 1]) for at, row in enumerate(_levels())}
    fields = " | ".join(f'"{name}:"' for name in (*FIELDS, *METADATA))
    functions = " | ".join(f'"{name}/" n' if name in COUNTED else f'"{name}"' for name in FUNCTIONS)
    return {
        **levels,
        "not": '( "NOT" | "-" ) not | bound',
        "bound": 'field bound | "(" query ")" | function "(" query ")" | term',
        "field": fields,
        "function": functions,
        **TERMS,
    }


def bounds() -> str:
    """What the terminals of the grammar are, and how large anything may be."""
    return (
        "A `word` is letters and digits with the signs between them, and wildcards; a `bare` word has none; a `phrase`"
        f" stands in quotes. `n` is at most {MAX_DISTANCE} in NEAR (without it {BARE}) and behind `~`, at most"
        f" {MAX_COUNT:,} in functions; a `weight` is over 0 and at most {MAX_WEIGHT}, in SCORE only. A query has at"
        f" most {MAX_CHARACTERS:,} characters, {MAX_LEAVES:,} terms and {MAX_DEPTH} levels."
    )


def _levels() -> list[list[str]]:
    """Infix operators by how tight they bind, the loosest first."""
    rows = sorted(INFIX, key=lambda name: (OPERATORS[name].power, len(name)))
    return [list(row) for _, row in groupby(rows, key=lambda name: OPERATORS[name].power)]


def _level_name(row: list[str]) -> str:
    return "query" if row == _levels()[0] else row[0].lower()


def _level(row: list[str], inner: str) -> str:
    return f"{inner} {{ {' | '.join(_operators(row))} {inner} }}" if len(row) == 1 else _several(row, inner)


def _several(row: list[str], inner: str) -> str:
    number = ' [ "/" n [ "f" ] ]' if DISTANT.issuperset(row) else ""
    return f"{inner} {{ ( {' | '.join(_operators(row))} ){number} {inner} }}"


def _operators(row: list[str]) -> Iterator[str]:
    return (f'"{name}"' for name in row)
