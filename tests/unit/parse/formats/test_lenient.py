"""What feedparser is given, and what is taken from it."""

from __future__ import annotations

import pytest

from monitor.model.article import ParsedFeed
from monitor.model.poll import Failed
from monitor.parse.formats.lenient import MAX_BYTES, has_monstrous_tag, read
from monitor.parse.formats.scope import Scope

URL = "https://news.example/feed"


@pytest.mark.parametrize(
    "text",
    [
        "<a " + "b='1' " * 257 + ">",
        '<a href="x" ' + 'b="1" ' * 300,
        "<a " + "b" * 70_000 + ">",
        "x<y/>" * 10 + "<z " + " " * 70_000,
    ],
)
def test_monstrous_tags(text: str) -> None:
    """Too many attributes or too long, closed or not."""
    assert has_monstrous_tag(text)


@pytest.mark.parametrize(
    "text", ["", "<", "<a b='1'>" * 1000, "a < b = c " * 10_000, "<![CDATA[" + "=" * 100_000, "<a " + "b=1 " * 300]
)
def test_ordinary_tags(text: str) -> None:
    """However many of them."""
    assert not has_monstrous_tag(text)


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("<rss>" + "x" * MAX_BYTES, "too_large", "lenient"),
        ("<rss " + "a='' " * 1000 + ">", "parse", "attributes"),
        ("/etc/passwd", "parse", "unrecognised"),
        ("", "parse", "unrecognised"),
    ],
)
def test_refusals(text: str, kind: str, reason: str) -> None:
    """Before the call, and after an empty answer."""
    found = read(text, Scope(URL))

    assert isinstance(found, Failed)
    assert (found.kind, found.reason) == (kind, reason)


def test_an_empty_feed_is_a_feed() -> None:
    """It says what it is."""
    found = read("<rss version='2.0'><channel><title>t</title>", Scope(URL))

    assert isinstance(found, ParsedFeed)
    assert (found.format, found.entries, found.title) == ("rss20", (), "t")


def test_advice_is_read() -> None:
    """Links against the final address."""
    found = read(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><link rel='self' href='/f'/>"
        "<link rel='hub' href='https://hub.example/'/><link rel='hub' href='https://second.example/'/>",
        Scope(URL),
    )

    assert isinstance(found, ParsedFeed)
    assert (found.advice.self_url, found.advice.hub) == ("https://news.example/f", "https://hub.example/")


@pytest.mark.parametrize(
    "spoiled",
    [
        "<title>a&#xD800;</title>",
        "<title>a&#99999999999;</title>",
        "<title xmlns:x='urn:a b'><x:y>a</x:y></title>",
    ],
)
def test_what_makes_feedparser_raise_is_read_all_the_same(spoiled: str) -> None:
    """Numbers of no character, a namespace with a blank inside."""
    found = read(f"<rss version='2.0'><channel><item>{spoiled}<link>http://a.example/1</link></item>", Scope(URL))

    assert isinstance(found, ParsedFeed)
    (entry,) = found.entries
    assert entry.title is not None
    assert "a" in entry.title.value
