"""Which watches may judge which feed, and what a filter lets through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.match.compiler import compile_filter
from monitor.model.article import Language
from monitor.model.ids import FeedId
from monitor.testing.builders import article, feed
from tests.support.polls import rules_of, watch

FEED = feed("one", tags=("world", "asia"))


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [
        ({}, True),
        ({"feeds": (FeedId("one"),)}, True),
        ({"feeds": (FeedId("two"),)}, False),
        ({"feed_tags": ("asia",)}, True),
        ({"feed_tags": ("sport",)}, False),
        ({"feeds": (FeedId("two"),), "feed_tags": ("asia",)}, True),
        ({"paused": True}, False),
    ],
)
def test_a_watch_says_whose_articles_it_judges(limits, allowed):
    """By feed or by tag; without either, everybody's; paused, nobody's."""
    rules = rules_of(watch("port", **limits))
    assert (rules.watches_of(FEED) == {"port"}) is allowed


@pytest.mark.parametrize(("watches", "allowed"), [(None, {"port", "rain"}), (("rain",), {"rain"}), ((), set())])
def test_a_feed_says_which_watches_judge_it(watches, allowed):
    """None means all, and an empty list none."""
    rules = rules_of(watch("port"), watch("rain"))
    assert rules.watches_of(replace(FEED, watches=watches)) == allowed


@pytest.mark.parametrize(
    ("languages", "tag", "met"),
    [
        ((), "und", True),
        (("en",), "en-GB", True),
        (("en",), "fr", False),
        (("uk", "fr"), "FR", True),
        (("no",), "nb", True),
        (("sr",), "hr", True),
    ],
)
def test_a_watch_says_which_languages_it_reads(languages, tag, met):
    """By the primary subtag; of languages that nobody tells apart, by any of them."""
    rules = rules_of(watch("port", languages=languages))
    found = rules.matches(FEED, article("Port reopens", language=Language(tag, "declared", 1.0)), frozenset({"port"}))
    assert bool(found) is met


def test_a_filter_concerns_its_own_feed_only():
    """Other feeds pass everything."""
    rules = rules_of(filters={FeedId("one"): compile_filter("port", {})})
    assert rules.passes(FEED, article("Port reopens"))
    assert not rules.passes(FEED, article("Rain"))
    assert rules.passes(feed("two"), article("Rain"))
