"""The words for what is wrong."""

from __future__ import annotations

import pytest

from monitor.config import problems
from monitor.model.watch import Place


@pytest.mark.parametrize(
    ("path", "text"),
    [((), ""), (("fetch", "proxy"), "fetch.proxy"), (("sinks", 0, "kind"), "sinks[0].kind"), ((0, "a"), "[0].a")],
)
def test_spell(path: tuple[str | int, ...], text: str) -> None:
    """Paths as people write them."""
    assert problems.spell(path) == text


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("concurency", '; did you mean "concurrency"?'),
        ("password", '; did you mean "password_file"?'),
        ("zzz", "; allowed: auth_file, concurrency, password_file"),
        ("auth", '; did you mean "auth_file"?'),
    ],
)
def test_suggest(word: str, words: str) -> None:
    """The nearest word, a secret's file, or the whole list."""
    assert problems.suggest(word, ("concurrency", "password_file", "auth_file")) == words


def test_suggest_keeps_quiet_about_long_lists() -> None:
    """Hundreds of ids help nobody."""
    assert problems.suggest("zzz", [f"feed-{number}" for number in range(100)]) == ""


def test_unknown_finding_gets_words_of_our_own() -> None:
    """A kind of finding that nobody foresaw still reads like the others."""
    found = problems.of_pydantic({"type": "brand_new_error", "loc": ("a", 1)}, Place("f", 2, 3), ())

    assert str(found) == "f:2:3: a[1]: has to be another kind of value [MON-CFG-006]"


def test_ids_are_in_order() -> None:
    """The table is read from top to bottom."""
    assert list(problems.IDS) == sorted(problems.IDS)
