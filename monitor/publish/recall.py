"""Article events read back from the log: what a watch judges them by, and what people recognise them by."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from monitor.model.article import Article
from monitor.model.feed import FeedSpec
from monitor.model.ids import ArticleId, FeedId
from monitor.model.units import Instant, instant
from monitor.model.watch import Text


@dataclass(frozen=True, slots=True)
class Recalled:
    """A revision of an article as it was published."""

    id: ArticleId
    revision: int
    time: Instant
    """When the event was made."""
    baseline: bool
    """From the first document of its feed: nearly all of those are old news."""
    url: str | None
    text: Text
    whole: bool
    """It was published with its body."""
    feed: FeedSpec
    """As the event names it, without what only the configuration knows."""
    watches: tuple[str, ...]
    """What it met when it was published."""


class _Language(msgspec.Struct):
    tag: str


class _Feed(msgspec.Struct):
    id: str
    name: str
    url: str
    country: str | None
    tags: tuple[str, ...]


class _Article(msgspec.Struct):
    id: str
    revision: int
    title: str
    summary: str
    body: str | None
    url: str | None
    language: _Language
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    source: str | None
    feed: _Feed


class _Event(msgspec.Struct):
    time: str
    change: str
    article: _Article
    watches: tuple[str, ...]


_EVENTS = msgspec.json.Decoder(_Event)


def recall(value: bytes) -> Recalled | None:
    """The article of an event `news.article.v1`; None for what is none of these. Keys that are new are left alone."""
    try:
        event = _EVENTS.decode(value)
        time = instant(event.time)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None
    said = event.article
    feed = FeedSpec(FeedId(said.feed.id), said.feed.url, said.feed.name, country=said.feed.country, tags=said.feed.tags)
    return Recalled(
        id=ArticleId(said.id),
        revision=said.revision,
        time=time,
        baseline=event.change == "baseline",
        url=said.url,
        text=_text_of(said, said.body or "", said.language.tag, feed),
        whole=said.body is not None,
        feed=feed,
        watches=event.watches,
    )


def text_of(article: Article, feed: FeedSpec) -> Text:
    """What queries are judged on: clean text, the primary subtag of its language, and what else can be asked for."""
    return _text_of(article, article.body, article.language.tag, feed)


def _text_of(said: Article | _Article, body: str, tag: str, feed: FeedSpec) -> Text:
    names = (feed.id, feed.name, said.source)
    return Text(
        title=said.title,
        summary=said.summary,
        body=body,
        language=tag.partition("-")[0].lower(),
        authors=said.authors,
        url=said.url or "",
        tags=said.tags,
        sources=tuple(dict.fromkeys(name for name in names if name)),
        country=feed.country or "",
    )
