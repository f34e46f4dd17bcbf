"""Keeps `docs/conformance.md` level with the tests.

    python -m tests.support.conformance

writes `done` beside every id that a test carries in its name, and takes it from those that none carries any more. An id
is carried by the name of a test function, by the name of one of its parameters or by the name of a case file; a case of
the queries' error messages carries the id of its message (`MON-QRY-003` is Q03).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.project import DOCS, ROOT, functions, modules_of_tests, tracked

PAGE = DOCS / "conformance.md"
ROW = re.compile(r"^\| ([A-Z]\d{1,3}) \| (.*?) \| (done|later|not applicable) \|$", re.MULTILINE)
IDENTIFIER = re.compile(r"h\d{2,3}|b\d{2}|p\d{1,2}|[fksdmcnerwx]\d{2}|[ql]\d{2}")
"""An id as names have it: small, with its zeros."""


def carried() -> frozenset[str]:
    """Ids in names of tests."""
    return frozenset(found for name in _names() for found in ids_in(name))


def ids_in(name: str) -> Iterator[str]:
    """Ids a name carries; `h01_to_h15` carries all between."""
    words = re.split(r"[_\-. ]", name)
    for place, word in enumerate(words):
        if IDENTIFIER.fullmatch(word):
            yield word.upper()
            if words[place + 1 : place + 2] == ["to"] and IDENTIFIER.fullmatch(words[place + 2]):
                yield from _between(word, words[place + 2])


def _between(first: str, last: str) -> Iterator[str]:
    width = len(first) - 1
    return (f"{first[0].upper()}{number:0{width}}" for number in range(int(first[1:]), int(last[1:]) + 1))


def rows(text: str) -> dict[str, str]:
    """State of every id in the table."""
    return {name: state for name, _, state in ROW.findall(text)}


def updated(text: str, found: frozenset[str]) -> str:
    """The page with the states that the tests have earned."""

    def state(row: re.Match[str]) -> str:
        name, what, old = row.groups()
        return f"| {name} | {what} | {'done' if name in found else 'later' if old == 'done' else old} |"

    return ROW.sub(state, text)


def _names() -> Iterator[str]:
    for module in modules_of_tests():
        for function in functions(module.tree):
            if function.name.startswith("test_"):
                yield function.name
        yield from _parameters(module.tree)
    for path in tracked():
        if path.parts[:2] == ("tests", "corpus"):
            yield path.stem
    cases = (ROOT / "tests/corpus/match/errors.json").read_text(encoding="utf-8")
    yield from (f"q{number}" for number in re.findall(r"MON-QRY-0(\d\d)", cases))


def _parameters(tree: ast.AST) -> Iterator[str]:
    """Names of parameters: `pytest.param(…, id="h121")`, `ids=["h51-nxdomain", …]`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("id", "ids"):
            for leaf in ast.walk(node.value):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
                    yield leaf.value


def main(page: Path = PAGE) -> None:
    """Writes the page anew."""
    page.write_text(updated(page.read_text(encoding="utf-8"), carried()), encoding="utf-8")


if __name__ == "__main__":
    main()
