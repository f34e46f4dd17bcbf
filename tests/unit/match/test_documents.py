"""Packs as plain values: the straight way says what PyYAML says, or leaves it to that."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from monitor.match.concepts import builtin_documents
from monitor.match.documents import Unusual, read_document, read_straight

DOCUMENT = """
concept: x
quoted: ['no', "16", '', ~, "a\\u0301"]
plain: [no, yes, On, 16, 1.5, 0x1F, 1_000, null, '~', 12:30, -, .inf, =x, <x, 2026-11-27, Ukraine, word: word]
nested: {a: [], b: {}, c: [[1], [{d: e}]]}
text: |
  two
  lines
empty:
"""


@pytest.mark.parametrize("text", [*builtin_documents().values(), DOCUMENT, "a", "[]", "'16'", "true", "{no: a, nn: b}"])
def test_the_straight_way_gives_the_same(text: str) -> None:
    """Also of words that stand for something else than themselves."""
    assert read_straight(text) == by_pyyaml(text)


UNUSUAL = [
    "a: &here [b]\nc: *here",
    "a: &here b",
    "a: !!str 16",
    "a: !!set {b, c}",
    "16: a",
    "{no: a, 16: b}",
    "0: a",
    "yes: a",
    "[a, b]: c",
    "{a: b}: c",
    "a: {<<: {b: c}}",
    "",
    "# nothing",
]


@pytest.mark.parametrize("text", UNUSUAL)
def test_what_is_unusual_goes_the_other_way(text: str) -> None:
    """Which may find it good, or not."""
    with pytest.raises((Unusual, yaml.YAMLError)):
        read_straight(text)

    assert outcome(read_document, text) == outcome(by_pyyaml, text)


BAD = ["a: {b", "a: 'b", "a: *here", "a: !x b", "--- a\n--- b", "a: 2026-99-99", "\x00", "a:\tb: c", "a: <<", "a: ="]


@pytest.mark.parametrize("text", BAD)
def test_mistakes_are_those_of_pyyaml(text: str) -> None:
    """Words and place."""
    assert outcome(read_document, text) == outcome(by_pyyaml, text)
    assert "Error" in str(outcome(read_document, text))


@pytest.mark.parametrize("text", ["a: b\na: c", "1: b\n'1': c", "no: b\n'no': c", "no: b\nno: c", "a: {b: c, b: c}"])
def test_a_key_is_there_once(text: str) -> None:
    """PyYAML would keep the last one."""
    with pytest.raises(yaml.MarkedYAMLError, match="is there twice"):
        read_document(text)


def by_pyyaml(text: str) -> Any:
    """What the scanner in C and PyYAML make of it."""
    return yaml.load(text, yaml.CSafeLoader)


def outcome(read: Any, text: str) -> object:
    """A value, or the kind of mistake and what is said of it."""
    try:
        return read(text)
    except (yaml.YAMLError, ValueError) as error:
        return type(error).__name__, str(getattr(error, "problem", error)), spot(getattr(error, "problem_mark", None))


def spot(mark: yaml.Mark | None) -> tuple[int, int] | None:
    """Line and column, from 0."""
    return (mark.line, mark.column) if mark else None
