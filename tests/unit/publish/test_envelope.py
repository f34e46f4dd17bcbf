"""Events as records: every one of them valid, every span exact."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest

from monitor.model.article import Article, Enclosure, Identified, Keys, Language, Quality
from monitor.model.event import AlertEvent, ArticleEvent, DeadLetter, FeedEvent
from monitor.model.feed import FeedSpec
from monitor.model.watch import Hit, Match, Watch
from monitor.publish.envelope import MAX_RECORD, dead_letter, fits, record
from monitor.publish.topics import TopicTable

TOPICS = TopicTable("news.", "alerts.{watch}")
FEED = FeedSpec(
    "bbc", "https://user:pw@example.org/feed?token=s", name="BBC", language="en", country="GB", tags=("world",)
)
ARTICLE = Article(
    keys=Keys(1, 2, 3, "g", "https://example.org/1", "c"),
    raw_hash=b"12345678",
    title="War in Ukraine 🇺🇦",
    summary="Drones over Ukraine.",
    body="Long text. Ukraine again.",
    guid="g",
    url="https://example.org/1",
    enclosures=(Enclosure("https://example.org/a.mp3", "audio/mpeg", 5),),
    language=Language("en", "detected", 0.98765),
    authors=("A",),
    published=1.7e9,
    quality=Quality(furniture=1),
)
KNOWN = Identified("0" * 32, 2, 1.7e9 + 5, False, FEED, ARTICLE)
HIT = Hit("title", 7, 14, (7, 14), "Ukraine", "ukrain*", "prefix", "ukraine", "en", (0, 8))
WATCH = Watch("ukraine", "@ukraine", severity="high")
MADE = ArticleEvent("1" * 32, 1.7e9 + 6, "updated", ("title",), KNOWN, ("ukraine",), "gen")
ALERT = AlertEvent("2" * 32, 1.7e9 + 6, "new", KNOWN, Match(WATCH, "v1", (HIT,), 1), "gen")
TOLD = FeedEvent("3" * 32, 1.7e9, "gap", FEED, {"seconds": 5}, "gen")


def schema(name: str) -> dict:
    """A shipped schema."""
    return json.loads(files("monitor.schemas").joinpath(f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("event", [MADE, ALERT, TOLD], ids=["article", "alert", "feed"])
def test_event_is_valid_by_its_schema_and_has_no_other_keys(event):
    """The schema named in `ce_dataschema` holds, and documents every key."""
    made = record(event, TOPICS)
    value, headers = json.loads(made.value), dict(made.headers)
    found = schema(headers["ce_type"])
    assert headers["ce_dataschema"] == found["$id"]
    jsonschema.Draft202012Validator(found).validate(value)
    assert set(value) == set(found["properties"])
    if "article" in value:
        assert set(value["article"]) == set(found["properties"]["article"]["properties"])


def test_record_carries_cloudevents_headers():
    """Binary mode: attributes in headers, ASCII, none of it feed text."""
    made = record(ALERT, TOPICS)
    assert made.topic == "news.alerts.ukraine"
    assert made.key == KNOWN.id
    assert dict(made.headers) == {
        "ce_specversion": "1.0",
        "ce_type": "news.alert.v1",
        "ce_id": "2" * 32,
        "ce_source": "/feeds/bbc",
        "ce_subject": KNOWN.id,
        "ce_time": "2023-11-14T22:13:26.000Z",
        "ce_dataschema": "urn:news-monitor:schema:news.alert.v1",
        "content-type": "application/json",
        "ce_watch": "ukraine",
        "ce_severity": "high",
    }
    assert all(name.isascii() and value.isascii() for name, value in made.headers)


def test_alert_leaves_out_the_body_only():
    """Alert and article say the same of an article, but for its body."""
    whole, short = (json.loads(record(event, TOPICS).value)["article"] for event in (MADE, ALERT))
    assert whole.pop("body") == ARTICLE.body
    assert whole == short


def test_body_can_be_kept_back():
    """`publish.body: false` gives null, not a missing key."""
    assert json.loads(record(MADE, TOPICS, body=False).value)["article"]["body"] is None


def test_h172_feed_url_is_masked():
    """No userinfo, no query value."""
    assert json.loads(record(MADE, TOPICS).value)["article"]["feed"]["url"] == "https://example.org/feed?token=***"


def test_snippet_stands_alone():
    """Its marks index its own text."""
    inside = Hit("summary", 12, 19, (12, 19), "Ukraine", "ukrain*", "prefix", "ukraine", "en", (0, 8))
    alert = replace(ALERT, match=Match(WATCH, "v1", (HIT, inside), 2))
    snippet = json.loads(record(alert, TOPICS).value)["snippet"]
    assert snippet["field"] == "summary"
    assert [snippet["text"][start:end] for start, end in snippet["marks"]] == ["Ukraine"]


def test_same_dead_letter_has_the_same_id():
    """An item that cannot be read at every poll is one letter."""
    letter = DeadLetter("bbc", "read", "no_text", "nothing in it", b"<item/>", 5.0)
    first, second = dead_letter(letter, TOPICS), dead_letter(replace(letter, at=9.0), TOPICS)
    assert (first.id, first.topic, first.key, first.value) == (second.id, "news.dead-letters", "bbc", b"<item/>")


def test_h177_what_no_broker_takes_does_not_fit():
    """The limit is on the value's bytes."""
    large = replace(KNOWN, article=replace(ARTICLE, body="я" * MAX_RECORD))
    assert fits(record(MADE, TOPICS))
    assert not fits(record(replace(MADE, article=large), TOPICS))


def test_h178_no_header_is_the_feeds():
    """Whatever a publisher writes, names and values are ours: one line of printable ASCII, without a word of his."""
    said = "Evil\r\nce_id: 0\0\x1b]0;é"
    article = replace(
        ARTICLE, title=said, summary=said, body=said, guid=said, url=said, authors=(said,), tags=(said,), source=said
    )
    known = replace(KNOWN, article=article)
    events = [replace(MADE, article=known), replace(ALERT, article=known), replace(TOLD, detail={said: said})]
    letter = DeadLetter("bbc", "read", "no_text", said, said.encode(), 5.0)
    for made in [*(record(event, TOPICS) for event in events), dead_letter(letter, TOPICS)]:
        for text in (made.topic, made.key, *(part for header in made.headers for part in header)):
            assert text.isascii()
            assert text.isprintable()
            assert "Evil" not in text
