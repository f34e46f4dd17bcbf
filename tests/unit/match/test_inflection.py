"""Forms of a word from rows of form and lemma."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from monitor.match.inflection import dictionaries, forms_of, listed_words, release

ROWS = [("ports", "port"), ("Ports", "Port"), ("port", "port"), ("portal", "portal"), ("porting", "port")]


def test_forms() -> None:
    """The word first, then every form of it as given, small, or with a capital; itself if nothing is known."""
    assert forms_of("port", ROWS) == ("port", "Ports", "porting", "ports")
    assert forms_of("PORT", ROWS) == ("PORT", "Ports", "port", "porting", "ports")
    assert forms_of("harbour", ROWS) == ("harbour",)


@pytest.mark.timeout(120)
def test_forms_of_the_installed_dictionaries() -> None:
    """English is known, a made-up language is not."""
    inflect = dictionaries()
    assert inflect is not None

    assert {"port", "ports"} <= set(inflect("port", "en") or ())
    assert inflect("port", "xx") is None
    release()


def test_without_dictionaries() -> None:
    """Whether there are any is known before one is asked."""
    assert (dictionaries() is None) is (find_spec("simplemma") is None)


@pytest.mark.timeout(120)
def test_words_of_the_installed_dictionaries() -> None:
    """Every form it lists, names among them."""
    words = listed_words("en")
    assert words is not None

    assert {("ports", "port"), ("Portugal", "Portugal")} <= set(words)
    assert listed_words("xx") is None
    release()
