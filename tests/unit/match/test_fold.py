"""One spelling for all spellings of a word, and the way back to the original."""

from __future__ import annotations

import unicodedata

import pytest

from monitor.match.fold import fold, fold_words, scrub, table_version

SPELLINGS = [
    ("’", "l’Ukraine", "l ukraine"),
    ("apostrophe", "Ukrayna'nın", "ukrayna nin"),
    ("hyphen, digits", "F-16", "f 16"),
    ("ampersand", "AT&T", "at t"),
    ("underscore, hash", "#stop_the_war", "stop the war"),
    ("Latin marks", "Élysée façade Đài Loan", "elysee facade dai loan"),
    ("letters without decomposition", "ø ł đ ħ ð þ ŉ ŧ", "o l d h d th n t"),
    ("Hausa", "ƙasa ɓera ɗaki ƴanci", "kasa bera daki yanci"),
    ("ligatures", "Straße Ærø œuvre ﬁn", "strasse aero oeuvre fin"),
    ("Turkish i", "İHA ISPARTA ılık", "iha isparta ilik"),
    ("fractions, units", "½ ² ㌔ ℃ ™", "1 2 2 キロ c tm"),
    ("full width", "ＵＡＶ　（無人機）", "uav 无人机"),
    ("Greek", "Ταϊβάν ᾳ ΟΔΟΣ οδός", "ταιβαν α οδοσ οδοσ"),
    ("Cyrillic", "Київ йод ў Ёлка ѐ ѝ", "київ йод ў елка е и"),
    ("Cyrillic stress", "Украи́на", "украина"),
    ("Ukrainian apostrophe", "зʼїзд", "з їзд"),
    ("Uzbek", "Oʻzbekiston", "o zbekiston"),
    ("Arabic letters", "آ أ إ ٱ ؤ ئ ى ی ے ک ة ہ ھ", "ا ا ا ا و ي ي ي ي ك ه ه ه"),
    ("Arabic marks", "مُسَيَّرة كـتاب", "مسيره كتاب"),
    ("joiners", "پهپاد\u200cها", "پهپاد ها"),
    ("Hebrew", 'כטב"ם כטב״ם שָׁלוֹם', "כטב ם כטב ם שלום"),
    ("Hebrew maqaf", "תל־אביב", "תל אביב"),
    ("Devanagari nukta", "क़िला क\u093cिला", "किला किला"),
    ("Indic marks stay", "यूक्रेन", "यूक्रेन"),
    ("Malayalam chillu", "ഡ്രോൺ ഡ്രോണ്\u200d", "ഡ്രോണ് ഡ്രോണ്"),
    ("Sinhala joiner", "ඩ්\u200dරෝන", "ඩ්රෝන"),
    ("Han", "無人機 臺灣 烏克蘭 敘利亞 叙利亚 滬 沪", "无人机 台湾 乌克兰 叙利亚 叙利亚 沪 沪"),
    ("Japanese forms", "気沢図対戦", "气泽图对战"),
    ("kana", "ﾄﾞﾛｰﾝ ト\u3099", "ドローン ド"),
    ("Hangul", "\u1112\u1161\u11ab\u1100\u116e\u11a8 ㅎㅏ", "한국 하"),
    ("digits", "٣ ३ ๓ ３", "3 3 3 3"),
    ("soft hyphen, marks", "dro\u00adne\u200e\ufe0f", "drone"),
    ("script borders", "使用UAV攻击 NATO가 北드론 ใช้UAV", "使用 uav 攻击 nato 가 北 드론 ใช้ uav"),
    ("flags", "🇦🇺🇦🇪🇺🇦x", "🇦🇺 🇦🇪 🇺🇦 x"),
    ("nothing", " -- … ", ""),
    ("lone surrogate", "a\ud800b", "a b"),
]


FOUND_LATER = [
    ("rules apply to what an expansion yields: nukta", "क़ ख़ ग़ ड़ ढ़ फ़ य़", "क ख ग ड ढ फ य"),
    ("rules apply to what an expansion yields: Hebrew forms", "\ufb2a\ufb31\ufb4b \ufb21", "שבו א"),
    ("rules apply to what an expansion yields: Greek accents", "α\u0385β α\u1fedβ α\u00b4β", "α β α β α β"),
    ("iota subscript in NFC and NFD", "ᾼ ᾳ \u03b1\u0345 \u0391\u0345 ᾴ \u03b1\u0301\u0345", "α α α α α α"),
    ("Simplified characters stay", "叙利亚 敘利亞 沪 滬 于 於 着 著", "叙利亚 叙利亚 沪 沪 于 于 着 著"),
    (
        "Hangul letters compose",
        "\u1103\u1173\u1105\u1169\u11ab 드\u1105\u1169\u11ab 대\u1106\u1161\u11ab",
        "드론 드론 대만",
    ),
    ("letter-like apostrophes", "зʼїзд Oʻz ʹaʿbʾc xˈyˋz Բ՚ա", "з їзд o z a b c x y z բ ա"),
    (
        "script borders",
        "用UAV攻 ไทยUAV ລາວ1 ខ្មែរa မြန်a 日한글 カUAV",
        "用 uav 攻 ไทย uav ລາວ 1 ខ្មែរ a မြန် a 日 한글 カ uav",
    ),
    ("flags are counted from the start of their run", "🇦🇺🇦🇪 🇺🇦🇹🇼🇺 x🇺🇦", "🇦🇺 🇦🇪 🇺🇦 🇹🇼 🇺 x 🇺🇦"),
]
"""The rules marked † in the design: each was missing once."""


@pytest.mark.parametrize(("text", "folded"), [row[1:] for row in SPELLINGS], ids=[row[0] for row in SPELLINGS])
def test_spelling(text: str, folded: str) -> None:
    """Each kind of difference that is no difference of words."""
    assert fold(text).text == f" {folded} ".replace("  ", " ")


@pytest.mark.parametrize(("text", "folded"), [row[1:] for row in FOUND_LATER], ids=[row[0] for row in FOUND_LATER])
def test_rule_found_later(text: str, folded: str) -> None:
    """Each rule that a first version lacked, in every normal form that can spell it."""
    assert fold(text).text == f" {folded} "
    assert (
        fold(unicodedata.normalize("NFC", text)).text == fold(unicodedata.normalize("NFD", text)).text == f" {folded} "
    )


def test_border_of_a_feed_is_a_blank_after_scrubbing() -> None:
    """The last of those rules: nobody but us can end a field."""
    assert fold(scrub("drone\x1fstrike")).text == " drone strike "


@pytest.mark.parametrize("text", [row[1] for row in SPELLINGS if "\ud800" not in row[1]])
def test_fold_is_the_same_for_all_normal_forms(text: str) -> None:
    """NFC, NFD, NFKC and NFKD spellings meet."""
    forms = {fold(unicodedata.normalize(form, text)).text for form in ("NFC", "NFD", "NFKC", "NFKD")}

    assert len(forms) == 1


def test_every_character_folds_like_its_canonical_form() -> None:
    """All of Unicode: a character and what it decomposes into are one."""
    letters = [chr(code) for code in range(0x30000) if unicodedata.decomposition(chr(code))]

    assert fold_words(letters) == fold_words([unicodedata.normalize("NFD", letter) for letter in letters])


def test_folding_every_character_twice_changes_nothing() -> None:
    """All of Unicode at once, surrogates and the border aside."""
    once = fold(" ".join(chr(code) for code in range(0x20, 0x30000) if not 0xD800 <= code < 0xE000)).text

    assert fold(once).text == once


def test_words_that_stay_apart() -> None:
    """Homoglyphs, й and и, ї and і are different letters."""
    pairs = [("а", "a"), ("й", "и"), ("ї", "і"), ("ў", "у"), ("ハ", "バ")]

    assert all(fold(first).text != fold(second).text for first, second in pairs)


@pytest.mark.parametrize(
    ("text", "slices"),
    [
        ("L’Ukraine, oui", ["L", "Ukraine", "oui"]),
        ("dro\u00adne\u0301 x", ["dro\u00adne\u0301", "x"]),
        ("使用UAV攻击", ["使用", "UAV", "攻击"]),
        ("Große ½", ["Große", "½", "½"]),
        ("a -- b", ["a", "b"]),
    ],
)
def test_slices_of_the_original(text: str, slices: list[str]) -> None:
    """A folded word leads back to what was written, dropped marks included."""
    folded = fold(text)
    words, at = [], 1
    for word in folded.text.split():
        first, last = folded.span(at, at + len(word))
        words.append(text[first:last])
        at += len(word) + 1

    assert words == slices


def test_half_an_expansion_is_shown_whole() -> None:
    """A hit on キ in ㌔ (キロ) shows the character it stands in."""
    folded = fold("x ㌔ y")

    assert folded.span(3, 4) == folded.span(4, 5) == folded.span(3, 5) == (2, 3)


def test_ascii_and_wide_path_agree() -> None:
    """The short way for ASCII texts gives what the long way gives."""
    text = "Don't  panic: F-16 & (AT&T)\x1f\t42!"
    wide = fold(text + "é")

    assert wide.text == fold(text + "e").text
    assert wide.offsets.tolist() == fold(text + "e").offsets.tolist()


def test_border_stays_and_is_scrubbed_only_on_request() -> None:
    """A field border survives folding; a feed's own is a blank after scrubbing."""
    assert fold("a \x1f b").text == " a \x1f b "
    assert fold(scrub("a\x1fb")).text == " a b "


def test_many_words_at_once() -> None:
    """Folding a list is folding its members."""
    assert fold_words(["Été", "", "無人機", "a\x1fb"]) == ("ete", "", "无人机", "a b")
    assert fold_words([]) == ()


def test_version_names_the_table() -> None:
    """The version is the same at every call and holds the table's checksum."""
    assert table_version() == table_version()
    assert table_version().startswith("1-")


def test_ten_thousand_marks_in_a_row() -> None:
    """A letter under a heap of marks costs what it weighs and is one letter."""
    assert fold("a" + "\u0301" * 10_000 + " и" + "\u0306" * 10_000).text == " a й "
