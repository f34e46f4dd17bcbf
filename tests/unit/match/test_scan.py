"""One article against all patterns: fields, spans, and why an occurrence does not count."""

from __future__ import annotations

import pytest

from monitor.match.automaton import MAX_HITS
from monitor.match.compiler import compile_rules
from monitor.match.scan import LONG_WORD, MAX_FIELD, Scan, cut, is_cut, utf16_length
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from tests.support.packs import example_pack


def scan_of(
    text: Text, query: str = "@example OR {US} OR =élan OR dron* OR *drone OR 대만"
) -> tuple[Scan, list[tuple[str, str]]]:
    """A scan, and every occurrence with the objection against it."""
    rules = compile_rules([Watch(WatchId("w"), query)], example_pack())
    scan = rules.scan(text)
    rows = [
        (scan.surface(start, end), scan.objection(variant, start, end))
        for pattern, start, end in scan.hits
        for variant in rules.listeners.rows[pattern]
    ]
    return scan, rows


@pytest.mark.parametrize(
    ("text", "surface", "reason"),
    [
        (Text(body="drones"), "dron", ""),
        (Text(body="us"), "us", "case"),
        (Text(body="elan"), "elan", "accent"),
        (Text(title="SEND US HOME"), "US", "capitals"),
        (Text(title="SEND US HOME", body="The US"), "US", ""),
        (Text(body="20대만"), "대만", "numeral"),
        (Text(body="20 대만"), "대만", ""),
        (Text(body="カードローン"), "ドローン", "not_in"),
        (Text(body="drohnen", language="en"), "drohn", "language"),
        (Text(body="drohnen", language="de"), "drohn", ""),
        (Text(body="drohnen"), "drohn", ""),
    ],
)
def test_objections(text: Text, surface: str, reason: str) -> None:
    """Each reason why an occurrence does not count."""
    assert (surface, reason) in scan_of(text)[1]


@pytest.mark.parametrize(
    ("body", "crowded"),
    [
        ("drone", set()),
        ("drone " * MAX_HITS, {0}),
        ("drone " * (MAX_HITS + 9), {0}),
        ("drone " * (MAX_HITS - 1), set()),
    ],
)
def test_patterns_with_too_many_places(body: str, crowded: set[int]) -> None:
    """Further places are not looked at, and that is told."""
    assert scan_of(Text(body=body), "drone")[0].crowded == crowded


def test_texts_that_are_cut() -> None:
    """Any of the three."""
    assert not is_cut("", "", "x" * MAX_FIELD)
    assert is_cut("", "x" * (MAX_FIELD + 1), "x")


def test_a_string_swallows_a_hit_wherever_it_begins() -> None:
    """Before the hit, at it, or nowhere near."""
    assert scan_of(Text(body="カードローン"))[1] == [("ドローン", "not_in")]
    assert scan_of(Text(body="ドローン、カードローン"))[1] == [("ドローン", ""), ("ドローン", "not_in")]


def test_fields_of_folded_places() -> None:
    """The two borders part three fields, also where one is empty."""
    scan, _ = scan_of(Text(title="a", body="c"))

    assert scan.folded.text == " a \x1f \x1f c "
    assert [scan.field_at(at) for at in (1, 4, 7)] == ["title", "summary", "body"]


def test_local_spans() -> None:
    """A place of the joined text is a place of its field."""
    scan, _ = scan_of(Text(title="ab", summary="cd", body="ef"))
    joined = scan.folded.original
    fields = [
        scan.local(field, at, at + 2)
        for field, at in (("title", 0), ("summary", joined.index("cd")), ("body", joined.index("ef")))
    ]

    assert fields == [(0, 2)] * 3


@pytest.mark.parametrize(
    ("title", "shouting"),
    [
        ("ALL IN CAPITALS", True),
        ("All But oNE", False),
        ("Normal", False),
        ("無人機", False),
        ("", False),
        ("24!", False),
    ],
)
def test_shouting(title: str, shouting: bool) -> None:
    """More than four of five letters are capitals; scripts without case do not shout."""
    assert scan_of(Text(title=title))[0].shouting is shouting


@pytest.mark.parametrize(
    ("summary", "body", "repeated"),
    [
        ("A drone", "A DRONE fell", True),
        ("A drone", "A drones", False),
        ("", "A drone", False),
        ("…", "A drone", False),
    ],
)
def test_repeated_summary(summary: str, body: str, repeated: bool) -> None:
    """Word for word, case and punctuation aside."""
    assert scan_of(Text(summary=summary, body=body))[0].repeated is repeated


def test_utf16() -> None:
    """Astral characters count twice, surrogates once."""
    assert [utf16_length(text) for text in ("", "aé無", "😀a", "\ud800")] == [0, 3, 3, 1]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("x" * MAX_FIELD, MAX_FIELD),
        ("x " * (MAX_FIELD // 2 - 2) + "drones and", MAX_FIELD - 4),
        ("x " * (MAX_FIELD // 2 - 3) + "drones and", MAX_FIELD),
        ("机" * (MAX_FIELD + 9), MAX_FIELD),
        ("x " * (MAX_FIELD // 2 - LONG_WORD) + "y" * 900, MAX_FIELD),
    ],
)
def test_a_long_text_ends_with_a_whole_word(text: str, length: int) -> None:
    """Half of "drones" would be "drone"; where no word ends the text is cut at its bound."""
    assert len(cut(text)) == length
    assert text.startswith(cut(text))
