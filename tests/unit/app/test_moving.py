"""Feeds whose host belongs to another shard move there, with all that is remembered of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from monitor.app.shards import Shard
from monitor.errors import LedgerError
from monitor.model.feed import FeedChanges, Interval
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import LedgerFailed
from monitor.model.state import FeedState, Move
from monitor.schedule.placement import elsewhere
from monitor.state.codec import decode_state, encode_state
from monitor.state.moves import ENOUGH_POLLS
from monitor.testing.builders import feed
from monitor.testing.fetcher import Answer
from tests.support.service import Rig, rss, running, sharing
from tests.support.virtual import virtual

MINUTE, HOUR = 60.0, 3600.0
ONE, TWO = "https://one.example/rss", "https://two.example/rss"
"""Of two shards these hosts belong to 1 and 0."""
HERE, THERE = ShardId(1), ShardId(0)


def test_a_host_is_elsewhere_only_when_there_is_an_elsewhere():
    """One shard keeps every host; two do not."""
    assert elsewhere(ONE, HERE, 2) is None
    assert elsewhere(TWO, HERE, 2) == THERE
    assert elsewhere(TWO, ShardId(5), 1) is None


@virtual
async def test_a_permanent_redirect_to_a_host_of_another_shard_moves_the_feed():
    """With the last of the polls that it needs to be believed; nothing comes twice, nothing is asked twice."""
    rig = Rig(shards=2)
    spec = feed("one", interval=Interval(HOUR, HOUR))
    rig.feeds(spec)
    rig.web.answer(ONE, Answer(301, (("location", TWO),)))
    rig.web.publish(TWO, rss("First"))
    believed = Move(TWO, rig.clock.now() - 2 * 86400.0, ENOUGH_POLLS - 1)
    rig.store.states[spec.id] = encode_state(FeedState(spec.id, move=believed))
    async with sharing(rig) as shards:
        await asyncio.sleep(10)
        here, there = (shards.shards[number].running for number in (HERE, THERE))
        assert (here.specs, here.states, here.rows) == ({}, {}, {})
        assert set(there.specs) == set(there.rows) == {"one"}
        assert rig.store.homes == {"one": THERE}
        rig.web.publish(TWO, rss("First", "Second"))
        await asyncio.sleep(1.5 * HOUR)
        assert [url for url, _ in rig.fetcher.asked] == [ONE, TWO]
    assert [one.record.topic for one in rig.store.events if "articles" in one.record.topic] == ["news.articles"] * 2
    assert rig.of(LedgerFailed) == []


@virtual
async def test_an_edited_url_moves_the_feed_and_is_asked_at_once():
    """What is remembered comes along: the same item at the new address is no news."""
    rig = Rig(shards=2)
    rig.feeds(feed("one", cls="polite"))
    rig.web.publish(TWO, rss("First of one"))
    async with sharing(rig) as shards:
        await asyncio.sleep(MINUTE)
        await rig.registry.apply(FeedChanges(put=(feed("one", cls="polite", url=TWO),)))
        await asyncio.sleep(MINUTE)
        assert len(rig.fetcher.times(TWO)) == 1
        assert set(shards.rows()) == {"one"}
        assert shards.shards[HERE].running.specs == {}
        assert decode_state(rig.store.states[FeedId("one")]).items
    assert len(rig.store.events) == 1


@virtual
async def test_an_url_edited_while_it_is_polled_moves_the_feed_afterwards():
    """The poll under way is published once and by its owner."""
    rig = Rig(shards=2)
    rig.feeds(feed("one"))
    rig.web.publish(TWO, rss("First of one"))
    rig.fetcher.seconds = 30.0
    async with sharing(rig) as shards:
        await asyncio.sleep(10)
        assert shards.shards[HERE].in_flight == {FeedId("one")}
        await rig.registry.apply(FeedChanges(put=(feed("one", url=TWO),)))
        await asyncio.sleep(10)
        assert rig.store.homes == {"one": HERE}
        await asyncio.sleep(2 * MINUTE)
        assert rig.store.homes == {"one": THERE}
        assert [url for url, _ in rig.fetcher.asked] == [ONE, TWO]
    assert len(rig.store.events) == 1


@virtual
async def test_a_feed_found_in_the_wrong_shard_moves_before_it_is_polled():
    """At opening, paused or not; its due time comes along."""
    rig = Rig(shards=2)
    rig.feeds(feed("two"), feed("three", url="https://c.example/rss", paused=True))
    rig.store.homes = {FeedId("two"): HERE, FeedId("three"): HERE}
    async with running(Shard(HERE, rig.parts())) as task:
        await asyncio.sleep(MINUTE)
        assert not task.done()
    assert rig.fetcher.asked == []
    assert rig.store.homes == {"two": THERE, "three": THERE}


@virtual
async def test_a_move_that_fails_is_made_after_the_reopening():
    """Cut off in between, the feed is still here and leaves with the next attempt."""
    rig = Rig(shards=2)
    rig.feeds(feed("two"))
    rig.store.homes = {FeedId("two"): HERE}
    rig.store.failing = LedgerError("away")
    async with running(Shard(HERE, rig.parts())):
        await asyncio.sleep(10)
        assert rig.store.homes == {"two": HERE}
        rig.store.failing = None
        await asyncio.sleep(MINUTE)
        assert rig.store.homes == {"two": THERE}
    assert rig.fetcher.asked == []


@virtual
async def test_due_times_of_a_feed_come_along():
    """A poll without news left only a due time: the new owner keeps to it."""
    rig = Rig(shards=2)
    rig.feeds(feed("two", interval=Interval(HOUR, 24 * HOUR)))
    async with running(Shard(THERE, rig.parts())):
        await asyncio.sleep(MINUTE)
    due = rig.clock.now() + 1.5 * HOUR
    rig.store.dues[FeedId("two")] = due
    rig.store.homes = {FeedId("two"): HERE}
    rig.web.publish(TWO, rss("Second"))
    asked = len(rig.fetcher.asked)
    async with sharing(rig):
        await asyncio.sleep(1.4 * HOUR)
        assert rig.store.homes == {"two": THERE}
        assert len(rig.fetcher.asked) == asked
        await asyncio.sleep(0.2 * HOUR)
        assert len(rig.fetcher.asked) > asked


@virtual
async def test_an_edit_taken_back_in_time_leaves_the_feed_where_it_is():
    """Two changes before the ledger takes anything: only the last one counts."""
    rig = Rig(shards=2)
    spec = feed("one", interval=Interval(HOUR, HOUR))
    rig.feeds(spec)
    rig.store.pace = 5.0
    async with running(Shard(HERE, rig.parts())):
        await asyncio.sleep(MINUTE)
        rig.web.publish(ONE, rss("First of one", "Second"))
        await rig.registry.apply(FeedChanges(put=(replace(spec, url="https://b.example/rss"),)))
        rig.web.publish("https://b.example/rss", rss("First of one", "Third"))
        await asyncio.sleep(1.3)
        await rig.registry.apply(FeedChanges(put=(replace(spec, url=TWO),)))
        await asyncio.sleep(0.1)
        await rig.registry.apply(FeedChanges(put=(spec,)))
        await asyncio.sleep(MINUTE)
        assert rig.store.homes == {"one": HERE}
