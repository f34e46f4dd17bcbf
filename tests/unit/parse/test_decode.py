"""Bytes become text by the first rule that applies."""

from __future__ import annotations

import codecs

import pytest

from monitor.parse.decode import Decoded, declared, decode, http_label, mend

RUSSIAN = "Новости дня из разных городов страны"
CHINESE = "中文新聞網站每天報導世界各地的消息"


def xml(label: str, text: str = "") -> str:
    return f'<?xml version="1.0" encoding="{label}"?><rss>{text}</rss>'


@pytest.mark.parametrize(
    ("mark", "codec", "charset"),
    [
        (codecs.BOM_UTF8, "utf-8", "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16le"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16be"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32le"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32be"),
    ],
)
def test_a_byte_order_mark_beats_every_label(mark: bytes, codec: str, charset: str) -> None:
    """UTF-32 is asked before UTF-16, whose mark its own begins with."""
    found = decode(mark + xml("koi8-r", RUSSIAN).encode(codec), "windows-1251")

    assert found == Decoded(xml("koi8-r", RUSSIAN), charset, "bom")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_shows_by_its_nul_bytes(codec: str) -> None:
    """No mark and no label are needed."""
    found = decode(xml("utf-8", RUSSIAN).encode(codec))

    assert (found.text, found.charset, found.source) == (xml("utf-8", RUSSIAN), codec[:6] + codec[7:], "nul")


def test_repeated_marks_are_dropped() -> None:
    """A thousand of them are as good as one."""
    assert decode(codecs.BOM_UTF8 * 1000 + b"<rss/>").text == "<rss/>"


def test_a_mark_over_something_else_proves_nothing() -> None:
    """The UTF-8 mark goes, and the rules go on."""
    found = decode(codecs.BOM_UTF8 + xml("windows-1251", RUSSIAN).encode("cp1251"))

    assert (found.text, found.source) == (xml("windows-1251", RUSSIAN), "xml")


def test_seven_bit_japanese_is_asked_before_ascii() -> None:
    """Such a body is valid ASCII, and so valid UTF-8."""
    found = decode(xml("iso-2022-jp", "日本の新聞").encode("iso2022_jp"))

    assert (found.text, found.charset, found.source) == (xml("iso-2022-jp", "日本の新聞"), "iso-2022-jp", "xml")


@pytest.mark.parametrize("label", [None, "utf-8", "iso-8859-1", "punycode"])
def test_utf8_that_is_valid_is_believed(label: str | None) -> None:
    """A single-byte label does not stand against two good sequences."""
    found = decode(RUSSIAN.encode(), label)

    assert found == Decoded(RUSSIAN, "utf-8", "utf8")


def test_ascii_is_utf8() -> None:
    """Whatever the label."""
    assert decode(b"<rss/>", "big5") == Decoded("<rss/>", "utf-8", "utf8")


def test_short_chinese_may_look_like_utf8() -> None:
    """Under a CJK label a few sequences prove nothing, twenty do."""
    short, long = "м".encode(), CHINESE.encode()

    assert decode(short, "gbk").charset == "gb18030"
    assert decode(long, "gbk") == Decoded(CHINESE, "utf-8", "utf8")


def test_doubted_utf8_is_taken_when_the_label_does_not_fit() -> None:
    """An emoji is no Korean."""
    assert decode("😀".encode(), "euc-kr") == Decoded("😀", "utf-8", "utf8")


def test_the_http_label_comes_before_the_declaration() -> None:
    """And both before any guess."""
    found = decode(xml("koi8-r", RUSSIAN).encode("cp1251"), "windows-1251")

    assert (found.text, found.source) == (xml("koi8-r", RUSSIAN), "http")


@pytest.mark.parametrize("label", ["utf-16", "utf-32", "ucs-2"])
def test_a_readable_declaration_is_not_wide(label: str) -> None:
    """Who can read `utf-16` as ASCII does not read UTF-16."""
    assert decode(xml(label, "x").encode()) == Decoded(xml(label, "x"), "utf-8", "utf8")


def test_one_bad_byte_stays_one_bad_byte() -> None:
    """Most of it is UTF-8, so the rest becomes U+FFFD and is counted."""
    found = decode(RUSSIAN.encode() + b"\xe9 " + "\ufffd".encode())

    assert found == Decoded(RUSSIAN + "\ufffd \ufffd", "utf-8", "replaced", 1)


def test_the_label_that_loses_least_wins() -> None:
    """When no label fits strictly."""
    found = decode(xml("euc-jp", RUSSIAN).encode("cp1251") + b"\x98", "windows-1251")

    assert (found.charset, found.source, found.replaced) == ("windows-1251", "replaced", 1)


def test_a_long_unlabelled_body_is_guessed() -> None:
    """By its statistics, if the whole body then decodes strictly."""
    found = decode((RUSSIAN + ". ").encode("cp1251") * 10)

    assert found.source == "guessed"
    assert found.text.startswith(RUSSIAN)


def test_a_short_unlabelled_body_is_western() -> None:
    """The commonest case by far."""
    assert decode("caf\xe9".encode("latin-1")) == Decoded("café", "windows-1252", "guessed")


def test_h137_an_operator_comes_first() -> None:
    """`charset:` of a feed beats marks and labels; one that nobody should use is as if absent."""
    body = xml("utf-8", RUSSIAN).encode("cp1251")

    assert decode(body, "utf-8", "cp1251").text == xml("utf-8", RUSSIAN)
    assert decode(b"\xd0", "utf-8", "gb2312") == Decoded("\ufffd", "gb18030", "override", 1)
    assert decode("é".encode(), None, "punycode").source == "utf8"


@pytest.mark.parametrize("label", ["utf-7", "punycode", "idna", "unicode_escape", "rot13", "zlib", "x" * 1000])
def test_h140_labels_of_python_alone_are_unknown(label: str) -> None:
    """The table is closed."""
    assert decode(b"+ADw-script+AD4- \\u0041", label).text == "+ADw-script+AD4- \\u0041"


def test_h141_nul_characters_are_dropped() -> None:
    """Nothing behind the decoder has to think of them."""
    assert decode(b"a\0b\0\0c").text == "abc"


@pytest.mark.parametrize(
    ("header", "label"),
    [
        (None, None),
        ("text/xml", None),
        ("text/xml; charset=UTF-8", "UTF-8"),
        ('application/rss+xml;q=1; CHARSET="koi8-r"', "koi8-r"),
        ("text/xml; charset=", None),
    ],
)
def test_http_label(header: str | None, label: str | None) -> None:
    """RFC 9110 §8.3.2, quotes or not."""
    assert http_label(header) == label


@pytest.mark.parametrize(
    ("head", "label"),
    [
        (b"<?xml version='1.0' encoding='big5'?>", "big5"),
        (b'\n<?xml version="1.0" encoding = "big5" standalone="yes"?>', "big5"),
        (b'<?xml version="1.0"?><rss encoding="big5">', None),
        (b"", None),
    ],
)
def test_declared(head: bytes, label: str | None) -> None:
    """Only in the declaration."""
    assert declared(head) == label


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("CafÃ©", "Café"),
        ("Itâ€™s", "It’s"),
        ("Ð£ÐºÑ€", "Укр"),
        ("Ã\xa0 la", "à la"),
        ("â€\x9dquotedâ€\x9d", "”quoted”"),
        ("ÃƒÂ©", "Ã©"),
    ],
)
def test_doubly_encoded_utf8_is_undone_once(broken: str, whole: str) -> None:
    """Through latin-1 or windows-1252 with its five undefined bytes."""
    assert mend(broken) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "Café",
        "Ã alone",
        "BEYONCÉ’S ALBUM",
        "NESTLÉ®",
        "CAFÉ…",
        "Strauß’ Rede",
        "“quoted” – Ã©, not all of it: é",
        RUSSIAN,
        CHINESE,
    ],
)
def test_good_text_stays(text: str) -> None:
    """The whole text has to map back; real Latin-1 never does."""
    assert mend(text) is text


@pytest.mark.parametrize(
    ("language", "text", "charset"),
    [
        ("fr", "Le député s’est présenté à l’Assemblée où il a été très écouté. ", "windows-1252"),
        ("pt-BR", "A situação não é simples, disseram os órgãos de comunicação. ", "windows-1252"),
        ("hu-HU", "Az őszi választás előtt tűz ütött ki „a szülők” között. ", "windows-1250"),
        ("pl", "Żółta łódź płynęła wzdłuż brzegu, gdzie stało tysiąc osób. ", "iso-8859-2"),
        ("tr", "Işık hızıyla değişen dünyada şirketler güçlük çekiyor. ", "windows-1254"),
        ("ru", "Заседание правительства перенесено на следующую неделю. ", "windows-1251"),
        ("ja", "政府は来週の会議で新しい計画を決定する見通しです。" * 5, "euc-jp"),
    ],
)
@pytest.mark.parametrize("times", [1, 20])
def test_an_unlabelled_body_in_the_charset_of_its_language(language: str, text: str, charset: str, times: int) -> None:
    """Latin charsets cannot be told apart by statistics, but the feed says its language."""
    document = f"<rss><channel><language>{language}</language><title>{text * times}</title></channel></rss>"

    found = decode(document.encode(charset))

    assert (found.text, found.charset, found.source) == (document, charset, "guessed")


def test_a_label_that_loses_a_lot_is_a_lie() -> None:
    """A few bad bytes do not make it one."""
    text = "Заседание правительства перенесено на следующую неделю из-за болезни министра. " * 20
    few = ("政府将在下周的会议上决定新的计划。" * 20).encode("gbk") + b"\xff" * 10

    assert decode(text.encode("cp1251"), "gbk") == Decoded(text, "windows-1251", "guessed")
    assert (decode(few, "gbk").charset, decode(few, "gbk").replaced) == ("gb18030", 10)
