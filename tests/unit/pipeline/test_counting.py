"""Articles of the past, counted once each."""

from __future__ import annotations

from monitor.match.compiler import compile_rules
from monitor.match.vocabulary import WordCount
from monitor.model.feed import FeedSpec
from monitor.model.ids import ArticleId, FeedId, WatchId
from monitor.model.watch import Text, Watch
from monitor.pipeline.counting import Counting
from monitor.publish.recall import Recalled


def revision(article: str, number: int) -> Recalled:
    """One revision of an article."""
    feed = FeedSpec(FeedId("a"), "https://a.example/feed")
    return Recalled(ArticleId(article), number, 0.0, False, None, Text(title="Portugal"), True, feed, ())


def test_revisions_of_one_article_count_once() -> None:
    """An article that is edited all day is not a common word."""
    counting = Counting(WordCount(compile_rules([Watch(WatchId("w"), "port*")], {}), {}))
    for said in (revision("x", 1), revision("x", 2), revision("y", 3)):
        counting.hear(said)

    assert (counting.total, counting.count.articles) == (3, 2)
