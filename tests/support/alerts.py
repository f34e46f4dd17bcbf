"""A log of articles and alerts for tests of whatever reads it, and the site over it on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from monitor.model.article import Identified, Language
from monitor.model.event import AlertEvent, ArticleEvent
from monitor.model.feed import FeedSpec
from monitor.model.ids import alert_id, article_event_id, article_id
from monitor.model.units import Instant
from monitor.model.watch import Hit, Match, Watch
from monitor.ports import EventLog
from monitor.publish.envelope import record
from monitor.publish.topics import TopicTable
from monitor.server.site import Site
from monitor.server.web import listen
from monitor.testing.builders import article, feed
from monitor.testing.clock import START, ManualClock
from monitor.testing.console import ScriptedConsole, picture, watch_row
from monitor.testing.ledger import MemoryEventLog, MemoryStore

TOPICS = TopicTable()


def hit(text: str, start: int = 0, place: str = "title") -> Hit:
    """A hit whose slice is `text`."""
    end = start + len(text)
    return Hit(place, start, end, (start, end), text, text, "term", None, "en", (0, len(text)))  # type: ignore[arg-type]


def alert(
    number: int,
    watch: Watch,
    *,
    title: str | None = None,
    language: str = "en",
    spec: FeedSpec | None = None,
    hits: Sequence[Hit] = (),
    **said: Any,
) -> AlertEvent:
    """The alert of an article that is recognised by its number; made `number` seconds after the start."""
    title = f"Port number {number}" if title is None else title
    spec = spec or feed()
    name = article_id(spec.id, "guid", str(number))
    text = article(title, language=Language(language, "detected", 0.9), **said)
    found = tuple(hits) or (hit(title[:4]),)
    return AlertEvent(
        alert_id(name, watch.id, 1),
        START + number,
        "new",
        Identified(name, 1, START + number, False, spec, text),
        Match(watch, "v1", found, len(found)),
        "generation-1",
    )


def article_of(event: AlertEvent) -> ArticleEvent:
    """The event of the article an alert is about."""
    known = event.article
    return ArticleEvent(
        article_event_id(known.id, 1), event.time, "new", (), known, (event.match.watch.id,), "generation-1"
    )


@dataclass
class Desk:
    """A log, a picture, and verbs to fill them."""

    store: MemoryStore = field(default_factory=MemoryStore)
    console: ScriptedConsole = field(
        default_factory=lambda: ScriptedConsole(picture(watches=(watch_row("port"), watch_row("ship"))))
    )

    @property
    def log(self) -> EventLog:
        """The log as a service has it."""
        return MemoryEventLog(self.store, ManualClock())

    def watch(self, name: str = "port") -> Watch:
        """A watch of the picture."""
        return next(row.watch for row in self.console.shown.watches if row.watch.id == name)

    def raise_alert(self, number: int, watch: str = "port", **about: Any) -> AlertEvent:
        """One article and its alert into the log; whoever waits hears of it."""
        event = alert(number, self.watch(watch), **about)
        self.store.append([record(article_of(event), TOPICS), record(event, TOPICS)])
        self.store.ring()
        return event

    def raise_alerts(self, count: int, first: Instant = 1, **about: Any) -> None:
        """Many."""
        for number in range(int(first), int(first) + count):
            self.raise_alert(number, **about)

    def site(self, **settings: Any) -> Site:
        """The page and API over this log."""
        return Site(self.console, self.log, lambda: TOPICS, **settings)


@asynccontextmanager
async def served(app: aiohttp.web.Application, **how: Any) -> AsyncIterator[aiohttp.ClientSession]:
    """An application on a free port of loopback, and a client of it."""
    async with (
        listen(app, "127.0.0.1", 0, **how) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        yield client
