"""One event of each type, made up, as the service would publish it: the examples of the AsyncAPI document."""

from __future__ import annotations

from monitor.model.article import Article, Identified, Keys, Language
from monitor.model.event import AlertEvent, ArticleEvent, Event, FeedEvent
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, WatchId, alert_id, article_event_id, article_id, feed_event_id
from monitor.model.units import Instant
from monitor.model.watch import Hit, Match, Watch

AT = Instant(1_795_680_300.0)
GENERATION = "6554b3ee885f"
FEED = FeedSpec(
    FeedId("example-news"),
    "https://news.example.org/feed.xml",
    name="Example News",
    language="fr",
    country="FR",
    tags=("world",),
)
WATCH = Watch(WatchId("ukraine"), "@ukraine", name="Ukraine")
SAID = Article(
    keys=Keys(1, 2, 3, "news-4711", "https://news.example.org/2026/11/4711", ""),
    raw_hash=b"",
    title="Attaque de drones en Ukraine",
    summary="Une attaque de drones a touché un port pendant la nuit.",
    body="Une attaque de drones a touché un port pendant la nuit.\nPersonne n'a été blessé.",
    guid="news-4711",
    url="https://news.example.org/2026/11/4711",
    language=Language("fr", "detected", 0.999),
    authors=("A. Martin",),
    published=Instant(AT - 300),
)
HIT = Hit("title", 21, 28, (21, 28), "Ukraine", "ukrain*", "prefix", "ukraine", "fr", (0, 8))


def samples() -> tuple[Event, ...]:
    """An article that meets a watch, its alert, and a feed event. Ids are the real ones of these parts."""
    id_ = article_id(FEED.id, "guid", "news-4711")
    known = Identified(id_, 1, AT, False, FEED, SAID)
    found = Match(WATCH, "71d5ee74ed32d90c", (HIT,), 1)
    return (
        ArticleEvent(article_event_id(id_, 1), AT, "new", (), known, (WATCH.id,), GENERATION),
        AlertEvent(alert_id(id_, WATCH.id, 1), AT, "new", known, found, GENERATION),
        FeedEvent(
            feed_event_id(FEED.id, "truncated", 1), AT, "truncated", FEED, {"items": 5200, "cut": 200}, GENERATION
        ),
    )
