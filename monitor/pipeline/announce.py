"""Feed events: what an operator should know about a feed, numbered by the feed itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.model.event import FeedEvent, FeedEventKind, Record
from monitor.model.feed import FeedSpec
from monitor.model.ids import feed_event_id
from monitor.model.units import Instant
from monitor.pipeline.rules import Rules
from monitor.publish.envelope import record


def named(feed: FeedSpec, title: str | None) -> FeedSpec:
    """A feed without a name of its own is shown under the title it gives itself."""
    return feed if feed.name else replace(feed, name=title or feed.id)


def announce(
    feed: FeedSpec, number: int, kind: FeedEventKind, detail: dict[str, Any], rules: Rules, now: Instant
) -> tuple[FeedEvent, Record]:
    """The event with this running number, and its record."""
    event = FeedEvent(feed_event_id(feed.id, kind, number), now, kind, feed, detail, rules.generation)
    return event, record(event, rules.topics)
