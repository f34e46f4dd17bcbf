"""The inflected forms of a word, from the dictionaries of the package `simplemma`."""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Protocol
from unicodedata import normalize

from monitor.match.clitics import ARTICLES, CLITICS
from monitor.match.dictionary import read_dictionary

Inflect = Callable[[str, str], tuple[str, ...] | None]
"""Word and language → its forms, the word first; None without a dictionary of that language."""

NAMES = {"no": "nb", "hr": "hbs", "sr": "hbs", "bs": "hbs", "sh": "hbs", "fil": "tl", "iw": "he"}
"""Dictionaries of languages that have none of their own name. That of Serbian and its kin has both scripts."""

_PACKAGE = "simplemma.strategies.dictionaries"


class Lemmas(Protocol):
    """What is asked of a dictionary."""

    def forms(self, lemma: str) -> set[str]:
        """All forms of a lemma."""
        ...

    def lemma(self, form: str) -> str | None:
        """The lemma of a form; None if it is not listed."""
        ...


class Listed:
    """The same from rows of form and lemma, each an object: slow and large, and not bound to a format of files."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        """Reads all of them."""
        self._lemmas = dict(rows)
        self._forms: dict[str, set[str]] = {}
        for form, lemma in self._lemmas.items():
            self._forms.setdefault(lemma, set()).add(form)

    def forms(self, lemma: str) -> set[str]:
        """All forms of a lemma."""
        return self._forms.get(lemma, set())

    def lemma(self, form: str) -> str | None:
        """The lemma of a form; None if it is not listed."""
        return self._lemmas.get(form)


@cache
def inflect(word: str, language: str) -> tuple[str, ...] | None:
    """All forms whose lemma is the word: as given, small, with a capital. Reads a dictionary: up to a second.

    In Arabic and Hebrew also with what is written together with the word behind it.
    """
    name = dictionary_name(language)
    found = _dictionary(name)
    if found is None:
        return None
    forms = forms_of(word, found)
    return attach_clitics(forms, name, found) if name in CLITICS else forms


def listed_words(language: str) -> Iterable[tuple[str, str]] | None:
    """Every form that the dictionary of a language has, with its lemma; None without one. Takes up to some seconds."""
    found, name = import_module(f"{_PACKAGE}.dictionary_factory"), dictionary_name(language)
    if name not in found.SUPPORTED_LANGUAGES:
        return None
    entries: Mapping[str, str] = found.DefaultDictionaryFactory(cache_max_size=1).get_dictionary(name)
    return entries.items()


def dictionary_name(tag: str) -> str:
    """The dictionary in which a language is looked up, whatever region or script is named with it."""
    primary = tag.partition("-")[0]
    return NAMES.get(primary, primary)


@lru_cache(maxsize=1)
def _dictionary(language: str) -> Lemmas | None:
    if language not in import_module(f"{_PACKAGE}.dictionary_factory").SUPPORTED_LANGUAGES:
        return None
    file = files(_PACKAGE).joinpath("data", f"{language}.plzma")
    stream = lzma.decompress(file.read_bytes()) if file.is_file() else b""
    return read_lemmas(stream, lambda: listed_words(language) or ())


def read_lemmas(stream: bytes, rows: Callable[[], Iterable[tuple[str, str]]]) -> Lemmas:
    """The dictionary of a stream; from rows of form and lemma if the stream is of a kind that is not known here."""
    return read_dictionary(stream) or Listed(rows())


def release() -> None:
    """Lets go of the dictionary read last, up to 150 MB; forms that were found stay known."""
    _dictionary.cache_clear()


def forms_of(word: str, dictionary: Lemmas) -> tuple[str, ...]:
    """The word and every form of it, in the order of the alphabet. Dictionaries have letters composed."""
    composed = normalize("NFC", word)
    forms = set[str]().union(*map(dictionary.forms, {composed, composed.lower(), composed.capitalize()}))
    return (word, *sorted(forms - {word}))


def attach_clitics(forms: tuple[str, ...], language: str, dictionary: Lemmas) -> tuple[str, ...]:
    """The forms, the word first, and each with clitics in front.

    Left out is what the dictionary has as another word: of the word itself only if it is the lemma of that, for the
    rarer forms of others are rarer still; and never the word with the article, which is as frequent as the word.
    """
    word, article = forms[0], ARTICLES[language]
    known = frozenset(forms)
    lemmas = {dictionary.lemma(form) for form in forms}
    found = dict.fromkeys(forms)
    for form in forms:
        for whole in () if form.removeprefix(article) in known - {form} else CLITICS[language](form):
            other = dictionary.lemma(whole)
            common = other == whole if form == word else other is not None
            if other in lemmas or not common or whole == article + word:
                found[whole] = None
    return tuple(found)
