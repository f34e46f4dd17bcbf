"""OPML in and out, from hostile hands."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from monitor.config import opml
from monitor.config.feeds import derived_id
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId

LIMIT = 2 if sys.gettrace() is None else 15
"""Seconds; measuring coverage costs many times what is measured."""


@pytest.fixture
def own_heap() -> Iterator[None]:
    """What other tests have left in memory is not walked by collections that this one causes."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def feeds(text: str) -> list[FeedSpec]:
    found, problems = opml.read("feeds/a.opml", text, "polite")
    assert problems == []
    return [feed.spec for feed in found]


def document(*outlines: str) -> str:
    inside = "\n".join(outlines)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><body>\n{inside}\n</body></opml>'


def test_outlines_become_feeds() -> None:
    """Folders are tags, titles names."""
    text = document(
        '<outline text="World"><outline text="Asia &amp; more">',
        '<outline type="rss" text="t" title="Новини &amp;eacute;" xmlUrl="https://example.org/a?b=1&amp;c=2"/>',
        "</outline></outline>",
        '<outline text="bare" XMLURL=" https://example.org/b "/>',
    )

    first, second = feeds(text)

    assert (first.url, first.name, first.tags) == ("https://example.org/a?b=1&c=2", "Новини é", ("world", "asia-more"))
    assert first.id == derived_id(first.url)
    assert (second.url, second.name, second.tags) == ("https://example.org/b", "bare", ())


def test_ampersands_as_people_write_them() -> None:
    """Half of all exports do not escape their URLs."""
    (feed,) = feeds(document('<outline text="R&D" xmlUrl="https://example.org/a?b=1&c=2"/>'))

    assert (feed.url, feed.name) == ("https://example.org/a?b=1&c=2", "R&D")


def test_repeated_urls_come_once() -> None:
    """A feed in two folders is one feed."""
    assert len(feeds(document(*['<outline text="a" xmlUrl="https://example.org/a"/>'] * 3))) == 1


@pytest.mark.parametrize(
    "url", ["|touch /x", "file:///etc/passwd", "javascript:alert(1)", "feed://example.org/", "data:,x"]
)
def test_h188_schemes(url: str) -> None:
    """Refused with the line, and the good ones beside them are seen."""
    text = document('<outline text="a" xmlUrl="https://example.org/a"/>', f'<outline text="b" xmlUrl="{url}"/>')
    found, (problem,) = opml.read("a.opml", text, "polite")

    assert [feed.spec.url for feed in found] == ["https://example.org/a"]
    assert (problem.id, problem.line) == ("MON-CFG-015", 4)


def test_h189_foreign_entity() -> None:
    """No file is read; the text stays as it is written."""
    text = '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;" xmlUrl="https://e.org/&x;"/></body></opml>'

    (feed,) = feeds(text)

    assert (feed.name, feed.url) == ("&x;", "https://e.org/&x;")


def test_h189_parameter_entity() -> None:
    """Nor is a DTD fetched."""
    text = '<!DOCTYPE opml SYSTEM "http://127.0.0.1/x.dtd" [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><opml><body/></opml>'

    assert feeds(text) == []


def test_h189_entity_bomb() -> None:
    """A billion laughs are never laughed."""
    names = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    text = (
        f'<!DOCTYPE opml [<!ENTITY a0 "ha">{"".join(names)}<!ATTLIST outline title CDATA "&a11;">]>'
        '<opml><body><outline text="x" xmlUrl="https://e.org/a"/></body></opml>'
    )
    started = time.process_time()

    (feed,) = feeds(text)

    assert feed.name in ("&a11;", "x")
    assert time.process_time() - started < 0.5


@pytest.mark.usefixtures("own_heap")
def test_h189_depth() -> None:
    """20,000 folders, each with a feed: quick, nothing lost, three tags."""
    inside = "".join(f'<outline text="f{n}"><outline text="x" xmlUrl="https://e.org/{n}"/>' for n in range(20_000))
    started = time.process_time()

    found = feeds(f"<opml><body>{inside}{'</outline>' * 20_000}</body></opml>")

    assert len(found) == 20_000
    assert found[-1].tags == ("f19997", "f19998", "f19999")
    assert time.process_time() - started < LIMIT


@pytest.mark.usefixtures("own_heap")
def test_h189_many() -> None:
    """50,000 feeds in less than two seconds."""
    text = document(*(f'<outline text="n{n}" xmlUrl="https://h{n}.example.org/rss"/>' for n in range(50_000)))
    started = time.process_time()

    assert len(feeds(text)) == 50_000
    assert time.process_time() - started < LIMIT


def test_h190_one_host() -> None:
    """Ten thousand feeds of one host have to be meant."""
    listed = [FeedSpec(FeedId(f"f{n}"), f"https://example.org/{n}") for n in range(10_000)]
    listed.append(FeedSpec(FeedId("x"), "https://example.net/"))

    (problem,) = opml.crowded(listed)

    assert (problem.path, problem.id) == ("example.org", "MON-CFG-016")
    assert "10000" in problem.message
    assert opml.crowded(listed, cap=10_000) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<opml><body>",
        "<html></html>",
        "<opml/><opml/>",
        "\x00",
        "<opml>\ud800</opml>",
        "<?xml version='1.0' encoding='utf-16'?><x/>",
    ],
)
def test_no_opml(text: str) -> None:
    """A problem, never an exception."""
    _, problems = opml.read("a.opml", text, "polite")

    assert [problem.id for problem in problems] == ["MON-CFG-015"]


def test_too_large() -> None:
    """Bounded before it is parsed."""
    assert opml.outlines("a", " " * (21 << 20))[1][0].id == "MON-CFG-015"


def test_written_and_read_again() -> None:
    """Names, URLs and folders survive."""
    listed = [
        FeedSpec(FeedId("a"), 'https://example.org/a?b=1&c="2"', name='R&D <"quoted">', tags=("world",), language="en"),
        FeedSpec(FeedId("b"), "https://example.org/b", name="Б"),
        FeedSpec(FeedId("c"), "https://example.org/c", name="C", tags=("world",)),
    ]

    again = feeds(opml.write(listed, title="<mine>"))

    assert [(feed.url, feed.name, feed.tags) for feed in again] == [
        (feed.url, feed.name, feed.tags) for feed in (listed[0], listed[2], listed[1])
    ]


def test_names_default_to_ids_when_written() -> None:
    """Other readers show the text."""
    assert 'text="a"' in opml.write([replace(FeedSpec(FeedId("a"), "https://e.org/"))])
