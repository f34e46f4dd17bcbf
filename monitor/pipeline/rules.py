"""All that `process` judges by; a new value with every change of configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.match.matcher import RuleSet
from monitor.match.segments import Standing
from monitor.model.article import Article
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.watch import Match, Watch
from monitor.publish.envelope import Topics
from monitor.publish.recall import text_of
from monitor.schedule.settings import ScheduleSettings


@dataclass(frozen=True, slots=True)
class Rules:
    """Compiled watches and filters, and the settings a poll is judged by. `alert_since` is seconds."""

    rules: Standing
    topics: Topics
    generation: str
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    alert_since: float = 0.0
    filters: Mapping[FeedId, RuleSet] = field(default_factory=dict)
    publish_body: bool = True
    pending: frozenset[str] = frozenset()
    """Watches that cannot alert yet, for their topic is not there: they judge nothing, and nothing is held against
    an article that would have met them."""

    def watches_of(self, feed: FeedSpec) -> frozenset[str]:
        """Ids of the watches that may judge articles of this feed."""
        return frozenset(watch.id for watch in self.rules.watches if concerns(watch, feed)) - self.pending

    def passes(self, feed: FeedSpec, article: Article) -> bool:
        """Whether the feed's own filter lets the article through."""
        own = self.filters.get(feed.id)
        return own is None or bool(own.met(text_of(article, feed)))

    def matches(self, feed: FeedSpec, article: Article, allowed: frozenset[str]) -> tuple[Match, ...]:
        """The watches this article meets, of those that are `allowed` to judge its feed."""
        return self.rules.match(text_of(article, feed), allowed) if allowed else ()


def concerns(watch: Watch, feed: FeedSpec) -> bool:
    """Whether a watch may judge articles of a feed."""
    if watch.paused or (feed.watches is not None and watch.id not in feed.watches):
        return False
    if not watch.feeds and not watch.feed_tags:
        return True
    return feed.id in watch.feeds or not set(watch.feed_tags).isdisjoint(feed.tags)
