"""Which topics hold events, and texts that name a place in all of them."""

from __future__ import annotations

import re
import zlib
from base64 import urlsafe_b64encode

import msgspec
import pytest

from monitor.adapters.kafka.event_places import LARGEST, event_topics, places_of, token_of
from monitor.errors import UsageError
from monitor.publish.topics import TopicTable

TABLE = TopicTable()
EVERY = event_topics(TABLE)


@pytest.mark.parametrize(
    ("topic", "is_ours"),
    [
        ("news.articles", True),
        ("news.alerts.ukraine", True),
        ("news.feed-events", True),
        ("news.dead-letters", True),
        ("news.stories", True),
        ("news.feeds", False),
        ("news.feed-state", False),
        ("news.rescue", False),
        ("news.canary", False),
        ("news.staging.articles", False),
        ("news.alerts.staging.ukraine", False),
        ("newsXarticles", False),
        ("news.articles\n", False),
        ("xnews.articles", False),
    ],
)
def test_topics_with_events_are_told_from_the_ledgers_own_and_a_neighbours(topic: str, is_ours: bool) -> None:
    """Also where the prefix of one installation begins like another's."""
    assert bool(EVERY.match(topic)) is is_ours


@pytest.mark.parametrize("template", ["{watch}", "alerts", "a.{watch}.x"])
def test_any_template_of_alerts_is_followed_and_none_leads_to_the_ledgers_own(template: str) -> None:
    """A template may match every name there is."""
    table = TopicTable("news.", template)

    assert event_topics(table).match("news." + template.replace("{watch}", "taiwan"))
    assert not any(map(event_topics(table).match, (table.feeds, table.feed_state, table.rescue, "news.canary")))


def test_topics_of_single_watches_and_choices() -> None:
    """A watch may name its topic, with a placeholder too; of all, those are read that are asked for."""
    pattern = event_topics(TABLE, ["special", "by.{watch}"], ["*.special", "news.by.*", "news.feeds"])

    assert [bool(pattern.match(f"news.{name}")) for name in ("special", "by.x", "feeds", "articles")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_place_survives_its_token() -> None:
    """Partitions of which nothing was read are left out."""
    places = {("news.articles", 0): 7, ("news.articles", 3): 1 << 40, ("news.articles", 1): 0, ("news.stories", 0): 0}
    token = token_of(places)

    assert re.fullmatch("[A-Za-z0-9_-]+", token)
    assert places_of(token, EVERY) == {("news.articles", 0): 7, ("news.articles", 3): 1 << 40}
    assert places_of(token_of({}), EVERY) == {}


def test_a_token_of_many_topics_fits_into_a_header() -> None:
    """A hundred watches of three partitions each: 8 KiB is what servers take."""
    places = {
        (f"news.alerts.watch-of-some-name-{watch}", part): 10**6 + 977 * watch + part
        for watch in range(100)
        for part in range(3)
    }

    assert len(token_of(places)) < 4000


def test_a_place_tells_of_the_topics_that_are_read() -> None:
    """A token of all of them serves whoever reads some."""
    token = token_of({("news.articles", 0): 7, ("news.alerts.x", 0): 9})

    assert places_of(token, event_topics(TABLE, (), ["news.articles"])) == {("news.articles", 0): 7}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "4711",
        "ünicode",
        "a b",
        "e" * 5000,
        token_of({("other.articles", 0): 1}),
        token_of({("news.articles", 0): 1})[:-3],
        urlsafe_b64encode(zlib.compress(msgspec.msgpack.encode({"news.articles": "x"}))).decode().rstrip("="),
        urlsafe_b64encode(zlib.compress(bytes(LARGEST * 8))).decode().rstrip("="),
        urlsafe_b64encode(zlib.compress(msgspec.msgpack.encode({"news.articles": [1] * 10**6}))).decode().rstrip("="),
    ],
)
def test_what_is_none_of_our_tokens_is_refused(token: str) -> None:
    """Torn, foreign, or made to be unpacked for ever."""
    with pytest.raises(UsageError):
        places_of(token, EVERY)
