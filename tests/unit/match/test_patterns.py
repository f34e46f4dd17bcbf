"""Aliases as patterns, exact forms, clitics, language groups, the automaton."""

from __future__ import annotations

import pytest

from monitor.match.fold import fold_words
from monitor.match.patterns import MAX_WORD, Alias, NotIn, exact_form, fits, make_alias, make_longer, make_shape


@pytest.mark.parametrize(
    ("written", "left", "right", "pattern"),
    [
        ("Drone", False, False, " drone "),
        ("trade war", False, False, " trade war "),
        ("F-16", False, False, " f 16 "),
        ("ukrain", False, True, " ukrain"),
        ("drohne", True, False, "drohne "),
        ("無人機", False, False, "无人机"),
        ("โดรน", False, False, "โดรน"),
        ("使用UAV", False, False, "使用 uav "),
        ("🇺🇦", False, False, "🇺🇦"),
        ("드론", False, False, " 드론"),
        ("드론", True, False, "드론"),
    ],
)
def test_pattern(written: str, left: bool, right: bool, pattern: str) -> None:
    """The word border is in the pattern, where the script has one."""
    (core,) = fold_words([written])

    assert Alias(written, "term", core, open_left=left, open_right=right).pattern == pattern


def test_hangul_nouns_do_not_follow_numbers() -> None:
    """Only where the left edge is a border."""
    assert not make_alias(Alias("대만", "term", "대만")).check.after_numeral
    assert make_alias(Alias("드론", "term", "드론", open_left=True)).check.after_numeral
    assert make_alias(Alias("drone", "term", "drone")).check.after_numeral


@pytest.mark.parametrize(
    ("first", "second", "cased", "same"),
    [
        ("UAV", "ＵＡＶ", True, True),
        ("UAV", "U\u00adA\u200dV", True, True),
        ("UAV", "Uav", True, False),
        ("U.S.", "U.S", True, True),
        ("U.S.", "US", True, False),
        ("İHA'lar", "İHA’lar", True, True),
        ("dröhnen", "DRO\u0308HNEN", False, True),
        ("dröhnen", "drohnen", False, False),
        ("مسيّرة", "مسيرة", False, False),
        ("بمسيّرة", "بـمسيّرة", False, True),
        ('כטב"ם', "כטב״ם", True, True),
        ("anti-drone", "anti‑drone", True, True),
    ],
)
def test_exact_form(first: str, second: str, cased: bool, same: bool) -> None:
    """Width, format characters and kinds of apostrophe are no difference; capitals or accents are."""
    assert (exact_form(first, cased) == exact_form(second, cased)) is same


@pytest.mark.parametrize(
    ("core", "entry", "texts"),
    [
        ("drone", "drone bombast", [" drone bombast "]),
        ("drone", "drone bomb*", [" drone bomb"]),
        ("drone", "drone", []),
        ("机", "机场机", ["机场机", "机场机"]),
        ("한 대만", " 한 대만", []),
        ("대만", " 한 대만", [" 한 대만"]),
    ],
)
def test_swallowers(core: str, entry: str, texts: list[str]) -> None:
    """Each place of a pattern inside a longer string; borders as the script has them."""
    (longer,) = fold_words([entry.strip("*")])

    assert [found.text for found in make_longer(NotIn(entry), longer).swallowers(longer, core, False, False)] == texts


@pytest.mark.parametrize(
    ("entry", "texts"),
    [
        ("padrone", ["padrone "]),
        (" padrone", [" padrone "]),
        ("droneclub", [" droneclub"]),
        ("droneclub ", [" droneclub "]),
    ],
)
def test_a_blank_closes_an_open_end_of_a_swallower(entry: str, texts: list[str]) -> None:
    """The longer string is open where its pattern is, unless a blank is written there."""
    left = "padrone" in entry
    (longer,) = fold_words([entry])

    assert [
        found.text for found in make_longer(NotIn(entry), longer).swallowers(longer, "drone", left, not left)
    ] == texts


@pytest.mark.parametrize(
    ("pieces", "word", "expected"),
    [
        (["organi", "?", "ation"], "organisation", True),
        (["organi", "?", "ation"], "organiation", False),
        (["organi", "?", "ation", "*"], "organizations", True),
        (["*", "dr", "?", "ne"], "kampfdrone", True),
        (["dr", "*", "o", "*", "ne"], "drone", True),
        (["dr", "*", "o", "*", "o", "*", "ne"], "drone", False),
        (["abc", "*"], "ab", False),
        (["a.c", "*"], "abcd", False),
    ],
)
def test_shapes(pieces: list[str], word: str, expected: bool) -> None:
    """`?` is one letter, `*` any number, the rest itself."""
    assert fits(make_shape(pieces), word) is expected


def test_shapes_cost_what_a_word_weighs() -> None:
    """Many wildcards do not multiply the ways to try; what is longer than any word does not fit."""
    pieces = ["abc", *["*", "a"] * 60, "*", "x"]

    assert not fits(make_shape(pieces), "abc" + "a" * (MAX_WORD - 3))
    assert not fits(make_shape(["a", "*"]), "a" * (MAX_WORD + 1))
