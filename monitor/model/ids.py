"""Deterministic ids: the first 128 bits, in hex, of SHA-256 over length-prefixed parts.

Every part is UTF-8 behind its length as 4 bytes big-endian, numbers as decimal text; so no two different lists of
parts can give the same bytes. Test vectors are in `docs/events.md`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NewType

FeedId = NewType("FeedId", str)
WatchId = NewType("WatchId", str)
ArticleId = NewType("ArticleId", str)
EventId = NewType("EventId", str)
HostKey = NewType("HostKey", str)
"""A normalised host without its port: the unit of politeness and of placement."""
ShardId = NewType("ShardId", int)


def digest(*parts: str | int) -> str:
    """32 hex digits that stand for this list of parts and for no other."""
    whole = sha256()
    for part in parts:
        data = str(part).encode("utf-8", "surrogatepass")
        whole.update(len(data).to_bytes(4, "big") + data)
    return whole.hexdigest()[:32]


def article_id(feed: str, rung: str, value: str) -> ArticleId:
    """`rung` (`guid`, `url`, `content`) named the article first. The feed is inside, so none can forge another's."""
    return ArticleId(digest("article", feed, rung, value))


def article_event_id(article: str, revision: int) -> EventId:
    """One event for each revision of an article."""
    return EventId(digest("article-event", article, revision))


def alert_id(article: str, watch: str, revision: int) -> EventId:
    """One alert for each revision and watch; only a watch newly met makes one."""
    return EventId(digest("alert", article, watch, revision))


def feed_event_id(feed: str, kind: str, number: int) -> EventId:
    """`number` runs per feed and is kept in its state, so a feed can have many events of one kind."""
    return EventId(digest("feed-event", feed, kind, number))
