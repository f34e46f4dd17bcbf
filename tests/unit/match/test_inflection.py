"""Forms of a word from the dictionaries."""

from __future__ import annotations

import lzma
from importlib.resources import files
from time import process_time
from unicodedata import normalize

import pytest

from monitor.match.clitics import attach_hebrew
from monitor.match.dictionary import read_dictionary
from monitor.match.inflection import Listed, attach_clitics, forms_of, inflect, listed_words, read_lemmas, release

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


def test_clitics_are_attached_unless_that_is_another_word() -> None:
    """The article always; other heads where no lemma arises, of inflected forms where nothing known does."""
    rows = [("ים", "ים"), ("ימים", "ים"), ("מים", "מים"), ("הים", "הים"), ("בים", "ביים"), ("לימים", "לום")]
    found = set(attach_clitics(("ים", "ימים"), "he", Listed(rows)))

    assert {"ים", "הים", "בים", "לים", "שהים", "ימים", "הימים", "וימים"} <= found
    assert found.isdisjoint({"מים", "לימים"})


def test_the_article_is_not_doubled() -> None:
    """A form that a dictionary lists with its article gets no more in front than the form without."""
    rows = [("בית", "בית"), ("הבית", "בית")]

    assert set(attach_clitics(("בית", "הבית"), "he", Listed(rows))) == set(attach_hebrew("בית"))


@pytest.mark.parametrize(
    ("word", "language", "found", "not_found"),
    [
        ("טיל", "he", "הטיל ובטילים הטילים לטיל כשהטיל", "מטיל הטילה מטילים"),
        ("אוקראינה", "he", "באוקראינה ומאוקראינה", ""),
        ("ميناء", "ar", "الميناء بالميناء للميناء والموانئ", "فموان"),
    ],
)
def test_forms_with_clitics(word: str, language: str, found: str, not_found: str) -> None:
    """What stands in texts is found, also of words that no dictionary has; what means something else is not."""
    forms = inflect(word, language)
    release()

    assert forms is not None
    assert forms[0] == word
    assert set(found.split()) <= set(forms)
    assert set(forms).isdisjoint(not_found.split())


def test_dictionaries_of_another_kind() -> None:
    """A stream in an unknown format is no obstacle: then the package reads it."""
    assert read_lemmas(b"SMFC9", lambda: ROWS).forms("port") == {"ports", "port", "porting"}


def test_forms_of_the_installed_dictionaries() -> None:
    """English is known, a made-up language is not."""
    assert {"port", "ports"} <= set(inflect("port", "en") or ())
    assert inflect("port", "xx") is None
    release()


@pytest.mark.parametrize(
    ("word", "tag", "form"),
    [("hus", "no", "huset"), ("лука", "sr", "луке"), ("luka", "hr", "luke"), ("casa", "pt-br", "casas")],
)
def test_languages_without_a_dictionary_of_their_name(word: str, tag: str, form: str) -> None:
    """Norwegian and Serbian are looked up where they stand; a region does not matter."""
    assert form in (inflect(word, tag) or ())
    release()


@pytest.mark.parametrize("language", ["en", "he"])
def test_the_arrays_say_what_the_package_says(language: str) -> None:
    """Every thousandth word of a dictionary has the same forms and the same lemma either way."""
    rows = list(listed_words(language) or ())
    packed = files("simplemma.strategies.dictionaries").joinpath("data", f"{language}.plzma").read_bytes()
    known, expected = read_dictionary(lzma.decompress(packed)), Listed(rows)

    assert known is not None
    assert [known.lemma(form) for form, _ in rows[::1000]] == [lemma for _, lemma in rows[::1000]]
    assert [known.forms(lemma) for _, lemma in rows[::1000]] == [expected.forms(lemma) for _, lemma in rows[::1000]]


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
