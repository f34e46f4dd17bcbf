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
    tags: tuple[str, ...]


class _Article(msgspec.Struct):
    id: str
    revision: int
    title: str
    summary: str
    body: str | None
    url: str | None
    language: _Language
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
    return Recalled(
        id=ArticleId(said.id),
        revision=said.revision,
        time=time,
        baseline=event.change == "baseline",
        url=said.url,
        text=Text(said.title, said.summary, said.body or "", primary_subtag(said.language.tag)),
        whole=said.body is not None,
        feed=FeedSpec(FeedId(said.feed.id), said.feed.url, said.feed.name, tags=said.feed.tags),
        watches=event.watches,
    )


def text_of(article: Article) -> Text:
    """What queries are judged on: clean text, and the primary subtag of its language."""
    return Text(article.title, article.summary, article.body, primary_subtag(article.language.tag))


def primary_subtag(tag: str) -> str:
    """`fr` of `fr-CA`."""
    return tag.partition("-")[0].lower()
