"""Foreign lines are taken out, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor import data
from monitor.model.article import Removed
from monitor.normalise.furniture import (
    LEARNED_KEPT,
    article_lines,
    learn_lines,
    learned_lines,
    line_hashes,
    strip_furniture,
)

CASES = Path(__file__).parents[2] / "corpus" / "furniture" / "lines.yaml"
LINES: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", LINES, ids=lambda case: case["line"][:50])
def test_line_in_the_middle(case: dict[str, Any]) -> None:
    """Between two lines of prose only markers, codes, pointers and share bars go."""
    found = strip_furniture(f"It rained.\n{case['line']}\nIt stopped.", "body")

    assert [one.kind for one in found.removed] == ([case["middle"]] if case["middle"] else [])
    assert found.text == ("It rained.\nIt stopped." if case["middle"] else f"It rained.\n{case['line']}\nIt stopped.")


@pytest.mark.parametrize("case", LINES, ids=lambda case: case["line"][:50])
def test_line_at_the_end(case: dict[str, Any]) -> None:
    """As last line tails, signatures and words of a teaser go, too."""
    found = strip_furniture(f"It rained.\n{case['line']}", "body")

    assert [one.kind for one in found.removed] == ([case["last"]] if case["last"] else [])
    assert found.text == ("It rained." if case["last"] else f"It rained.\n{case['line']}")
    assert found.teaser is (case["last"] == "T6")


def test_seed_article(corpus: Path) -> None:
    """The French sample article loses exactly six lines; nine are foreign, but a job advert has no form of its own."""
    text = (corpus / "seed-article-fr.txt").read_text(encoding="utf-8")

    found = strip_furniture(text, "body")

    assert [one.kind for one in found.removed] == ["T1", "T4", "T4", "T4", "T1", "T3"]
    assert [one.text.split(" ")[0] for one in found.removed] == ["[ad_1]", ">>", ">>", "Suite:", "[ad_2]", "Source"]
    assert all(text[one.start : one.end] == one.text for one in found.removed)
    assert set(text.split("\n")) - set(found.text.split("\n")) == {one.text for one in found.removed}


def test_tails_one_behind_the_other() -> None:
    """What is the last line depends on what was removed behind it; blank lines do not hide it."""
    text = "It rained.\nContinue reading\nThe post Rain appeared first on Blog.\n[ad_2]\n\nSource link -7\n"

    found = strip_furniture(text, "body")

    assert found.text.rstrip() == "It rained."
    assert [one.kind for one in found.removed] == ["T6", "T5", "T1", "T3"]


@pytest.mark.parametrize(
    ("text", "expect", "kinds"),
    [
        ("[ad_1] It rained.", " It rained.", ["T1"]),
        ("It rained. [ad_2]", "It rained. ", ["T1"]),
        ("[ad_1][ad_2] It rained. [ad_3] [ad_4]", " It rained. ", ["T1"] * 4),
        ("It [ad_1] rained.", "It [ad_1] rained.", []),
        ("[ad_1] It rained. [ad_2] Source link -48", " It rained. ", ["T1", "T1", "T3"]),
    ],
)
def test_markers_inside_a_line(text: str, expect: str, kinds: list[str]) -> None:
    """A marker goes at both ends of a line; all of them may stand on one line with a scraper's tail."""
    found = strip_furniture(text, "body")

    assert found.text == expect
    assert [one.kind for one in found.removed] == kinds


@pytest.mark.parametrize("text", ["", "[ad_1]", "Read also: Rain", "[ad_1]\nSource link", "\n\n"])
def test_nothing_left(text: str) -> None:
    """If nothing would be left, nothing is removed."""
    found = strip_furniture(text, "body")

    assert (found.text, found.removed) == (text, ())


def test_titles_stay() -> None:
    """A title is never touched."""
    assert strip_furniture("Related: Rain\nSource link", "title").text == "Related: Rain\nSource link"


def test_removed_names_its_field() -> None:
    """A removed line says in which field it stood, and where."""
    found = strip_furniture("a\nRead also: b\nc", "summary")

    assert found.removed == (Removed("summary", 2, 14, "T4", "Read also: b"),)


def test_long_pointers_stay() -> None:
    """A line beyond 200 characters is prose, however it begins."""
    assert not strip_furniture("a\nRead also: " + "b" * 200, "body").removed


def test_teaser_without_a_line_of_its_own() -> None:
    """An ellipsis in brackets at the end of the text says that it goes on elsewhere."""
    found = strip_furniture("It rained and rained […]", "summary")

    assert (found.text, found.teaser) == ("It rained and rained […]", True)


def test_spans_lead_back() -> None:
    """A span of the clean text means the same characters in the raw text; without removals it is the same span."""
    raw = "[ad_1] It rained.\nRead also: x\nIn Kyiv it\nstopped.\nSource link"
    found = strip_furniture(raw, "body")

    for word in ("rained", "Kyiv", "it\nstopped."):
        start = found.text.index(word)
        first, last = found.raw_span(start, start + len(word))
        assert raw[first:last] == word
    assert found.raw_span(3, 3) == (9, 9)
    assert strip_furniture("It rained.", "body").raw_span(3, 9) == (3, 9)


def test_span_over_a_removed_line() -> None:
    """A phrase that the removal brought together spans the removed line in the raw text."""
    raw = "It rained in\nRead also: x\nKyiv."
    found = strip_furniture(raw, "body")

    first, last = found.raw_span(found.text.index("in\n"), found.text.index("Kyiv") + 4)

    assert raw[first:last] == "in\nRead also: x\nKyiv"


def test_learned_lines() -> None:
    """T8 removes a line by its hash, in any case and punctuation, and no line beyond 300 characters."""
    (learned,) = line_hashes("Our newsletter: every day!")
    long = "x" * 301

    found = strip_furniture(f"It rained.\nOUR NEWSLETTER — every day\n{long}", "body", frozenset({learned, 1}))

    assert found.text == f"It rained.\n{long}"
    assert [one.kind for one in found.removed] == ["T8"]
    assert line_hashes(long) == ()


def test_line_hashes_count_a_line_once() -> None:
    """A line that an article has twice stood in one article."""
    assert len(line_hashes("a\nA.\n\n  \nb")) == 2


def learn(*articles: tuple[str, int]) -> frozenset[int]:
    counts: tuple[tuple[int, int], ...] = ()
    for text, times in articles:
        counts = learn_lines(counts, [line_hashes(text)] * times)
    return learned_lines(counts)


def test_learning() -> None:
    """A line has to stand in five articles and in 30 % of the last fifty."""
    (line,) = line_hashes("Our newsletter")

    assert learn(("Our newsletter", 4)) == frozenset()
    assert learn(("Our newsletter", 5)) == {line}
    assert learn(("something else", 45), ("Our newsletter", 5)) == {line_hashes("something else")[0]}
    assert line in learn(("something else", 45), ("Our newsletter", 30))
    assert learn() == frozenset()
    assert learn_lines(((1, 2),), ()) == ((1, 2),)


def test_learning_forgets() -> None:
    """A line that no longer comes is prose again after some time."""
    (line,) = line_hashes("Our newsletter")

    assert line not in learn(("Our newsletter", 20), ("something else", 200))


def test_learning_is_bounded() -> None:
    """A feed of ever new lines leaves 256 of them in the state, and the most frequent ones."""
    counts = learn_lines(
        (), [line_hashes("\n".join(["always", *(f"{number} {line}" for line in range(9))])) for number in range(1000)]
    )

    assert len(counts) <= LEARNED_KEPT + 1
    assert line_hashes("always")[0] in learned_lines(counts)


def test_article_lines_remember_what_was_removed() -> None:
    """A learned line that is removed counts on, or it would be forgotten and learned again in turn."""
    text = "It rained.\nOur newsletter\n[ad_1]"
    summary = strip_furniture(text, "summary", frozenset(line_hashes("Our newsletter")))
    body = strip_furniture("It rained.\nIt stopped.", "body")

    assert set(article_lines(summary, body)) == set(line_hashes("It rained.\nIt stopped.\nOur newsletter"))


@pytest.mark.parametrize(
    "text",
    ["[ad_1]" * 11_000, "[ad_1] x" * 8_000, ">>" * 32_000, "[a b=" * 13_000, "[a b=c " * 9_000, "a\n" * 32_000,
     "the post " * 7_000, "share " * 11_000, "[a b=c]" * 40 + "x", "… " * 250 + "x"],
    ids=["markers", "inner markers", "arrows", "open codes", "codes", "lines", "posts", "shares", "many codes", "dots"],
)  # fmt: skip
def test_hostile_lines(text: str) -> None:
    """No text of the largest size takes long."""
    start = time.perf_counter()
    strip_furniture(text, "body", frozenset({1}))

    assert time.perf_counter() - start < 2


def _pointers() -> list[str]:
    lines = (line for name in data.names("furniture") for line in data.lines(f"furniture/{name}"))
    return [line.partition(" ")[2] for line in lines if line.startswith("pointer ")]


@pytest.mark.parametrize("spell", [str, str.capitalize, lambda phrase: phrase[0] + "\u0301" * 15 + phrase[1:]])
def test_no_pointer_escapes_by_how_it_begins(spell) -> None:
    """Lines are chosen by their first letters; a capital and heaps of accents hide none of them."""
    kept = [phrase for phrase in _pointers() if f"{spell(phrase)}: x" in _without(f"{spell(phrase)}: x")]
    assert kept == []


def _without(line: str) -> str:
    return strip_furniture(f"It rained.\n{line}\nIt stopped.", "body").text
