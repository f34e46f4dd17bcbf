"""One repair pass."""

from __future__ import annotations

import time

import pytest

from monitor.parse.repair import pieces, repair, without_illegal_numbers


@pytest.mark.parametrize(
    ("inside", "mended", "places"),
    [
        ("plain", "plain", 0),
        ("&amp; &lt; &gt; &quot; &apos; &#65; &#x41;", "&amp; &lt; &gt; &quot; &apos; &#65; &#x41;", 0),
        ("&eacute;&nbsp;", "&#233;&#160;", 2),
        ("&NotEqualTilde;", "&#8770;&#824;", 1),
        ("&foo; & &; &#; &#x;", "&amp;foo; &amp; &amp;; &amp;#; &amp;#x;", 5),
        ("&#0;&#xFFFE;&#xD800;&#1114112;", "", 4),
        ("&" + "x" * 40 + ";", "&amp;" + "x" * 40 + ";", 1),
        ("&#12345678;&#x1234567;", "&amp;#12345678;&amp;#x1234567;", 2),
        ("<![CDATA[&eacute; &]]>&", "<![CDATA[&eacute; &]]>&amp;", 1),
        ("<![CDATA[ open &", "<![CDATA[ open &amp;", 1),
        ("a\x00\x08\x0b\x1f\ufffe\uffff\tb\n", "a\tb\n", 6),
    ],
)
def test_inside(inside: str, mended: str, places: int) -> None:
    """Characters and references."""
    assert repair(f"<rss>{inside}</rss>") == (f"<rss>{mended}</rss>", places)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("junk <rss>a</rss>", "<rss>a</rss>"),
        ("<rss>a</rss> tail </p>", "<rss>a</rss>"),
        ("<rss>a</rss><rss>b</rss>tail", "<rss>a</rss><rss>b</rss>"),
        (
            "<?xml version='1.0'?>\n<x:RDF xmlns:x='urn:x'><?xml version='1.0'?></x:RDF >\n",
            "<x:RDF xmlns:x='urn:x'></x:RDF >",
        ),
        ("<feed><a:b/></feed>", '<feed xmlns:a="urn:undeclared:a"><a:b/></feed>'),
        ("<rss a:b='1'></rss>", """<rss xmlns:a="urn:undeclared:a" a:b='1'></rss>"""),
        (
            "<rss><dc:x xml:lang='de'/></rss>",
            """<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:x xml:lang='de'/></rss>""",
        ),
    ],
)
def test_around(text: str, mended: str) -> None:
    """Root, end and prefixes."""
    found = repair(text)

    assert found is not None
    assert found[0] == mended


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<rss>",
        "</rss><rss>",
        "no root</rss>",
        " " * 20_000 + "<rss></rss>",
        "<!DOCTYPE r [<!ENTITY a 'b'>]><rss></rss>",
    ],
)
def test_not_tried(text: str) -> None:
    """Without root or end, or where the document defines entities of its own."""
    assert repair(text) is None


def test_prefixes_are_counted_up_to_a_limit() -> None:
    """Sixty are declared; who uses more has another problem."""
    found = repair("<rss>" + "".join(f"<p{number}:x/>" for number in range(100)) + "</rss>")

    assert found is not None
    assert found[0].count("xmlns:") == 60


def test_pieces() -> None:
    """In turns, nothing lost."""
    text = "a<![CDATA[b]]>c<![CDATA[d"

    assert list(pieces(text)) == [("a", False), ("<![CDATA[b]]>", True), ("c<![CDATA[d", False)]


@pytest.mark.parametrize(
    "unit", ["&", "&#", "&#x", "&a", "<", "<?xml ", "<?xml\t", " a:b", "</", "<a:", "]]>", "<![CDATA[", "xmlns:a ="]
)
def test_h133_every_pattern_is_linear(unit: str) -> None:
    """Twice the input, about twice the time: the larger one within a bound no square could keep."""
    begun = time.process_time()
    repair("<rss>" + unit * (400_000 // len(unit)) + "</rss>")

    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "text",
    [
        "<rss>a</rss><item><title>b</title></item>",
        "<entry/><feed>a</feed>",
        "<rss>a</rss>\n<ITEM>",
    ],
)
def test_entries_outside_the_root_are_not_dropped(text: str) -> None:
    """The tolerant parser counts them."""
    assert repair(text) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("&#65;&#x1F600;&#0065; &amp; &", "&#65;&#x1F600;&#0065; &amp; &"),
        ("a&#0;b&#xD800;c&#x110000;d&#31", "abcd"),
        ("&#" + "9" * 100_000 + ";&#x" + "f" * 100_000, ""),
        ("<![CDATA[&#0;]]>&#0;", "<![CDATA[&#0;]]>"),
    ],
)
def test_numbers_of_no_character(text: str, left: str) -> None:
    """They go, whatever their length; those that name a character stay."""
    assert without_illegal_numbers(text) == left
