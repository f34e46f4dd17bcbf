"""YAML with places, and without surprises."""

from __future__ import annotations

import time

import pytest

from monitor.config.places import EMPTY, MAX_BYTES, Node, plant, read, scalar
from monitor.model.watch import Place


def only(text: str) -> Node:
    (document,), problems = read("a.yaml", text)
    assert not problems
    return document


def refused(text: str) -> str:
    _, (problem,) = read("a.yaml", text)
    return str(problem)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("NO", "NO"),
        ("on", "on"),
        ("True", "True"),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("2026-01-01", "2026-01-01"),
        ("9" * 40, "9" * 40),
    ],
)
def test_scalar(word: str, value: object) -> None:
    """Only true and false are booleans; nothing but plain decimal is a number."""
    assert scalar(word) == value
    assert type(scalar(word)) is type(value)


def test_places_of_keys_and_values() -> None:
    """Lines and columns count from 1, a key has a place of its own."""
    node = only("a:\n  b: [x, {c: d}]\n")

    assert node.at(("a", "b", 0)).place == Place("a.yaml", 2, 7)
    assert node.at(("a", "b", 1, "c")).place == Place("a.yaml", 2, 14)
    assert node.at(("a", "b", 1, "c")).key == Place("a.yaml", 2, 11)
    assert node.plain() == {"a": {"b": ["x", {"c": "d"}]}}


def test_path_beyond_the_tree_gives_the_deepest_node() -> None:
    """A missing key is reported where it would have to stand."""
    node = only("a: {b: 1}\n")

    assert node.at(("a", "x", "y")) is node.at(("a",))
    assert node.at(("a", "b", 3)) is node.at(("a", "b"))


def test_quoted_words_are_texts() -> None:
    """Whoever writes quotes means a text."""
    assert only("a: ['12', \"true\", '']").plain() == {"a": ["12", "true", ""]}


def test_documents_of_a_stream() -> None:
    """`---` parts documents; an empty one is null."""
    documents, problems = read("a.yaml", "a: 1\n---\n---\nb: 2\n")

    assert [document.plain() for document in documents] == [{"a": 1}, None, {"b": 2}]
    assert problems == []


def test_documents_before_a_break_are_kept() -> None:
    """One broken watch does not hide what is wrong with those before it."""
    documents, (problem,) = read("a.yaml", "a: 1\n---\nb: [\n")

    assert [document.plain() for document in documents] == [{"a": 1}]
    assert problem.id == "MON-CFG-001"


def test_alias_repeats_a_value() -> None:
    """Small aliases are fine."""
    node = only("a: &x [1, 2]\nb: *x\n")

    assert node.plain() == {"a": [1, 2], "b": [1, 2]}
    assert node.at(("b",)).place == Place("a.yaml", 2, 4)


def test_anchors_end_with_their_document() -> None:
    """An alias cannot reach into another document."""
    assert "there is no anchor `&x`" in refused("a: &x 1\n---\nb: *x\n")


def test_h187_anchor_bomb_is_quick() -> None:
    """Nine levels of nine would be 387 million values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    started = time.process_time()

    assert "MON-CFG-003" in refused("\n".join(lines))
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "text", ["[" * 200 + "]" * 200, "[" * 100_000, "- " * 3000 + "x", "{a: " * 60 + "1" + "}" * 60]
)
def test_h187_depth(text: str) -> None:
    """Depth ends in a message, not in a crash."""
    assert "nested" in refused(text)


def test_h187_size() -> None:
    """A file of 50 MB is refused before anything reads it."""
    started = time.process_time()

    assert "larger than 5 MiB" in refused("a: b\n" * 10_000_000)
    assert time.process_time() - started < 1


def test_size_counts_bytes() -> None:
    """Letters of three bytes count three times."""
    assert "larger than 5 MiB" in refused("字" * (MAX_BYTES // 2))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: `x", "`begins no YAML value"),
        ("a: %x\n", "begins no YAML value"),
        ("a: \x01", "control character"),
        ('a: "\\q"', "a backslash in double quotes"),
        ("? [a]\n: b", "a key has to be a plain word"),
        ("? {a: b}\n: b", "a key has to be a plain word"),
        ("!!str a: b", "MON-CFG-003"),
        ("a: !custom x", "tags"),
        ("a: \ud800", "not valid YAML"),
        ("a\nb: c", "MON-CFG-001"),
    ],
)
def test_refused(text: str, words: str) -> None:
    """Everything that YAML can do beyond what is needed."""
    assert words.removeprefix("`") in refused(text)


def test_plant() -> None:
    """A value that came from elsewhere has one place throughout."""
    node = plant({"a": [1, {"b": None}]}, "request")

    assert node.plain() == {"a": [1, {"b": None}]}
    assert node.at(("a", 1, "b")).place == node.at(("a", 1, "b")).key == Place("request")


def test_node_without_children() -> None:
    """A text has neither entries nor items."""
    node = plant("x")

    assert (node.entries(), node.items(), EMPTY.plain()) == ({}, [], {})
