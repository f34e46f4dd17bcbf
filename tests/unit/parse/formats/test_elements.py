"""Texts, persons and links of elements."""

from __future__ import annotations

import pytest
from lxml import etree

from monitor.model.article import Enclosure, TextConstruct
from monitor.parse.formats.elements import (
    children,
    construct,
    enclosure,
    first_text,
    href_of,
    looks_like_html,
    person,
    text_of,
    unique,
)
from monitor.parse.formats.scope import Scope

ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize("text", ["<p>a", "</B>", "a<br/>", "x &amp; y", "&#8217;", "&#x2019;", "<img src=x>"])
def test_markup_is_known(text: str) -> None:
    """By a tag of HTML or a whole reference."""
    assert looks_like_html(text)


@pytest.mark.parametrize(
    "text", ["", "a < b", "AT&T", "<unknown>", "&;", "x &amp y", "List<String>", "&#;", "<pre-release"]
)
def test_text_is_text(text: str) -> None:
    """What only looks a little like it."""
    assert not looks_like_html(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Jo Doe", "Jo Doe"),
        ("  Jo \n Doe ", "Jo Doe"),
        ("jo@news.example (Jo Doe)", "Jo Doe"),
        ("Jo Doe <jo@news.example>", "Jo Doe"),
        ("Jo Doe (jo@news.example)", "Jo Doe"),
        ("mailto:jo@news.example", ""),
        ("jo@news.example", ""),
        ("@handle", "@handle"),
        ("Jo Doe (Agency)", "Jo Doe (Agency)"),
        ("a@" + "a." * 50_000, ""),
        ("x" * 5000, "x" * 1000),
    ],
)
def test_person(text: str, name: str) -> None:
    """The name without its address, in linear time."""
    assert person(text) == name


@pytest.mark.parametrize(
    ("kind", "length", "file"),
    [
        ("Audio/MPEG", " 12 ", Enclosure("u", "audio/mpeg", 12)),
        ("audio", "0", Enclosure("u")),
        (None, None, Enclosure("u")),
        ("a/b; codecs=x", str(1 << 60), Enclosure("u")),
    ],
)
def test_enclosure(kind: str | None, length: str | None, file: Enclosure) -> None:
    """What cannot be is left out."""
    assert enclosure("u", kind, length) == file


@pytest.mark.parametrize(
    ("xml", "found"),
    [
        (f"<title {ATOM}>&lt;b&gt;</title>", TextConstruct("<b>", html=False)),
        (f"<title {ATOM} type=' HTML '>&lt;b&gt;</title>", TextConstruct("<b>", html=True)),
        (f"<title {ATOM} type='text/plain'> a </title>", TextConstruct("a", html=False)),
        (f"<title {ATOM} type='application/json'>a</title>", None),
        (f"<title {ATOM} type='xhtml'><div {XHTML}/></title>", None),
        (f"<t {ATOM} type='xhtml'>\n<div {XHTML} id='a>b'>x<i>y</i> z</div>\n</t>", TextConstruct("x<i>y</i> z")),
        (f"<t {ATOM} type='xhtml'>lead <div {XHTML}>x</div></t>", TextConstruct(f"lead <div {XHTML}>x</div>")),
        ("<t>a &amp; b<i>c</i></t>", TextConstruct("a &amp; b<i>c</i>")),
        ("<t> \n </t>", None),
        ("<t/>", None),
    ],
)
def test_construct(xml: str, found: TextConstruct | None) -> None:
    """RFC 4287 §3.1, and markup that was not escaped."""
    assert construct(etree.fromstring(xml), Scope(""), html=None) == found


def test_a_doubly_encoded_blank_at_the_end_is_mended_before_blanks_go() -> None:
    """Half of it is a no-break space."""
    element = etree.fromstring("<title>\n CafÃ© dâ\u20ac\u2122Ã\u00a0 cÃ´tÃ©Â\u00a0\n</title>")

    assert construct(element, Scope("http://a.example/"), html=None) == TextConstruct("Café d’à côté", False)


def test_first_text_goes_by_words_then_by_place() -> None:
    """Empty ones do not count; nested ones are not children."""
    found = children(
        etree.fromstring("<item><link/><guid>g</guid><title>a<b>c</b></title><x><link>no</link></x></item>")
    )

    assert first_text(found, "link", "title", "guid") == "ac"
    assert first_text(found, "link") is None
    assert text_of(found["title"][0]) == "ac"


def test_href_of_goes_by_the_elements_own_base() -> None:
    """The entry's base comes later, by whoever publishes the link."""
    based = etree.fromstring("<link xml:base='https://news.example/x/' href=' y '/>")

    assert href_of(based) == "https://news.example/x/y"
    assert href_of(etree.fromstring("<link href='y'/>")) == "y"
    assert href_of(etree.fromstring("<link xml:base='https://news.example/'/>")) == ""


def test_unique() -> None:
    """In order, without empty ones."""
    assert unique(["b", "", "a", "b", "c"], 2) == ("b", "a")
