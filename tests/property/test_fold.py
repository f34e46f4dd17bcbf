"""Folding held against plain folding, on texts nobody thought of and on real ones."""

from __future__ import annotations

import json
import tarfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.match.fold import BORDER, Folded, fold, fold_here, fold_words, scrub
from tests.support.slow_fold import fold_slowly

BOTH = pytest.mark.parametrize("way", [fold, fold_here], ids=["kernel", "here"])
many = settings(max_examples=200, deadline=None)
SCRIPTS = [
    "abzAZ  19.,'-&_\x00\x1c\x1f\n",
    "aeiouszßæœéÉñİıđøŉǅəŋ½ªº’“”–…´¨\u00a0\u00ad\u0301\u0308 -",
    "ΑάϊΐᾳᾼςΣω΅\u0301\u0308\u0345 ",
    "иИйЙіїІЇуЎеёЁӗѐѝʼ№\u0300\u0301\u0306\u0308 ",
    "اآأإوؤيئىیےۓكکهةۀۂە\u0640\u064b\u0651\u0653\u0654\u200c\u200f٣۴﷼ﻻ ",
    'שׁבּﬡכטב\u05c1\u05bc"׳״־ ',
    "कक़ऩनरऱळऴ३\u093c\u094d\u093f\u200c\u200d ",
    "কড়ড়য়\u09bc\u09c7\u09be\u09d7ো ",
    "ೋೊೆ\u0cc2\u0cd5ක\u0dd9\u0dcf\u0dcaෝണൺ\u0d4d\u200d ",
    "ตำ\u0e48\u0e4d\u0e32ນຳໜက\u102f\u1037ក\u17d2 ",
    "トドハパバ\u3099\u309aﾄﾞﾊﾟ㌔㍿㈱无無機気Ａ１（），。ー 20a𠮷",
    "한국각대만\u1100\u1112\u1161\u116e\u11a8\u11abㅎㅏㅋ 20NATO北",
    "🇺🇦🇦🇹🇼🚁👩\u200d🚀\ufe0f\U000e0067𝐀𝟙 a",
    "\ud800\udfff\uffff\ufeff\u2060\u00ad\u034f\u2028\U0010ffff\ue000\uf8ff ",
]
pieces = st.sampled_from(SCRIPTS).flatmap(lambda letters: st.text(alphabet=letters, max_size=30))
texts = st.one_of(pieces, st.lists(pieces, max_size=4).map("".join), st.text(max_size=40))


@BOTH
@many
@given(text=texts, before=st.integers(0, 3))
def test_folding_is_plain_folding(way: Callable[[str], Folded], text: str, before: int) -> None:
    """Every way gives the letters and the offsets that looking up letter by letter gives."""
    article = " lorem ipsum " * (before * 30) + text
    folded = way(article)

    assert (folded.text, folded.offsets.tolist()) == fold_slowly(article)


@many
@given(texts, texts, texts)
def test_fields_fold_as_if_alone(title: str, summary: str, body: str) -> None:
    """Between borders each field is folded as by itself, and there are no more borders than fields."""
    fields = [scrub(part) for part in (title, summary, body)]
    joined = fold(f" {BORDER} ".join(fields)).text

    assert joined.split(BORDER) == [fold(part).text for part in fields]


@many
@given(texts)
def test_normal_forms_and_second_folding(text: str) -> None:
    """NFC and NFD meet, and folding what is folded changes nothing."""
    once = fold(text).text

    assert fold(once).text == once
    assert fold(unicodedata.normalize("NFC", text)).text == fold(unicodedata.normalize("NFD", text)).text


@BOTH
def test_h181_ten_thousand_marks(way: Callable[[str], Folded]) -> None:
    """Heaps of marks, joiners, jamo, flags and expansions are folded as they are letter by letter."""
    for heap in ("\u0301", "\u0306", "\u3099", "\u200d", "\u1161", "\u09be", "🇺", "ﷺ", "㌔", "\u00ad"):
        text = f"aи{heap * 10_000} ト{heap}"
        folded = way(text)

        assert (folded.text, folded.offsets.tolist()) == fold_slowly(text)


@pytest.fixture(scope="module")
def articles(corpus: Path) -> list[str]:
    """Title and text of real articles, as they are joined for matching."""
    return [scrub(title) + f" {BORDER}  {BORDER} " + scrub(body) for title, body in _articles(corpus)]


def _articles(corpus: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(corpus / "articles-fundus.tar.xz") as archive:
        for member in archive:
            if member.name.endswith(".json"):
                for one in json.load(archive.extractfile(member)).values():
                    yield one.get("title") or "", " ".join(_strings(one.get("body")))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


@pytest.mark.timeout(120)
def test_articles_fold_as_letter_by_letter(articles: list[str]) -> None:
    """Real articles: letters and offsets of plain folding, offsets that never decrease, all normal forms alike."""
    assert articles
    for text in articles:
        folded = fold(text)

        plain = fold_slowly(text)
        here = fold_here(text)
        assert (folded.text, folded.offsets.tolist()) == plain == (here.text, here.offsets.tolist())
        assert bool((folded.offsets[1:] >= folded.offsets[:-1]).all())
        assert fold(folded.text).text == folded.text
        assert {fold(unicodedata.normalize(form, text)).text for form in ("NFC", "NFD", "NFKC")} == {folded.text}


@pytest.mark.timeout(120)
def test_words_of_articles_lead_back(articles: list[str]) -> None:
    """Each folded word of a real article, cut from the original by its offsets and folded again, is itself."""
    for text in articles:
        folded, at, cut, words = fold(text), 1, [], []
        for word in folded.text.split(" ")[1:-1]:
            first, last = folded.span(at, at + len(word))
            if word != BORDER:
                cut.append(text[first:last])
                words.append(word)
            at += len(word) + 1

        assert list(fold_words(cut)) == words
