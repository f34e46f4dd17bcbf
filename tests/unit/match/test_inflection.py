"""Forms of a word from the dictionaries."""

from __future__ import annotations

from time import process_time
from unicodedata import normalize

import pytest

from monitor.match.inflection import Listed, forms_of, inflect, listed_words, read_lemmas, release

ROWS = [("ports", "port"), ("Ports", "Port"), ("port", "port"), ("portal", "portal"), ("porting", "port")]


def test_forms() -> None:
    """The word first, then every form of it as given, small, or with a capital; itself if nothing is known."""
    known = Listed(ROWS)

    assert forms_of("port", known) == ("port", "Ports", "porting", "ports")
    assert forms_of("PORT", known) == ("PORT", "Ports", "port", "porting", "ports")
    assert forms_of("harbour", known) == ("harbour",)


def test_forms_of_a_word_in_pieces() -> None:
    """A word whose accents are characters of their own has the forms of the composed one."""
    known = Listed([("cafés", "café"), ("café", "café")])

    assert forms_of(normalize("NFD", "café"), known)[1:] == ("café", "cafés")


def test_dictionaries_of_another_kind() -> None:
    """A stream in an unknown format is no obstacle: then the package reads it."""
    assert read_lemmas(b"SMFC9", lambda: ROWS).forms("port") == {"ports", "port", "porting"}


def test_forms_of_the_installed_dictionaries() -> None:
    """English is known, a made-up language is not."""
    assert {"port", "ports"} <= set(inflect("port", "en") or ())
    assert inflect("port", "xx") is None
    release()


@pytest.mark.parametrize("language", ["en", "he"])
def test_the_arrays_say_what_the_package_says(language: str) -> None:
    """Every thousandth word of a dictionary has the same forms either way."""
    rows = list(listed_words(language) or ())
    known = Listed(rows)
    words = [lemma for _, lemma in rows[::1000]]

    assert words
    assert [inflect(word, language) for word in words] == [forms_of(word, known) for word in words]
    release()


def test_a_large_dictionary_is_read_at_once() -> None:
    """Polish has 3.7 million forms: some words of it take less than a reload may, by far."""
    begun = process_time()
    forms = [inflect(word, "pl") for word in ("okręt", "wojna", "rakieta")]
    spent = process_time() - begun
    release()

    assert [len(found or ()) > 8 for found in forms] == [True] * 3
    assert spent < 2.5


def test_words_of_the_installed_dictionaries() -> None:
    """Every form it lists, names among them."""
    words = listed_words("en")
    assert words is not None

    assert {("ports", "port"), ("Portugal", "Portugal")} <= set(words)
    assert listed_words("xx") is None
