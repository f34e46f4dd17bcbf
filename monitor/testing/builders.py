"""Values with sensible contents, so that a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.model.article import Article, Keys, Language
from monitor.model.event import Record
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, article_event_id
from monitor.model.units import Instant, rfc3339
from monitor.testing.clock import START


def feed(name: str = "example", **changes: Any) -> FeedSpec:
    """A feed of class `news`; its URL follows its id."""
    spec = FeedSpec(FeedId(name), f"https://{name}.example/rss", name=name.title(), language="en", cls="news")
    return replace(spec, **changes)


def article(title: str = "Port reopens", **changes: Any) -> Article:
    """An English article whose keys and hashes follow from its texts, unless they are given."""
    url = changes.get("url", f"https://example.org/{title.lower().replace(' ', '-')}")
    guid = changes.get("guid")
    texts = (title, changes.get("summary", ""), changes.get("body", ""))
    keys = Keys(
        guid=_hash(guid) if guid else 0,
        url=_hash(url) if url else 0,
        content=_hash(title),
        guid_value=guid,
        url_value=url,
        content_value=title,
    )
    base = Article(
        keys=keys,
        raw_hash=_hash("\n".join(texts)).to_bytes(8, "big"),
        title=title,
        url=url,
        language=Language("en", "detected", 0.99),
        published=START - 600,
        hashes=(_hash(texts[0]), _hash(texts[1]), _hash(texts[2])),
    )
    return replace(base, **changes)


def record(number: int = 1, topic: str = "news.articles", at: Instant = START, **changes: Any) -> Record:
    """The event of an article; the same number gives the same event."""
    source = changes.pop("source", "example")
    id_ = article_event_id(f"article-{number}", 1)
    headers = (
        ("ce_specversion", "1.0"),
        ("ce_type", "news.article.v1"),
        ("ce_id", str(id_)),
        ("ce_source", f"/feeds/{source}"),
        ("ce_subject", f"article-{number}"),
        ("ce_time", rfc3339(at)),
        ("content-type", "application/json"),
    )
    value = f'{{"id":"{id_}","number":{number},"text":"Дрони"}}'.encode()
    return replace(Record(topic, f"article-{number}", value, headers, id_, at), **changes)


def _hash(text: str) -> int:
    """64 bits that follow from the text, never 0."""
    return int(article_event_id(text, 0)[:16], 16) | 1
