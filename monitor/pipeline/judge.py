"""What a document's articles lead to: which are new, what they meet, which events and records that makes.

Two passes: the keys of all entries decide which rungs to trust (a guid shared by two items, churn), then each article
is judged.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from monitor.dedupe.identity import Edited, Known, New, Trust, judge_rungs, recognise
from monitor.dedupe.titles import sketch_title
from monitor.dedupe.window import Memory
from monitor.match.scan import is_cut
from monitor.model.article import Article, Identified, Reading
from monitor.model.event import (
    AlertEvent,
    ArticleEvent,
    Change,
    DeadLetter,
    Event,
    FeedEventKind,
    Outcome,
    Record,
)
from monitor.model.feed import FeedSpec
from monitor.model.ids import ArticleId, alert_id, article_event_id, article_id, digest
from monitor.model.notes import ItemsCut, Note, RungChanged
from monitor.model.state import Counts, FeedState, Item
from monitor.model.units import Instant, rfc3339
from monitor.model.watch import Limit, Match
from monitor.normalise.furniture import learn_lines
from monitor.pipeline.announce import announce, named
from monitor.pipeline.rules import Rules
from monitor.publish.envelope import dead_letter, fits, record
from monitor.state.transition import after_read

LATE = 86400.0
"""Seconds between publication and first sight from which on an article is late."""
STORM = 500
"""New items in one poll of a known feed that are worth a feed event."""


def watch_hash(watch: str) -> int:
    """64 bits that stand for a watch in the item memory."""
    return int(digest("watch", watch)[:16], 16)


def judge(
    feed: FeedSpec, reading: Reading, state: FeedState, rules: Rules, now: Instant
) -> Generator[None, None, Outcome]:
    """The outcome of a document that was read, without its due time; a slice per article."""
    bench = _Bench(named(feed, reading.feed_title or state.title), reading, state, rules, now)
    yield
    for article in reading.articles:
        bench.hear(article)
        yield
    bench.close()
    return bench.outcome()


@dataclass(slots=True)
class _Bench:
    """One document before the judge: what has been heard so far. Lives for one poll."""

    feed: FeedSpec
    reading: Reading
    state: FeedState
    rules: Rules
    now: Instant
    watches: frozenset[str] = field(init=False)
    memory: Memory = field(init=False)
    trust: Trust = field(init=False)
    events: list[Event] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    new: int = 0
    updated: int = 0
    known: int = 0
    filtered: int = 0
    refused: int = 0
    """Articles whose record no broker would take."""
    shared: int = 0
    """Articles that were known before this document."""
    numbered: int = 0
    """Feed events made in this poll."""
    lines: list[tuple[int, ...]] = field(default_factory=list)
    """Of the new articles: what most of them share is boilerplate."""

    def __post_init__(self) -> None:
        self.watches = self.rules.watches_of(self.feed)
        self.memory = Memory(self.state.items)
        known = [item for raw in self.reading.known if (item := self.memory.touch_raw(raw)) is not None]
        self.known = self.shared = len(self.reading.known)
        self.trust = judge_rungs(self.reading.articles, known, self.memory, self.state.distrusted)

    @property
    def baseline(self) -> bool:
        """This is the first document of the feed."""
        return self.state.rounds == 0

    def hear(self, article: Article) -> None:
        """Judges one article: new, edited, or known."""
        match recognise(article, self.memory, self.trust):
            case New(rung, value):
                self.lines.append(article.lines)
                self._admit(article, article_id(self.feed.id, rung, value))
            case Edited(item, changed):
                self.shared += item.first_seen != self.now
                self._revise(article, replace(item, raw_hash=article.raw_hash, hashes=article.hashes), changed)
            case Known(item):
                self.shared += item.first_seen != self.now
                self.known += 1
                self.memory.keep(replace(item, raw_hash=article.raw_hash))

    def _admit(self, article: Article, name: ArticleId) -> None:
        """What is not published, because of the feed's filter or its size, is remembered with revision 0."""
        unpublished = replace(item_of(name, article, self.now), revision=0)
        if not self.rules.passes(self.feed, article):
            self.filtered += 1
            self.memory.keep(unpublished)
            return
        self._bring_out(article, unpublished, "baseline" if self.baseline else "new")

    def _bring_out(self, article: Article, unpublished: Item, change: Change) -> None:
        """Publishes an article for the first time."""
        found = self.rules.matches(self.feed, article, self.watches)
        item = replace(unpublished, revision=1, alerted=tuple(watch_hash(one.watch.id) for one in found))
        alerting = found if self._alerting(article) else ()
        if self._publish(self._identified(item, article), change, (), found, alerting):
            self.new += 1
            self.memory.keep(item)
        else:
            self.memory.keep(unpublished)

    def _revise(self, article: Article, unpublished: Item, changed: tuple[str, ...]) -> None:
        """`unpublished` is what is remembered if the edit stays here: the texts of now, the revision of before."""
        if not self.rules.passes(self.feed, article):
            self.filtered += 1
            self.memory.keep(unpublished)
        elif not unpublished.revision:
            # Nobody has heard of it yet, so to everybody it is new.
            self._bring_out(article, unpublished, "new")
        else:
            self._update(article, unpublished, changed)

    def _update(self, article: Article, unpublished: Item, changed: tuple[str, ...]) -> None:
        """An edit alerts only for watches the article did not meet before."""
        found = self.rules.matches(self.feed, article, self.watches)
        fresh = tuple(one for one in found if watch_hash(one.watch.id) not in unpublished.alerted)
        alerted = unpublished.alerted + tuple(watch_hash(one.watch.id) for one in fresh)
        revised = replace(unpublished, revision=unpublished.revision + 1, alerted=alerted)
        if self._publish(self._identified(revised, article), "updated", changed, found, fresh):
            self.updated += 1
            self.memory.keep(revised)
        else:
            self.memory.keep(unpublished)

    def _publish(
        self,
        known: Identified,
        change: Change,
        changed: tuple[str, ...],
        found: tuple[Match, ...],
        alerting: tuple[Match, ...],
    ) -> bool:
        """Makes the events of one article; False if its record is too large for any broker: a dead letter instead."""
        met = tuple(one.watch.id for one in found)
        said = known.article
        limits: tuple[Limit, ...] = ("field",) if is_cut(said.title, said.summary, said.body) else ()
        name = article_event_id(known.id, known.revision)
        made = ArticleEvent(name, self.now, change, changed, known, met, self.rules.generation, limits)
        events: list[Event] = [made, *(self._alert(known, change, one) for one in alerting)]
        records = [record(event, self.rules.topics, body=self.rules.publish_body) for event in events]
        if all(map(fits, records)):
            self.events += events
            self.records += records
            return True
        self.refused += 1
        text = f"the event of {known.id} has {len(records[0].value)} bytes"
        self._bury("publish", "too_large", text, known.article.title[:1000])
        return False

    def _alert(self, known: Identified, change: Change, found: Match) -> AlertEvent:
        name = alert_id(known.id, found.watch.id, known.revision)
        return AlertEvent(name, self.now, change, known, found, self.rules.generation)

    def _alerting(self, article: Article) -> bool:
        """The first document of a feed alerts only on what is recent; an item without a date counts as old."""
        if not self.baseline:
            return True
        date, _ = article.date
        return date is not None and self.now - date < self.rules.alert_since

    def _identified(self, item: Item, article: Article) -> Identified:
        date, _ = article.date
        late = date is not None and item.first_seen - date > LATE
        return Identified(item.id, item.revision, item.first_seen, late, self.feed, article)

    def _bury(self, stage: Literal["read", "publish"], reason: str, message: str, raw: str) -> None:
        data = raw.encode("utf-8", "replace")
        letter = DeadLetter(self.feed.id, stage, reason, message, data, self.now)
        self.letters.append(letter)
        self.records.append(dead_letter(letter, self.rules.topics))

    def close(self) -> None:
        """What concerns the document as a whole."""
        for one in self.reading.quarantined:
            self._bury("read", one.reason, one.message, one.raw)
        for change in self.trust.changes:
            self.notes.append(RungChanged(self.feed.id, change.rung, change.trusted, change.reason))
        if self.reading.cut and (self.new or self.baseline):
            self.notes.append(ItemsCut(self.feed.id, self.reading.cut))
            self._announce("truncated", {"items": self.reading.entries, "cut": self.reading.cut})
        if not self.baseline and self.new > STORM:
            self._announce("storm", {"new": self.new})
        if self._gapped():
            self._announce("gap", self._lost())

    def _lost(self) -> dict[str, Any]:
        """The interval in which items came and went. `unavoidable`: the server itself forbids asking twice as often."""
        since = self.state.health.last_success or self.now
        seconds, max_age = self.now - since, self.state.freshness.max_age
        times = {"from": rfc3339(since), "to": rfc3339(self.now), "seconds": round(seconds)}
        return {**times, "unavoidable": max_age is not None and max_age > seconds / 2}

    def _announce(self, kind: FeedEventKind, detail: dict[str, Any]) -> None:
        self.numbered += 1
        number = self.state.events + self.numbered
        event, made = announce(self.feed, number, kind, detail, self.rules, self.now)
        self.events.append(event)
        self.records.append(made)

    def _gapped(self) -> bool:
        """Nothing of this document was in the last one, and both held two items or more: some came and went unseen.

        A document that is not the whole list of items proves nothing (RFC 3229: 226 has only what changed).
        """
        articles, status = self.reading.articles, self.reading.verdict.response.status
        if self.baseline or self.shared or len(articles) < 2 or self.state.cadence.window < 2:
            return False
        return not self.reading.cut and status != 226 and not articles[0].quality.truncated

    def outcome(self) -> Outcome:
        """What the document leads to."""
        counts = Counts(
            fetched=self.reading.entries,
            new=self.new,
            updated=self.updated,
            known=self.known,
            filtered=self.filtered,
            quarantined=len(self.reading.quarantined) + self.refused,
            cut=self.reading.cut,
        )
        return Outcome(
            feed=self.feed,
            state=self._after(counts),
            events=tuple(self.events),
            records=tuple(self.records),
            counts=counts,
            dead_letters=tuple(self.letters),
            notes=tuple(self.notes),
        )

    def _after(self, counts: Counts) -> FeedState:
        state = after_read(self.state, self.reading, self.now)
        health = replace(state.health, last_new=self.now) if counts.new else state.health
        return replace(
            state,
            items=self.memory.packed(state.rounds, counts.fetched),
            distrusted=self.trust.distrusted,
            furniture=learn_lines(state.furniture, self.lines),
            events=state.events + self.numbered,
            totals=state.totals + counts,
            health=health,
        )


def item_of(name: ArticleId, article: Article, now: Instant) -> Item:
    """The memory of an article seen for the first time."""
    keys = article.keys
    return Item(
        name,
        keys.guid,
        keys.url,
        keys.content,
        article.raw_hash,
        article.hashes,
        1,
        now,
        title=sketch_title(article.title),
    )
