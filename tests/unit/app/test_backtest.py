"""The log read from its beginning for a back-test."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from monitor.app.backtest import Span, backtest
from monitor.match.compiler import compile_rules
from monitor.model.event import Logged
from monitor.pipeline.trial import Trial, Version
from monitor.testing.builders import record as plain
from monitor.testing.clock import START, ManualClock
from monitor.testing.ledger import MemoryEventLog
from tests.support.alerts import TOPICS, Desk
from tests.support.polls import watch

EVER = Span(0.0, START + 1e6)


def trial() -> Trial:
    """Of a watch for the word all these articles begin with."""
    tried, ticks = watch("port"), count()
    return Trial(Version(tried, compile_rules([tried], {})), None, {}, lambda: float(next(ticks)))


def desk(articles: int) -> Desk:
    """A log of so many articles, a second apart from the start on, with their alerts."""
    made = Desk()
    made.raise_alerts(articles)
    return made


class Watched(MemoryEventLog):
    """Remembers how much it was asked for at once."""

    most = 0

    async def read(self, after: int, topics: Sequence[str] = (), limit: int = 500) -> Sequence[Logged]:
        found = await super().read(after, topics, limit)
        self.most = max(self.most, len(found))
        return found


async def judged(made: Desk, span: Span, after: int = 0) -> Trial:
    """The trial after it has read the log."""
    tried = trial()
    await backtest(made.log, TOPICS.articles, after, tried, span)
    return tried


async def test_every_article_is_judged_once_and_nothing_else() -> None:
    """Chunk by chunk: a log of any length needs the memory of one."""
    made, tried = desk(50), trial()
    log = Watched(made.store, ManualClock())
    await backtest(log, TOPICS.articles, 0, tried, Span(0.0, START + 1e6, chunk=7))

    assert (tried.total, tried.met.total(), tried.unreadable) == (50, 50, 0)
    assert log.most == 7


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(START + 10, START + 19), 10),
        (Span(0.0, START + 5), 5),
        (Span(START + 45, START + 1e6), 6),
        (Span(0.0, START + 1e6, 12), 12),
        (Span(START + 10, START + 1e6, 1), 1),
        (Span(0.0, START - 1), 0),
    ],
)
async def test_only_what_was_asked_for(span: Span, expected: int) -> None:
    """By the time the event was made, the oldest first."""
    assert (await judged(desk(50), span)).total == expected


async def test_a_log_is_read_from_where_it_begins() -> None:
    """The first half of two events each lies behind."""
    assert (await judged(desk(50), EVER, after=50)).total == 25


async def test_records_of_others_are_counted() -> None:
    """They stop nothing."""
    made = desk(2)
    made.store.append([plain(3)])
    tried: Any = await judged(made, EVER)

    assert (tried.total, tried.unreadable) == (2, 1)
