"""Names of charsets."""

from __future__ import annotations

import codecs

import pytest

from monitor.parse.labels import CHARSETS, charset_of, codecs_of


@pytest.mark.parametrize(
    ("label", "charset"),
    [
        ("ISO-8859-1", "windows-1252"),
        ("us-ascii", "windows-1252"),
        ("iso-8859-9", "windows-1254"),
        ("tis-620", "windows-874"),
        ("gb2312", "gb18030"),
        ("cp936", "gb18030"),
        ("Shift_JIS", "shift_jis"),
        ("x-sjis", "shift_jis"),
        ("ks_c_5601-1987", "euc-kr"),
        ("x-euc-jp", "euc-jp"),
        ("iso-8859-8-i", "iso-8859-8"),
        ("unicode", "utf-8"),
        ("ibm855", "ibm855"),
        ("x-mac-cyrillic", "x-mac-cyrillic"),
        (' "utf8" ', "utf-8"),
        ("", None),
        (None, None),
        ("rot13", None),
    ],
)
def test_charset_of(label: str | None, charset: str | None) -> None:
    """Supersets are meant where publishers write the plain name."""
    assert charset_of(label) == charset


@pytest.mark.parametrize("charset", sorted(set(CHARSETS.values())))
def test_every_charset_has_a_codec_that_reads_text(charset: str) -> None:
    """None of them is a transformation of bytes."""
    for codec in codecs_of(charset):
        assert codecs.lookup(codec)._is_text_encoding
