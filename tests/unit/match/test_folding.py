"""The ways of folding: which text takes which, and all of them as plain folding, letter by letter."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.match.fold import BORDER, Folded, fold, fold_here
from monitor.match.folding.latin_way import BRIEF, NOTHING, fold_latin, latin
from monitor.match.folding.long_way import fold_long
from monitor.match.folding.short_way import MOST, code_points, fold_short, shortcut
from monitor.match.folding.table import DELETE, EXPAND, TRANSIENT, VALUE, table
from tests.support.slow_fold import fold_slowly

LATIN = "«L’été — Straße, Ærøskøbing, œuvre, ½ ª № ﬁn dro\u00adne 🚁 Đài Loan»"
SHORT = {
    "English": "The “drones”, he said — 42 % of them, it’s F-16s",
    "French": LATIN,
    "Azerbaijani": "Ukraynanın pilotsuz təyyarələri, “Bakı”",
    "Greek": "Ταϊβάν, ΟΔΟΣ οδός ᾳ",
    "Cyrillic": "Київ — «йод», Ёлка, зʼїзд № 5",
    "Armenian": "Ուկրաինա և Թայվան",
    "Arabic": "مُسَيَّرة كـتاب، پهپاد\u200cها \u200fأوكرانيا",
    "Hebrew": 'כטב"ם שָׁלוֹם תל־אביב',
    "Hindi": "यूक्रेन में क़िला, क\u093cिला ड्रोन",
    "Bengali": "ইউক্রেনীয় ড্রোন, বড় ভাষা",
    "Malayalam": "ഡ്രോൺ ഡ്രോണ്\u200d",
    "Thai": "โดรนใช้ UAV ทำลาย น้ำ",
    "Burmese": "ယူကရိန်းdrone",
    "Khmer": "អ៊ុយក្រែន2024",
    "Chinese": "使用UAV攻击，無人機（烏克蘭）20㎏",
    "Japanese": "ドローンとｳｸﾗｲﾅ、F-16戦闘機㌔",
    "Korean": "NATO가 드론 20대만 北드론 ㅋㅋ",
    "Georgian": "უკრაინა",
}
"""What needs neither flags nor joined marks takes a short way."""
LONG = {
    "flags": "🇦🇺🇦🇪🇺🇦x",
    "decomposed": "кии\u0306в E\u0301lyse\u0301e",
    "joined kana": "ト\u3099ローン ﾄﾞ",
    "Hangul letters": "\u1112\u1161\u11ab\u1100\u116e\u11a8",
    "joined Bengali vowel": "ক\u09c7\u09be",
    "mark behind an expansion": "㌔\u3099",
    "beyond the basic plane": "𠮷野家 𐐀",
    "blank at the edge": "㈱東芝 ⒈",
    "two scripts in one": "㏠",
    "many expansions": "㎏㎜㎝㎞㎡㎥㎎㏄㏈ 中",
}


def same(text: str) -> bool:
    """Folded as letter by letter, offsets included, with the kernel and without?"""
    plain = fold_slowly(text)
    return all((folded.text, folded.offsets.tolist()) == plain for folded in (fold(text), fold_here(text)))


@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_short_way(text: str) -> None:
    """The text is there before the offsets, and both are those of plain folding; a field border stays."""
    article = f"{text} {BORDER}  {BORDER} {text * 40} "

    assert fold_short(code_points(article)) is not None
    assert f" {BORDER} {BORDER} " in fold(article).text
    assert same(article)
    assert same(text)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_way(text: str) -> None:
    """What the short ways do not know they leave alone, one such word being enough."""
    for article in (text, f"a {BORDER} {text} {BORDER} b"):
        assert fold_short(code_points(article)) is None
        assert fold_latin(code_points(article)) is None
        assert same(article)


def test_latin_way() -> None:
    """What folds to ASCII is folded in bytes; one Cyrillic letter, and it is not."""
    text, trace = fold_latin(code_points(LATIN)) or ("", None)

    assert Folded(text, LATIN, trace).offsets.tolist() == fold_slowly(LATIN)[1]
    assert text == fold_slowly(LATIN)[0] == fold(LATIN).text
    assert fold_latin(code_points(f"{LATIN} й")) is None


def test_expansions_have_room_in_a_byte() -> None:
    """The number of an expansion is none of those that say "nothing" and "no ASCII"."""
    assert 50 < len(latin().expansions) <= NOTHING - 0x80
    assert all(len(letters) == latin().lengths[number] for number, letters in latin().expansions.items())


def test_too_many_expansions() -> None:
    """Each expansion is a pass over the text, so that a text of nothing else takes the long way."""
    text = "ßæœþŉĳǆ½¼¾™ﬁﬂ"

    assert len(text) > MOST
    assert fold_latin(code_points(text[:MOST])) is not None
    assert fold_latin(code_points(text)) is fold_short(code_points(text)) is None
    assert same(text)


@pytest.mark.parametrize("size", [0, 1, BRIEF - 1, BRIEF, BRIEF + 1, 3 * BRIEF])
def test_ascii(size: int) -> None:
    """Brief and long ASCII, blanks and control characters at every edge."""
    for edge in ("", " ", "\x00", "\n\t", BORDER):
        text = edge + ("Don't  panic: F-16 & (AT&T) \x1f \x1c 42! " * (size // 20))[:size] + edge

        assert same(text)


@pytest.mark.parametrize(
    "text", ["", " ", "  ", "\u200b", " \u200b ", "\u200b\u00ad x", "é\u200b \u200bé", "\ud800", "中", "ß"]
)
def test_edges(text: str) -> None:
    """Little or nothing is left."""
    assert same(text)


@pytest.mark.timeout(120)
def test_every_character_among_letters_of_three_classes() -> None:
    """All of Unicode but most of Han and Hangul, on whichever way: as plain folding."""
    blocks = [range(0x3400), range(0xA000, 0xAC80), range(0xD700, 0x20080), range(0xE0000, 0xE0200)]
    for block in blocks:
        for first in block[::64]:
            signs = [chr(code) for code in range(first, first + 64)]
            short = [sign for sign in signs if fold_short(code_points(sign))]
            long = [sign for sign in signs if sign not in short]

            assert same(" ".join(f"a{sign}й 한{sign}ক {sign}" for sign in short)), hex(first)
            assert same(" ".join(f"a{sign}й 한{sign}ক {sign}" for sign in long)), hex(first)


def test_long_way_is_the_short_way() -> None:
    """Offsets looked up and offsets carried along are the same, at the length of articles."""
    for text in SHORT.values():
        article = f"{text}, " * 60
        folded, carried = fold_long(article)

        assert folded == fold(article).text
        assert np.array_equal(carried, fold(article).offsets)


def test_table_keeps_no_combining_mark() -> None:
    """A combining mark that an entry yields is one that composes or goes."""
    rules = table()
    for values in (rules.entries[rules.entries & (EXPAND | DELETE) == 0], rules.expanded):
        marks = (values & VALUE >= 0x300) & (values & VALUE <= 0x36F)

        assert bool((values[marks] & TRANSIENT).all())


def test_short_codes_are_letters_as_they_are() -> None:
    """A code below the expansions is the folded letter itself; plain ones have no class and nothing joins them."""
    rules = shortcut()
    letters = np.unique(rules.codes[rules.codes < 0xE000])
    entries = table().entries[letters]

    assert bool((entries & VALUE == letters).all())
    assert bool((entries[letters < rules.plain] >> 21 == 0).all())
