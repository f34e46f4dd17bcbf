"""Which articles of a poll are counted."""

from __future__ import annotations

from monitor.match.compiler import compile_filter
from monitor.model.event import ArticleEvent, Outcome
from monitor.model.ids import ArticleId, digest
from monitor.pipeline.sampling import ONE_IN, is_sampled, sampled_texts
from monitor.publish.recall import text_of
from monitor.testing.builders import feed
from tests.support.polls import Poller, item, rules_of, watch

TITLES = [f"Ship {number} in port" for number in range(200)]


def articles(outcome: Outcome) -> list[ArticleEvent]:
    """Its events about articles."""
    return [event for event in outcome.events if isinstance(event, ArticleEvent)]


def test_one_article_in_twenty_is_sampled_by_its_id() -> None:
    """Always the same ones, whoever asks."""
    ids = [ArticleId(digest("article", number)) for number in range(20_000)]
    chosen = [one for one in ids if is_sampled(one)]
    assert 0.045 < len(chosen) / len(ids) < 0.055
    assert [one for one in ids if is_sampled(one)] == chosen


def test_articles_are_sampled_when_they_come_and_not_again_when_they_are_edited() -> None:
    """What is counted of them is what they were judged by."""
    poller = Poller()
    first = poller.get(*map(item, TITLES))
    chosen = [event for event in articles(first) if is_sampled(event.article.id)]
    edited = poller.get(*(item(title, f"Other words about {title}, and many of them") for title in TITLES))

    assert 0 < len(chosen) < 4 * len(TITLES) / ONE_IN
    assert list(sampled_texts(first)) == [text_of(one.article.article, one.article.feed) for one in chosen]
    assert {event.change for event in articles(edited)} == {"updated"}
    assert list(sampled_texts(edited)) == []


def test_articles_that_a_filter_holds_back_are_not_sampled() -> None:
    """Nobody has judged them."""
    spec = feed()
    held = Poller(rules_of(watch("port"), filters={spec.id: compile_filter("whale", {})}), spec)
    outcome = held.get(*map(item, TITLES))
    assert outcome.counts.filtered == len(TITLES)
    assert list(sampled_texts(outcome)) == []
