"""Records that a ledger never takes: dead letters in their place, and everything else goes on."""

from __future__ import annotations

import asyncio

from monitor.app.burial import REMEMBERED, Burial
from monitor.app.shards import Shard
from monitor.errors import Refused
from monitor.model.event import Record
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import LedgerFailed, OperatorTold
from monitor.publish.envelope import weight
from monitor.testing.builders import feed, record
from tests.support.service import Rig, rss, running
from tests.support.virtual import virtual

FEED = FeedId("one")


def topics(records: tuple[Record, ...]) -> list[str]:
    return [one.topic for one in records]


async def test_what_is_too_large_becomes_a_dead_letter_that_is_not():
    """Headers and key count; the letter names stage and reason and holds as much as fits."""
    rig = Rig()
    burial = Burial(rig.parts())
    burial.limit = 10_000
    small, large = record(1), record(2, value=b"x" * 9_800)
    assert weight(large) > 10_000 > len(large.value)
    kept, letter = burial.fit(FEED, (small, large))
    assert kept is small
    headers = dict(letter.headers)
    assert (letter.topic, letter.key, letter.value[:3]) == ("news.dead-letters", "one", b"xxx")
    assert (headers["__news.errors.stage"], headers["__news.errors.exception"]) == ("publish", "too_large")
    assert weight(letter) <= 10_000
    assert [(note.feed, note.kind, note.reason) for note in rig.of(OperatorTold)] == [("one", "publish", "too_large")]


async def test_what_was_refused_is_not_handed_over_again():
    """A letter that is refused as well is told in the log, and keeps nobody."""
    rig = Rig()
    burial = Burial(rig.parts())
    burial.remember(Refused("an invalid record", [record(1).id]))
    (letter, kept) = burial.fit(FEED, (record(1), record(2)))
    assert (letter.topic, kept) == ("news.dead-letters", record(2))
    assert letter.value == record(1).value
    burial.remember(Refused("not this either", [letter.id]))
    assert topics(burial.fit(FEED, (record(1), record(2)))) == ["news.articles"]
    assert "lost" in rig.of(OperatorTold)[-1].detail


async def test_memory_of_refusals_is_bounded():
    """The oldest are forgotten first."""
    burial = Burial(Rig().parts())
    burial.remember(Refused("no", [record(number).id for number in range(REMEMBERED + 1)]))
    assert topics(burial.fit(FEED, (record(0),))) == ["news.articles"]
    assert topics(burial.fit(FEED, (record(1),))) == ["news.dead-letters"]


@virtual
async def test_a_record_that_is_refused_costs_one_reopening_and_nothing_else():
    """Poison: the next batch holds its dead letter, the other articles come, the poll's counts stay."""
    rig = Rig()
    rig.feeds(feed("one"), feed("two"))
    rig.web.publish(feed("one").url, rss("Good", "Poison", "Better"))
    rig.store.refusing = lambda made: made.topic == "news.articles" and b"Poison" in made.value
    async with running(Shard(ShardId(0), rig.parts())):
        await asyncio.sleep(15 * 60)
    assert len(rig.of(LedgerFailed)) == 1
    by_topic = sorted(one.record.topic for one in rig.store.events)
    assert by_topic == ["news.articles"] * 3 + ["news.dead-letters"]
    counts = [outcome.counts.new for name, outcome in rig.settled if name == "one"]
    assert counts[0] == 3
    assert set(rig.store.states) == {"one", "two"}


@virtual
async def test_the_limit_of_the_ledger_holds_for_polls():
    """No reopening at all: sizes are looked at before a batch is handed over."""
    rig = Rig()
    rig.feeds(feed("one"))
    rig.web.publish(feed("one").url, rss("Good", "Long " * 600))
    rig.store.max_record = 4_000
    async with running(Shard(ShardId(0), rig.parts())):
        await asyncio.sleep(60)
    assert rig.of(LedgerFailed) == []
    assert sorted(one.record.topic for one in rig.store.events) == ["news.articles", "news.dead-letters"]
