"""Ids are the contract with every consumer: vectors that must never change."""

from __future__ import annotations

from monitor.model.ids import alert_id, article_event_id, article_id, digest, feed_event_id


def test_vectors_of_the_documentation():
    """The same vectors stand in docs/events.md."""
    article = article_id("bbc-world", "guid", "https://example.org/1")
    assert article == "e9fb51e78ee5d36609ef48ec73164fc5"
    assert article_event_id(article, 1) == "df1e0e696b17b2ccd14a57e7c5ebfdcd"
    assert alert_id(article, "ukraine", 1) == "05f2b6086e517a2be8b34df6a50bb56d"
    assert feed_event_id("bbc-world", "gap", 1) == "20ceac9f9584d42fcdc73eced112f3f1"


def test_length_prefix_keeps_parts_apart():
    """No two lists of parts give the same bytes."""
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a", "") != digest("a")


def test_h176_a_feed_cannot_forge_ids_of_another():
    """The feed is inside the article's id."""
    assert article_id("one", "guid", "x") != article_id("two", "guid", "x")


def test_rungs_are_apart():
    """A guid that looks like the URL of another article names another article."""
    assert article_id("f", "guid", "https://a") != article_id("f", "url", "https://a")
