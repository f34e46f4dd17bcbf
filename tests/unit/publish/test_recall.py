"""Article events read back: what they were made from."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_packs
from monitor.model.article import Article, Identified, Language
from monitor.model.event import ArticleEvent
from monitor.model.ids import ArticleId, article_event_id
from monitor.model.watch import Text
from monitor.publish.envelope import record
from monitor.publish.recall import recall, text_of
from monitor.testing.builders import article, feed
from monitor.testing.clock import START
from tests.support.polls import TOPICS, watch

FEED = feed("desk", tags=("world", "asia"), watches=("port",), country="GB")
ARTICLES = (
    article("Port reopens", summary="The port\u2028opens", body="A 🇺🇦 flag 𠮷\nover the port", authors=("Ann",)),
    article("", body="Дрони над портом", language=Language("uk-UA", "detected", 0.9)),
    article("無人機", url=None, source="Elsewhere", tags=("harbour",), language=Language("zh-Hant", "script", 1.0)),
    article("UAVs and drones", summary="", body="", language=Language()),
)


def event(said: Article, change: Any = "new") -> ArticleEvent:
    """The first revision of an article."""
    known = Identified(ArticleId("0" * 32), 1, START, False, FEED, said)
    return ArticleEvent(article_event_id(known.id, 1), START + 0.25, change, (), known, ("port",), "generation")


@pytest.mark.parametrize("said", ARTICLES, ids=lambda said: said.language.tag)
def test_the_text_is_the_one_the_article_was_judged_by(said: Article) -> None:
    """Every field, and the language."""
    found = recall(record(event(said), TOPICS).value)

    assert found is not None
    assert found.text == text_of(said, FEED)
    assert found.whole


@pytest.mark.parametrize("said", ARTICLES, ids=lambda said: said.language.tag)
def test_it_meets_what_the_article_meets(said: Article) -> None:
    """With the same hits at the same places."""
    queries = {"port": "port OR title:drones", "drones": "@drones", "ukraine": "@ukraine OR @ukraine.weak"}
    queries |= {
        "tag": "tag:harbour",
        "source": "@drones AND source:(desk OR elsewhere) AND country:gb",
        "who": "author:ann",
    }
    rules = compile_rules([watch(name, query) for name, query in queries.items()], builtin_packs())
    found = recall(record(event(said), TOPICS).value)

    assert found is not None
    assert rules.match(found.text) == rules.match(text_of(said, FEED)) != ()


def test_what_people_recognise_it_by() -> None:
    """And what decides which watches may judge it, as far as an event says."""
    found = recall(record(event(ARTICLES[0], "baseline"), TOPICS).value)

    assert found is not None
    assert (found.id, found.revision, found.time, found.baseline) == ("0" * 32, 1, START + 0.25, True)
    assert (found.url, found.watches) == (ARTICLES[0].url, ("port",))
    assert (found.feed.id, found.feed.name, found.feed.tags) == ("desk", "Desk", ("world", "asia"))


def test_what_else_can_be_asked_for() -> None:
    """The feed goes by its id, its name and what it says of itself."""
    assert text_of(ARTICLES[2], FEED) == Text(
        title="無人機", language="zh", tags=("harbour",), sources=("desk", "Desk", "Elsewhere"), country="GB"
    )
    assert text_of(ARTICLES[0], replace(FEED, name="", country=None)).sources == ("desk",)


def test_an_event_without_body() -> None:
    """`publish.body: false`: title and summary are all there is."""
    found = recall(record(event(ARTICLES[0]), TOPICS, body=False).value)

    assert found is not None
    assert not found.whole
    assert found.text == replace(text_of(ARTICLES[0], FEED), body="")


def test_keys_of_a_later_version_are_left_alone() -> None:
    """Keys may be added, never renamed."""
    value = json.loads(record(event(ARTICLES[0]), TOPICS).value)
    value["mood"] = value["article"]["mood"] = "fine"

    assert recall(json.dumps(value).encode()) is not None


@pytest.mark.parametrize("value", [b"", b"null", b"\xff", b'{"time":"x"}', b'{"id":1,"number":2}'])
def test_what_is_no_article_event(value: bytes) -> None:
    """A log may hold what others wrote into its topics."""
    assert recall(value) is None


def test_a_time_nobody_can_read() -> None:
    """The event as a whole is not believed."""
    value = json.loads(record(event(ARTICLES[0]), TOPICS).value)

    assert recall(json.dumps({**value, "time": "yesterday"}).encode()) is None
