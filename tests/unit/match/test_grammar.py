"""Whatever the grammar yields can be read, and what it does not know is refused."""

from __future__ import annotations

import random
import re

import pytest

from monitor.match.grammar import bounds, rules
from monitor.match.operators import FUNCTIONS, INFIX
from monitor.match.parser import MAX_DISTANCE, parse
from monitor.match.syntax import QueryFault

TERMINALS = {
    "word": ["drone", "ukrain*", "*drohne", "F-16", "无人机", "orga?isation"],
    "bare": ["drone", "дрон"],
    "phrase": ['"trade war"', "“trade war”", '"power pla*"'],
    "text": ["US", "U.S."],
    "name": ["drones"],
    "language": ["en"],
    "weight": ["2", "0.5"],
    "n": ["3", "12"],
}
BEYOND = {"MON-QRY-004", "MON-QRY-006", "MON-QRY-008", "MON-QRY-012", "MON-QRY-014"}
"""What it cannot say: a field in another one, letters beside wildcards, sides of NEAR, sizes, where weights may be."""
TOKEN = re.compile(r'"[^"]*"|[a-z]+|[][{}()|]')
SPACED = {*INFIX, "NOT"}
BLANK, FIRST = "\x00", "\x01"
"""What is a blank but before a number, and the f behind one, until the whole query is there."""
CLOSING = {"{": "}", "[": "]", "(": ")"}


class Yield:
    """Random queries of the grammar."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.rules = rules()

    def query(self) -> str:
        """One of them; blanks stand around operators only."""
        made = re.sub(f"{BLANK}/([0-9]+){FIRST}", r"/\1f ", self.rule("query", 0))
        return re.sub(f"{BLANK}/([0-9]+)", r"/\1 ", made).replace(BLANK, " ").strip()

    def rule(self, name: str, depth: int) -> str:
        """What a rule yields; beyond some depth a word."""
        if name in TERMINALS:
            return self.random.choice(TERMINALS[name])
        if depth > 10 and name not in ("field", "function"):
            return "drone"
        return self.either(TOKEN.findall(self.rules[name]), depth + 1)

    def either(self, tokens: list[str], depth: int) -> str:
        """One of the alternatives."""
        rows: list[list[str]] = [[]]
        level = 0
        for token in tokens:
            level += (token in CLOSING) - (token in CLOSING.values())
            if token == "|" and not level:
                rows.append([])
            else:
                rows[-1].append(token)
        return self.sequence(self.random.choice([*rows, rows[-1], rows[-1]]), depth)

    def sequence(self, tokens: list[str], depth: int) -> str:
        """One after the other."""
        made, at = "", 0
        while at < len(tokens):
            token, end = tokens[at], at + 1
            if token in CLOSING:
                end = _end(tokens, at)
                count = {"(": 1, "[": int(self.random.random() < 0.12), "{": self.random.choice([0, 0, 0, 0, 1, 2])}[
                    token
                ]
                made += "".join(self.either(tokens[at + 1 : end - 1], depth) for _ in range(count))
            else:
                made += _literal(token[1:-1]) if token[0] == '"' else self.rule(token, depth)
            at = end
        return made


def _literal(text: str) -> str:
    return f"{BLANK}{text}{BLANK}" if text in SPACED else FIRST if text == "f" else text


def _end(tokens: list[str], at: int) -> int:
    level = 0
    for number, token in enumerate(tokens[at:], at):
        level += (token in CLOSING) - (token in CLOSING.values())
        if not level:
            return number + 1
    raise AssertionError(tokens)


@pytest.mark.parametrize("seed", range(0, 600, 100))
def test_what_the_grammar_yields_can_be_read(seed: int) -> None:
    """Nothing it yields lacks an operator, a side or a parenthesis; some of it is a query."""
    queries = [Yield(number).query() for number in range(seed, seed + 100)]
    faults = {query: _fault(query) for query in queries}

    assert {query: fault for query, fault in faults.items() if fault not in BEYOND | {""}} == {}
    assert list(faults.values()).count("") > 15


def _fault(query: str) -> str:
    try:
        parse(query)
    except QueryFault as error:
        return error.fault.id
    return ""


def test_the_grammar_has_all_operators_and_functions() -> None:
    """By name, with the bounds of the parser."""
    whole = "\n".join(rules().values())

    assert all(f'"{name}"' in whole for name in INFIX)
    assert all(f'"{name}' in whole for name in FUNCTIONS)
    assert str(MAX_DISTANCE) in bounds()
