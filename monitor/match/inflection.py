"""The inflected forms of a word, from the dictionaries of the package `simplemma`, which need not be installed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec

Inflect = Callable[[str, str], tuple[str, ...] | None]
"""Word and language → its forms, the word first; None without a dictionary of that language."""


def dictionaries() -> Inflect | None:
    """What is installed; None if there are no dictionaries at all."""
    return inflect if find_spec("simplemma") else None


@cache
def inflect(word: str, language: str) -> tuple[str, ...] | None:
    """All forms whose lemma is the word: as given, small, with a capital. Reads a dictionary: up to some seconds."""
    entries = _entries(language)
    return None if entries is None else forms_of(word, entries.items())


def listed_words(language: str) -> Iterable[tuple[str, str]] | None:
    """Every form that the dictionary of a language has, with its lemma; None without one. Takes up to some seconds."""
    entries = _entries(language) if find_spec("simplemma") else None
    return None if entries is None else entries.items()


@lru_cache(maxsize=1)
def _entries(language: str) -> Mapping[str, str] | None:
    found = import_module("simplemma.strategies.dictionaries.dictionary_factory")
    if language not in found.SUPPORTED_LANGUAGES:
        return None
    entries: Mapping[str, str] = found.DefaultDictionaryFactory(cache_max_size=1).get_dictionary(language)
    return entries


def release() -> None:
    """Lets go of the dictionary read last, up to 100 MB; forms that were found stay known."""
    _entries.cache_clear()


def forms_of(word: str, entries: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The word and every form of it, from rows of form and lemma, in the order of the alphabet."""
    lemmas = {word, word.lower(), word.capitalize()}
    forms = {form for form, lemma in entries if lemma in lemmas}
    return (word, *sorted(forms - {word}))
