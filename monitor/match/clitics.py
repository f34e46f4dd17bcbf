"""What Arabic and Hebrew write together with the word behind it: conjunctions, prepositions, the article."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

ARTICLES: Mapping[str, str] = {"ar": "ال", "he": "ה"}
ARABIC_HEADS = tuple(first + second for first, second in product(("", "و", "ف"), ("", "ب", "ل", "ك")))
ARABIC_MERGED = ("لل", "ولل", "فلل")
"""ل and the article are written as one."""
HEBREW_HEADS = (
    *"הובלמכש",
    *("ו" + head for head in "הבלמכש"),
    "שה",
    "שב",
    "של",
    "שמ",
    "מה",
    "מש",
    "כש",
    "כשה",
    "ושה",
    "ושב",
)


def attach_arabic(word: str) -> tuple[str, ...]:
    """The word, and every form of it with clitics in front; an article it has is not doubled."""
    article = ARTICLES["ar"]
    bare = word.removeprefix(article) if len(word) > len(article) + 2 else word
    articles = ("",) if bare != word else ("", article)
    forms = [head + article + word for head in ARABIC_HEADS for article in articles]
    return (*forms, *(head + bare for head in ARABIC_MERGED))


def attach_hebrew(word: str) -> tuple[str, ...]:
    """The word, and every form of it with clitics in front."""
    return (word, *(head + word for head in HEBREW_HEADS))


CLITICS: Mapping[str, Callable[[str], tuple[str, ...]]] = {"ar": attach_arabic, "he": attach_hebrew}
