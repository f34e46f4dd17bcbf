"""The made-up news of `news-monitor demo`."""

from __future__ import annotations

import pytest
from lxml import etree

from monitor.server.demo import EVERY, KEPT, DemoFeed, demo_feeds, document
from monitor.testing.clock import START

FEED = DemoFeed("port", "Port & Co", "en", [("One <b>", "First & last"), ("Two", "Second")])


def items(now: float, offset: int = 0) -> list[dict[str, str]]:
    """The items of the document at a time, as their elements say."""
    tree = etree.fromstring(document(FEED, offset, START, now).encode())
    return [{child.tag: child.text or "" for child in item} for item in tree.iter("item")]


def test_news_arrives_one_by_one():
    """One item at the start, one more every two seconds, the newest first; what was there stays as it was."""
    first, later = items(START), items(START + 3 * EVERY)

    assert [item["title"] for item in first] == ["One <b>"]
    assert [item["title"] for item in later] == ["Two", "One <b>", "Two", "One <b>"]
    assert later[-1] == first[0]
    assert len({item["guid"] for item in later}) == 4


def test_document_stays_small():
    """Old items leave it, like in a real feed."""
    assert len(items(START + 1000 * EVERY)) == KEPT


def test_text_is_html_and_title_is_text():
    """As publishers have it: a paragraph in the description, escaped once more."""
    (item,) = items(START)

    assert item["description"] == "<p>First &amp; last</p>"


def test_feeds_begin_at_different_headlines():
    """So that three feeds of one list do not say the same."""
    assert items(START, offset=1)[0]["title"] == "Two"


@pytest.mark.parametrize("feed", demo_feeds(), ids=lambda feed: feed.name)
def test_every_feed_of_the_data_is_whole(feed):
    """A title, a language, headlines, and a document that can be read."""
    assert feed.title
    assert feed.language
    assert len({title for title, _ in feed.items}) == len(feed.items) > 1
    etree.fromstring(document(feed, 0, START, START + 60).encode())
