"""What holds for every feed, however it treats its ids."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.article import Article
from tests.support.dedupe import Feed, article

WORDS = st.sampled_from(["Rain", "Quake near Izmir", "Ferry resumes its service to the islands today", ""])
GUIDS = st.none() | st.sampled_from(["", "a", "b", "https://example.org/1", "http://www.example.org/1/"])
URLS = st.none() | st.sampled_from(["https://example.org/", "https://example.org/1", "https://example.org/2"])
ARTICLES = st.builds(article, WORDS, WORDS, GUIDS, URLS).filter(
    lambda one: bool(one.keys.guid or one.keys.url or one.keys.content)
)
DOCUMENTS = st.lists(ARTICLES, max_size=6)


def touched(articles: list[Article]) -> list[Article]:
    """The same articles with other bytes around them."""
    return [replace(one, raw_hash=bytes(byte ^ 255 for byte in one.raw_hash)) for one in articles]


@given(DOCUMENTS)
@settings(max_examples=100)
def test_same_document_again(articles: list[Article]) -> None:
    """A document that comes again has no news, whether its bytes are the same or not."""
    feed = Feed()
    feed.poll(articles)

    assert feed.poll(articles).new == []
    assert feed.poll(touched(articles)).new == []
    assert feed.poll(touched(articles)[::-1]).new == []


@given(st.lists(DOCUMENTS, max_size=5))
@settings(max_examples=100)
def test_ledger_adds_up(documents: list[list[Article]]) -> None:
    """Each entry is new, edited or known; each item in memory has its own id; distrust only grows."""
    feed = Feed()
    for articles in documents:
        before = feed.distrusted
        heard = feed.poll(articles)

        assert len(heard.new) + len(heard.edited) + heard.known == len(articles)
        assert len({one.id for one in feed.items}) == len(feed.items)
        assert before <= feed.distrusted
