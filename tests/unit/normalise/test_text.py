"""HTML to lines of text, and the scrub."""

from __future__ import annotations

import time

import pytest

from monitor.normalise.text import (
    HTML_LIMIT,
    clean_text,
    html_to_text,
    plain_to_text,
    shows_markup,
    title_to_text,
)


@pytest.mark.parametrize(
    ("html", "expect"),
    [
        ("plain  text\n with   blanks ", "plain text\nwith blanks"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<p>one\n two</p>\n<p>three</p>", "one two\nthree"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<b>Uk</b>raine", "Ukraine"),
        ("<ul><li>a<li>b</ul>c", "a\nb\nc"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("<td>a</td><td>b</td>", "a\nb"),
        ("a<img src=x>b", "a\nb"),
        ("<script>x()</script><style>y{}</style><template>z</template>a<!-- b -->", "a"),
        ("<title>t</title>a", "a"),
        ("<ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>", "東京"),
        ("<p>東\n京 and\nsea</p>", "東京 and sea"),
        ("<pre>a\n  b</pre>c\nd", "a\nb\nc d"),
        ("a &amp; b &lt;c&gt; &#8212; &eacute;", "a & b <c> — é"),
        ("a &unknown; b", "a &unknown; b"),
        ("a < b", "a < b"),
        ("one <b>two</b>\nthree", "one two\nthree"),
        ("<noscript>a</noscript>", "a"),
        ("<details><summary>Changes</summary>None</details>after", "Changes\nNone\nafter"),
        ("before<video src=x></video>after", "before\nafter"),
        ("<p>cut in a ta<a hre", "cut in a ta"),
        ("", ""),
        ("<>", "<>"),
        ("<p></p>", ""),
        ("x\ud800<b>y</b>", "x\ufffdy"),
        ("<p>a\u00a0b</p>", "a b"),
    ],
)
def test_html_to_text(html: str, expect: str) -> None:
    """Blocks end lines, inline elements separate nothing, white space collapses inside a line."""
    assert html_to_text(html) == expect


@pytest.mark.parametrize(
    "vector",
    [
        "<svg/onload=alert(1)>a",
        "<svg><script>alert(1)</script></svg>a",
        "<math><mglyph><style><img src=x onerror=alert(1)></style></mglyph></math>a",
        "<form action=javascript:x><input></form><meta http-equiv=refresh><base href=x><object data=x></object>a",
        "<iframe srcdoc='<script>x</script>'></iframe>a",
        "<p style='position:fixed;background:url(x)'>a",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>a',
    ],
)
def test_h160_h164_no_markup_survives(vector: str) -> None:
    """Whatever tricks a browser, its text has neither tags nor attributes."""
    text = html_to_text(vector)

    assert text.endswith("a")
    assert "onload" not in text
    assert "<script" not in text
    assert "url(" not in text


@pytest.mark.parametrize(
    ("title", "expect"),
    [
        ("a < b", "a < b"),
        ("a <b>bold</b> step", "a bold step"),
        ("Q&amp;A", "Q&A"),
        ("x <y and y> z", "x <y and y> z"),
        ("two\n  lines", "two lines"),
        ("AT&T", "AT&T"),
        ("<br>a<br>b", "a b"),
    ],
)
def test_title_to_text(title: str, expect: str) -> None:
    """A title is HTML only if it holds a known tag or a reference."""
    assert title_to_text(title) == expect


def test_shows_markup() -> None:
    """Only known tags are markup."""
    assert shows_markup("a <p>b")
    assert shows_markup("a </DIV>")
    assert not shows_markup("a <bc> d")
    assert not shows_markup("if a < b or c > d")
    assert not shows_markup("no tags")


def test_plain_lines() -> None:
    """Every kind of line break is one, and empty lines go."""
    assert plain_to_text("a\r\nb\rc\x0bd\u2028e\n\n\nf") == "a\nb\nc\nd\ne\nf"


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("plain", "plain"),
        ("a\x00b\x1bc\x07d\x9be", "abcde"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb", "a\nb"),
        ("\u202eevil\u2066x\u2069", "evilx"),
        ("a\uffffb\ufffe", "ab"),
        ("x\ud800y", "x\ufffdy"),
        ("\ud83d\ude00", "😀"),
        ("e\u0301", "é"),
        ("e\x00\u0301", "é"),
    ],
)
def test_h141_scrub(text: str, expect: str) -> None:
    """Controls, bidi controls and halves of characters never reach a sink; the rest is NFC."""
    assert clean_text(text, 100) == expect


@pytest.mark.parametrize(
    ("text", "limit", "expect"),
    [
        ("abcdef", 3, "abc"),
        ("ab\U0001f1fa\U0001f1e6\U0001f1f9\U0001f1fc", 3, "ab"),
        ("ab\U0001f1fa\U0001f1e6\U0001f1f9\U0001f1fc", 4, "ab\U0001f1fa\U0001f1e6"),
        ("ab\U0001f469\u200d\U0001f680", 4, "ab"),
        ("abx\u0323\u0324", 4, "ab"),
        ("ab\U0001f44d\U0001f3fd", 3, "ab"),
        ("aक्षि", 4, "aक्"),
    ],
)
def test_cut_between_graphemes(text: str, limit: int, expect: str) -> None:
    """The cut never leaves half of what people see as one character."""
    found = clean_text(text, limit)

    assert found == expect


def test_cut_inside_endless_grapheme() -> None:
    """Something that joins for ever is cut all the same."""
    assert len(clean_text("\U0001f469\u200d" * 500, 100)) == 100


@pytest.mark.parametrize(
    "text",
    ["a" + "\u0316\u0301" * 400_000, "a" + "\u0344" * 400_000, "a" + "\U0001d165\U0001d16d" * 100_000],
    ids=["two classes", "decomposing", "astral"],
)
def test_h181_combining_marks(text: str) -> None:
    """A million marks on one letter cost no more than a long text, and thirty of them stay."""
    start = time.perf_counter()
    found = clean_text(text, HTML_LIMIT)

    assert len(found) <= 32
    assert clean_text(found, HTML_LIMIT) == found
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize(
    "html",
    [
        "<p>word " * 800_000,
        "<div>" * 20_000,
        "<ul><li>" * 20_000,
        "<" * 1_000_000,
        "&" * 1_000_000,
        "<!--" * 250_000,
        "<!" * 500_000,
        "<a " + " ".join(f"a{number}=1" for number in range(100_000)) + ">",
        "<div>\n" * 20_000,
        "<p>" + "\u3000\n" * 400_000,
        "<b><i>" * 20_000,
    ],
    ids=["5 MB", "nested", "lists", "lt", "amp", "comments", "declarations", "attributes", "lines", "wide", "inline"],
)
def test_h131_h133_h135_hostile_html(html: str) -> None:
    """The cut comes before the parser, so no input takes long."""
    start = time.perf_counter()
    html_to_text(html)

    assert time.perf_counter() - start < 3
