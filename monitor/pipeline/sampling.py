"""Which articles are counted, so that the rarest words of a query are known: one in twenty, always the same ones."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.model.event import ArticleEvent, Outcome
from monitor.model.ids import ArticleId, digest
from monitor.model.watch import Text
from monitor.publish.recall import text_of

ONE_IN = 20
"""Articles of which one is counted: its patterns are looked for once more."""


def sampled_texts(outcome: Outcome) -> Iterator[Text]:
    """What was judged of the articles to count among those that a poll has brought; an edit counts nothing again."""
    for event in outcome.events:
        if isinstance(event, ArticleEvent) and event.change != "updated" and is_sampled(event.article.id):
            yield text_of(event.article.article, event.article.feed)


def is_sampled(article: ArticleId) -> bool:
    """By its id, so that a run that is repeated counts the same."""
    return int(digest("counted", article)[:8], 16) % ONE_IN == 0
