"""Events as records: JSON value and CloudEvents headers (binary mode, Kafka binding 1.0).

The JSON is the same in every ledger and sink; its schemas are in `monitor/schemas/`. No header holds feed text.
"""

from __future__ import annotations

from typing import Any, Protocol, assert_never

import msgspec

from monitor.model.article import Article, Identified
from monitor.model.event import AlertEvent, ArticleEvent, DeadLetter, Event, FeedEvent, Record
from monitor.model.feed import FeedSpec
from monitor.model.ids import digest
from monitor.model.mask import mask_url
from monitor.model.units import Instant, rfc3339
from monitor.model.watch import Hit, Match, Watch
from monitor.publish.snippet import snippet

ARTICLE, ALERT, FEED = "news.article.v1", "news.alert.v1", "news.feed.v1"
SCHEMA = "urn:news-monitor:schema:{type}"
MAX_RECORD = 900 << 10
"""Bytes of a value; brokers refuse 1 MiB by default, headers and framing included."""
FRAMING = 100
"""Bytes of a record that are neither key nor value nor header."""


class Topics(Protocol):
    """Names of topics; `publish.topics.TopicTable` is the real one."""

    @property
    def articles(self) -> str: ...
    @property
    def feed_events(self) -> str: ...
    @property
    def dead_letters(self) -> str: ...
    def alert(self, watch: Watch) -> str: ...


def record(event: Event, topics: Topics, *, body: bool = True) -> Record:
    """The record of an event. `body=False` leaves out the body of articles (`publish.body`)."""
    match event:
        case ArticleEvent():
            return _record(event, topics.articles, ARTICLE, event.article.id, article_event(event, body=body))
        case AlertEvent():
            watch = event.match.watch
            extra = (("ce_watch", watch.id), ("ce_severity", watch.severity))
            return _record(event, topics.alert(watch), ALERT, event.article.id, alert_event(event), extra)
        case FeedEvent():
            return _record(event, topics.feed_events, FEED, event.feed.id, feed_event(event))
        case _ as never:
            assert_never(never)


def fits(made: Record) -> bool:
    """Whether a broker of default settings takes it; what does not fit becomes a dead letter."""
    return len(made.value) <= MAX_RECORD


def weight(made: Record) -> int:
    """Bytes of a record with key, headers and framing; rather a few more than a broker counts."""
    headers = sum(len(name) + len(value.encode()) for name, value in made.headers)
    return len(made.value) + len(made.key.encode()) + headers + FRAMING


def dead_letter(letter: DeadLetter, topics: Topics) -> Record:
    """The record of a dead letter: the raw bytes, with the reason in headers. The same letter has the same id."""
    errors = {
        "topic": topics.articles,
        "stage": letter.stage,
        "exception": letter.reason,
        "feed": letter.feed,
        "at": rfc3339(letter.at),
    }
    headers = tuple((f"__news.errors.{name}", value) for name, value in errors.items())
    name = digest("dead-letter", letter.feed, letter.stage, letter.reason, letter.raw.hex())
    return Record(topics.dead_letters, letter.feed, letter.raw, headers, name, letter.at)


def article_event(event: ArticleEvent, *, body: bool = True) -> dict[str, Any]:
    """`news.article.v1` as plain data."""
    return {
        "id": event.id,
        "type": ARTICLE,
        "time": rfc3339(event.time),
        "change": event.change,
        "changed": list(event.changed),
        "article": article(event.article, body=body),
        "watches": list(event.watches),
        "limits": list(event.limits),
        "generation": event.generation,
        "untrusted_text": True,
    }


def alert_event(event: AlertEvent) -> dict[str, Any]:
    """`news.alert.v1` as plain data: the article without its body."""
    whole = article(event.article)
    del whole["body"]
    watch = event.match.watch
    return {
        "id": event.id,
        "type": ALERT,
        "time": rfc3339(event.time),
        "status": "raised",
        "change": event.change,
        "watch": {
            "id": watch.id,
            "name": watch.name or watch.id,
            "version": event.match.version,
            "severity": watch.severity,
        },
        "article": whole,
        "hits": [hit(found) for found in event.match.hits],
        "hits_total": event.match.hits_total,
        "limits": list(event.match.limits),
        "snippet": _snippet(event.article.article, event.match),
        "judged": "feed",
        "generation": event.generation,
        "untrusted_text": True,
    }


def feed_event(event: FeedEvent) -> dict[str, Any]:
    """`news.feed.v1` as plain data."""
    return {
        "id": event.id,
        "type": FEED,
        "time": rfc3339(event.time),
        "kind": event.kind,
        "feed": feed(event.feed),
        "detail": event.detail,
        "generation": event.generation,
        "untrusted_text": True,
    }


def article(known: Identified, *, body: bool = True) -> dict[str, Any]:
    """An article as events carry it. A missing value is null, a list never is."""
    said = known.article
    return {
        "id": known.id,
        "revision": known.revision,
        "guid": said.guid,
        "url": said.url,
        "title": said.title,
        "summary": said.summary,
        "body": said.body if body else None,
        "image": said.image,
        "enclosures": [{"url": one.url, "type": one.type, "length": one.length} for one in said.enclosures],
        "language": {
            "tag": said.language.tag,
            "source": said.language.source,
            "confidence": round(said.language.confidence, 3),
        },
        "authors": list(said.authors),
        "tags": list(said.tags),
        "published": _time(said.published),
        "updated": _time(said.updated),
        "first_seen": rfc3339(known.first_seen),
        "date_source": said.date[1],
        "late": known.late,
        "source": said.source,
        "feed": feed(known.feed),
        "quality": _quality(said),
    }


def feed(spec: FeedSpec) -> dict[str, Any]:
    """A feed as events carry it; its URL without secrets."""
    return {
        "id": spec.id,
        "name": spec.name or spec.id,
        "url": mask_url(spec.url),
        "language": spec.language,
        "country": spec.country,
        "tags": list(spec.tags),
    }


def hit(found: Hit) -> dict[str, Any]:
    """A hit as alerts and `explain` carry it."""
    return {
        "field": found.field,
        "start": found.start,
        "end": found.end,
        "utf16": list(found.utf16),
        "text": found.text,
        "term": found.term,
        "kind": found.kind,
        "concept": found.concept,
        "language": found.language,
        "clause": list(found.clause),
    }


def _record(
    event: Event, topic: str, type_: str, subject: str, value: dict[str, Any], extra: tuple[tuple[str, str], ...] = ()
) -> Record:
    source = event.feed.id if isinstance(event, FeedEvent) else event.article.feed.id
    headers = (
        ("ce_specversion", "1.0"),
        ("ce_type", type_),
        ("ce_id", event.id),
        ("ce_source", f"/feeds/{source}"),
        ("ce_subject", subject),
        ("ce_time", rfc3339(event.time)),
        ("ce_dataschema", SCHEMA.format(type=type_)),
        ("content-type", "application/json"),
        *extra,
    )
    return Record(topic, subject, msgspec.json.encode(value), headers, event.id, event.time)


def _snippet(said: Article, found: Match) -> dict[str, Any] | None:
    made = snippet({"title": said.title, "summary": said.summary, "body": said.body}, found.hits)
    return None if made is None else {"field": made.field, "text": made.text, "marks": [list(m) for m in made.marks]}


def _quality(said: Article) -> dict[str, Any]:
    quality = said.quality
    return {
        "route": quality.route,
        "charset": quality.charset,
        "charset_source": quality.charset_source,
        "truncated": quality.truncated,
        "repairs": quality.repairs,
        "furniture": quality.furniture,
        "teaser": quality.teaser,
        "zone_assumed": quality.zone_assumed,
    }


def _time(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)
