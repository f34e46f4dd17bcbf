"""A running shard in virtual time: what is polled when, through changes, faults and stops."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest

from monitor.app.planning import BURST
from monitor.app.running import Round
from monitor.app.shards import DARK_GAP, Shard
from monitor.errors import Fenced, LedgerError, StorageFailed
from monitor.match.compiler import compile_rules
from monitor.model.feed import FeedChanges, Interval
from monitor.model.ids import FeedId, ShardId, WatchId
from monitor.model.notes import LedgerFailed, OperatorTold, PollCrashed, UplinkChanged
from monitor.model.poll import Failed
from monitor.model.watch import Watch
from monitor.pipeline import Rules
from monitor.schedule.settings import HostSettings
from monitor.state.codec import decode_state
from monitor.testing.builders import feed
from monitor.testing.fetcher import Answer
from tests.support.service import TOPICS, Rig, rss, running
from tests.support.virtual import virtual

MINUTE, HOUR = 60.0, 3600.0
SHARD = ShardId(0)
RELATIONS = ("hub", "self", "next", "prev-archive", "icon", "alternate")


def many(count: int, **changes):
    """Feeds on hosts of their own."""
    return [feed(f"f{number}", **changes) for number in range(count)]


def shard_of(rig: Rig) -> Shard:
    return Shard(SHARD, rig.parts(), rig.round)


def unconditional(rig: Rig) -> int:
    """Requests without a condition."""
    return sum(not {"if-none-match", "if-modified-since"} & dict(sent).keys() for _, sent in rig.web.sent)


def gaps(times: list[float]) -> list[float]:
    return [b - a for a, b in itertools.pairwise(times)]


@virtual
async def test_every_feed_is_polled_soon_and_then_at_its_pace():
    """Twenty feeds within a second of spread, then not before the floor of their class."""
    rig = Rig()
    rig.feeds(*many(20))
    async with running(shard_of(rig)):
        await asyncio.sleep(10)
        assert len(rig.fetcher.asked) == 20
        await asyncio.sleep(HOUR)
    for spec in many(20):
        assert len(rig.fetcher.times(spec.url)) >= 2
        assert min(gaps(rig.fetcher.times(spec.url))) >= 5 * MINUTE


@virtual
async def test_p6_ten_restarts_in_an_hour_ask_a_polite_feed_once():
    """Due times outlive a stop; nobody is asked early."""
    rig = Rig()
    spec = feed("polite", cls="polite")
    rig.feeds(spec)
    for _ in range(10):
        async with running(shard_of(rig)):
            await asyncio.sleep(5 * MINUTE)
    assert len(rig.fetcher.times(spec.url)) == 1


@virtual
async def test_p1_b08_b30_ten_restarts_ask_nobody_early_and_nobody_unconditionally():
    """Validators and due times are durable: over a day with ten restarts one request in all has no condition."""
    rig = Rig()
    spec = feed("one")
    rig.feeds(spec)
    rig.web.publish(spec.url, rss("First"), etag='"1"')
    for _ in range(11):
        async with running(shard_of(rig)):
            await asyncio.sleep(2 * HOUR)
    asked = rig.fetcher.times(spec.url)
    assert len(asked) > 11
    assert min(gaps(asked)) >= 5 * MINUTE
    assert unconditional(rig) == 1


@virtual
async def test_p1_b21_a_hundred_polls_and_one_without_a_condition():
    """News every hour; nothing is fetched anew only to see whether a server tells the truth."""
    rig = Rig()
    spec = feed("one")
    rig.feeds(spec)
    async with running(shard_of(rig)):
        for number in itertools.count():
            rig.web.publish(
                spec.url, rss(*(f"Story {n}" for n in range(max(0, number - 9), number + 1))), etag=f'"{number}"'
            )
            await asyncio.sleep(HOUR)
            if len(rig.fetcher.asked) >= 100:
                break
    assert len(rig.store.events) == number + 1
    assert unconditional(rig) == 1
    assert {url for url, _ in rig.web.sent} == {spec.url}


@virtual
async def test_b30_a_feed_that_is_added_is_asked_once():
    """Not once by whoever adds it and once by the shard."""
    rig = Rig()
    async with running(shard_of(rig)):
        await asyncio.sleep(MINUTE)
        spec = feed("new")
        rig.web.publish(spec.url, rss("First"))
        await rig.registry.apply(FeedChanges(put=(spec,)))
        await asyncio.sleep(4 * MINUTE)
    assert len(rig.fetcher.times(spec.url)) == 1


@virtual
@pytest.mark.parametrize("private", ["http://10.0.0.1/", "https://other.example/hub"])
async def test_p18_h30_h100_h102_nothing_but_the_feed_is_asked(private):
    """No hub, self, refresh, icon, article, image or enclosure, for half a day; wherever it lies."""
    rig = Rig()
    spec = feed("one")
    rig.feeds(spec)
    links = "".join(f'<link xmlns="http://www.w3.org/2005/Atom" rel="{rel}" href="{private}"/>' for rel in RELATIONS)
    item = f"<link>{private}a</link><enclosure url='{private}b' type='image/png'/><comments>{private}c</comments>"
    body = rss("First").replace(b"<item>", f"<image><url>{private}i</url></image>{links}<item>{item}".encode())
    headers = (
        ("link", f'<{private}>; rel="hub", <{private}>; rel="self"'),
        ("refresh", f"0; url={private}"),
        ("content-location", private),
    )
    page = f"<html><meta http-equiv=refresh content='0;url={private}'><link rel=alternate href='{private}'>".encode()
    rig.web.answer(spec.url, Answer(200, headers, body), Answer(200, headers, page), Answer(404, headers))
    async with running(shard_of(rig)):
        await asyncio.sleep(12 * HOUR)
    assert len(rig.store.events) == 1
    assert len(rig.web.sent) > 3
    assert {url for url, _ in rig.web.sent} == {url for url, _ in rig.fetcher.asked} == {spec.url}


@virtual
async def test_c02_a_start_in_1970_doubles_nothing_and_asks_nobody_early():
    """An hour later the clock is set right, by 57 years: state and pace go on as if nothing had been."""
    rig = Rig()
    ahead, rig.clock.started = rig.clock.now() - HOUR, rig.clock.started + rig.clock.now() - HOUR
    asked: list[float] = []
    real = rig.fetcher.fetch

    async def fetch(request):
        asked.append(rig.clock.monotonic())
        return await real(request)

    rig.fetcher.fetch = fetch
    specs = many(3)
    rig.feeds(specs[0])
    async with running(shard_of(rig)):
        await asyncio.sleep(HOUR)
        rig.clock.started -= ahead
        await asyncio.sleep(2 * HOUR)
    async with running(shard_of(rig)):
        await asyncio.sleep(2 * HOUR)
    assert [note for note in rig.notes if isinstance(note, (LedgerFailed, PollCrashed))] == []
    assert [one.record.topic for one in rig.store.events] == ["news.articles"]
    assert len(asked) > 5
    assert sum(gap < 5 * MINUTE for gap in gaps(asked)) <= 1
    assert max(gaps(asked)) <= 2 * HOUR


@virtual
async def test_a_poll_without_news_leaves_its_due_time_within_a_minute():
    """Not at the stop only: a kill shall not bring everybody's polls forward."""
    rig = Rig()
    spec = feed("quiet")
    rig.feeds(spec)
    async with running(shard_of(rig)):
        await asyncio.sleep(20 * MINUTE)
        assert len(rig.fetcher.times(spec.url)) >= 2
        latest = max(rig.store.dues.get(spec.id, 0.0), decode_state(rig.store.states[spec.id]).cadence.due)
        assert latest > rig.clock.now()


@virtual
async def test_a_failing_ledger_is_opened_again_and_nobody_is_hammered():
    """For an hour no batch is taken: each feed is asked no more often than its class allows, then all goes on."""
    rig = Rig()
    specs = many(5)
    rig.feeds(*specs)
    rig.store.failing = LedgerError("the disk is full")
    shard = shard_of(rig)
    async with running(shard):
        await asyncio.sleep(HOUR)
        assert shard.running is None or not rig.store.states
        assert shard.error == "the disk is full" or shard.running is not None
        for spec in specs:
            assert 1 <= len(rig.fetcher.times(spec.url)) <= HOUR / (5 * MINUTE) + 1
            assert all(gap >= 5 * MINUTE for gap in gaps(rig.fetcher.times(spec.url)))
        rig.store.failing = None
        await asyncio.sleep(10 * MINUTE)
        assert set(rig.store.states) == {spec.id for spec in specs}
        assert shard.running is not None
    waits = [note.retry_in for note in rig.of(LedgerFailed)]
    assert waits[0] == 1.0
    assert max(waits) <= 60.0


@virtual
async def test_what_was_fetched_for_a_failed_batch_is_fetched_again():
    """B02: events and state stay away together, and the next poll finds the items still new."""
    rig = Rig()
    spec = feed("one")
    rig.feeds(spec)
    rig.store.failing = LedgerError("no")
    async with running(shard_of(rig)):
        await asyncio.sleep(MINUTE)
        assert rig.store.events == []
        rig.store.failing = None
        await asyncio.sleep(6 * MINUTE)
    assert [one.record.topic for one in rig.store.events] == ["news.articles"]


@virtual
async def test_a_fenced_shard_takes_over_again_without_doubles():
    """Another owner opens the shard in between: the next batch is refused, and we begin from what is durable."""
    rig = Rig()
    rig.feeds(feed("one"))
    async with running(shard_of(rig)):
        await asyncio.sleep(10)
        await rig.ledger.open(SHARD)
        rig.web.publish(feed("one").url, rss("First of one", "Second"))
        await asyncio.sleep(20 * MINUTE)
    assert [note.error for note in rig.of(LedgerFailed)] == [str(Fenced("shard 0 was opened again by somebody else"))]
    ids = [one.record.id for one in rig.store.events]
    assert len(ids) == len(set(ids)) == 2


@virtual
async def test_a_broken_disk_ends_the_shard():
    """StorageFailed is no LedgerError: opening again would not help (D03)."""
    rig = Rig()
    rig.feeds(feed("one"))
    rig.store.failing = StorageFailed("EIO")  # type: ignore[assignment]
    with pytest.raises(ExceptionGroup) as raised:
        await shard_of(rig).run()
    assert raised.group_contains(StorageFailed)


@virtual
async def test_a_ledger_that_does_not_open_is_tried_again():
    """Back-off, then it runs."""
    rig = Rig()
    rig.feeds(feed("one"))
    opened, real = [], rig.ledger.open

    async def open_(shard):
        opened.append(rig.clock.now())
        if len(opened) < 4:
            raise LedgerError("locked")
        return await real(shard)

    rig.ledger.open = open_
    async with running(shard_of(rig)):
        await asyncio.sleep(MINUTE)
    assert gaps(opened) == [1.0, 2.0, 4.0]
    assert len(rig.fetcher.asked) == 1


@virtual
async def test_waits_grow_with_chance_and_begin_anew_after_something_worked():
    """A shard whose batch was taken waits a second again; replicas that fence each other do not keep step."""
    rig = Rig()
    spec = feed("one", interval=Interval(5 * MINUTE, 5 * MINUTE))
    rig.feeds(spec)
    rig.clock.jitter = lambda: 0.5
    opened, real = [], rig.ledger.open

    async def open_(shard):
        opened.append(rig.clock.now())
        if len(opened) < 3:
            raise LedgerError("away")
        return await real(shard)

    rig.ledger.open = open_
    async with running(shard_of(rig)):
        await asyncio.sleep(10)
        assert set(rig.store.states) == {"one"}
        rig.store.epochs[SHARD] += 1
        rig.web.publish(spec.url, rss("First of one", "Second"))
        await asyncio.sleep(6 * MINUTE)
    assert [note.retry_in for note in rig.of(LedgerFailed)] == [1.25, 2.5, 1.25]
    assert len(rig.store.events) == 1


@virtual
async def test_feeds_come_change_and_go_while_running():
    """Added: polled soon. Paused: not any more. Resumed: again. Removed: never, and its state is gone."""
    rig = Rig()
    rig.feeds(feed("old"))
    async with running(shard_of(rig)) as task:
        await asyncio.sleep(MINUTE)
        new = feed("new")
        rig.web.publish(new.url, rss("From the new one"))
        await rig.registry.apply(FeedChanges(put=(new,)))
        await asyncio.sleep(MINUTE)
        assert len(rig.fetcher.times(new.url)) == 1
        await rig.registry.apply(FeedChanges(put=(replace(new, paused=True),)))
        await asyncio.sleep(6 * HOUR)
        assert len(rig.fetcher.times(new.url)) == 1
        await rig.registry.apply(FeedChanges(put=(new,)))
        await asyncio.sleep(MINUTE)
        assert len(rig.fetcher.times(new.url)) == 2
        await rig.registry.apply(FeedChanges(removed=(new.id,)))
        await asyncio.sleep(6 * HOUR)
        assert len(rig.fetcher.times(new.url)) == 2
        assert new.id not in rig.store.states
        assert not task.done()


@virtual
async def test_a_new_address_is_asked_at_once():
    """The back-off of the old address says nothing about the new one."""
    rig = Rig()
    spec = feed("moved", cls="polite")
    rig.feeds(spec)
    rig.web.answer(spec.url, Answer(404))
    async with running(shard_of(rig)):
        await asyncio.sleep(3 * HOUR)
        mended = replace(spec, url="https://moved.example/feed")
        rig.web.publish(mended.url, rss("Found again"))
        await rig.registry.apply(FeedChanges(put=(mended,)))
        await asyncio.sleep(MINUTE)
        assert len(rig.fetcher.times(mended.url)) == 1


@virtual
async def test_a_shorter_interval_holds_from_the_last_poll_on():
    """Nobody waits a day for the change of a day into five minutes."""
    rig = Rig()
    spec = feed("slow", interval=Interval(24 * HOUR, 24 * HOUR))
    rig.feeds(spec)
    async with running(shard_of(rig)):
        await asyncio.sleep(HOUR)
        await rig.registry.apply(FeedChanges(put=(replace(spec, interval=Interval(5 * MINUTE, 5 * MINUTE)),)))
        await asyncio.sleep(6 * MINUTE)
        assert len(rig.fetcher.times(spec.url)) >= 2


@virtual
async def test_a_shorter_interval_does_not_break_a_promise_to_stay_away():
    """Retry-After holds whatever the operator changes."""
    rig = Rig()
    spec = feed("busy", interval=Interval(24 * HOUR, 24 * HOUR))
    rig.feeds(spec)
    rig.web.answer(spec.url, Answer(429, (("retry-after", "7200"),)))
    async with running(shard_of(rig)):
        await asyncio.sleep(MINUTE)
        await rig.registry.apply(FeedChanges(put=(replace(spec, interval=Interval(5 * MINUTE, 5 * MINUTE)),)))
        await asyncio.sleep(HOUR)
        assert len(rig.fetcher.times(spec.url)) == 1


@virtual
async def test_a_feed_that_is_removed_while_it_is_polled_stays_away():
    """Its outcome changes nothing any more."""
    rig = Rig()
    spec = feed("one")
    rig.feeds(spec)
    rig.fetcher.seconds = 30.0
    shard = shard_of(rig)
    async with running(shard):
        await asyncio.sleep(10)
        assert shard.in_flight == {spec.id}
        await rig.registry.apply(FeedChanges(removed=(spec.id,)))
        await asyncio.sleep(HOUR)
        assert shard.running is not None
        assert (shard.running.states, shard.running.rows) == ({}, {})
    assert len(rig.fetcher.asked) == 1


@virtual
async def test_a_poll_that_raises_costs_only_that_poll():
    """A mistake of ours is noted with its traceback and backs off; the other feeds do not notice."""
    rig = Rig()
    good, bad = feed("good", interval=Interval(5 * MINUTE, 5 * MINUTE)), feed("bad")
    rig.feeds(good, bad)
    rig.fetcher.raising.add(bad.url)
    async with running(shard_of(rig)):
        await asyncio.sleep(HOUR)
    assert len(rig.fetcher.times(good.url)) >= 5
    crashed = rig.of(PollCrashed)
    assert {note.feed for note in crashed} == {bad.id}
    assert "a mistake of ours" in crashed[0].traceback
    assert decode_state(rig.store.states[bad.id]).health.kind == "internal"
    assert min(gaps(rig.fetcher.times(bad.url))) >= 5 * MINUTE


@virtual
async def test_k13_a_state_that_cannot_be_read_is_a_baseline_and_not_the_end():
    """Bytes that are no state cost that feed its memory."""
    rig = Rig()
    rig.feeds(feed("one"), feed("two"))
    rig.store.states[FeedId("one")] = b"\x01garbage"
    async with running(shard_of(rig)):
        await asyncio.sleep(MINUTE)
    assert {feed_id for feed_id, _ in rig.settled} == {"one", "two"}


@virtual
async def test_n02_while_the_uplink_is_down_polls_go_at_a_crawl_and_catch_up_after():
    """Sixty feeds fail: one alert, no hammering, no failures counted; back up, all are asked within minutes."""
    rig = Rig()
    specs = many(60)
    rig.feeds(*specs)
    answers = {spec.url: rig.web._says[spec.url] for spec in specs}
    for spec in specs:
        rig.web.answer(spec.url, Failed("connect", "unreachable"))
    shard = shard_of(rig)
    async with running(shard):
        await asyncio.sleep(10 * MINUTE)
        before = len(rig.fetcher.asked)
        await asyncio.sleep(HOUR)
        dark = len(rig.fetcher.asked) - before
        assert 0 < dark <= HOUR / DARK_GAP[1] + 2
        assert [note.up for note in rig.of(UplinkChanged)] == [False]
        assert max(row.health.failures for row in shard.running.rows.values()) <= 2
        for spec in specs:
            rig.web._says[spec.url] = answers[spec.url]
        before = len(rig.fetcher.asked)
        await asyncio.sleep(10 * MINUTE)
        assert [note.up for note in rig.of(UplinkChanged)] == [False, True]
        assert {url for url, _ in rig.fetcher.asked[before:]} == {spec.url for spec in specs}


@virtual
async def test_n03_a_captive_portal_is_our_own_trouble():
    """200 with the same page of a portal for everybody opens the breaker; nobody is called broken for it."""
    rig = Rig()
    specs = many(40)
    rig.feeds(*specs)
    portal = b"<!doctype html><html><head><title>Wifi</title></head><body><p>Please accept our terms</p></body></html>"
    for spec in specs:
        rig.web.publish(spec.url, portal)
    shard = shard_of(rig)
    async with running(shard):
        await asyncio.sleep(HOUR)
        assert [note.up for note in rig.of(UplinkChanged)] == [False]
        assert {row.health.kind for row in shard.running.rows.values()} == {"not_a_feed"}
        assert max(row.health.failures for row in shard.running.rows.values()) <= 1


@virtual
async def test_hosts_are_asked_in_turn_and_one_at_a_time():
    """A host with fifty feeds is asked once a second; a host with one does not wait behind it (B16)."""
    rig = Rig()
    crowd = [feed(f"c{n}", url=f"https://crowd.example/{n}") for n in range(50)]
    alone = feed("alone")
    rig.feeds(*crowd, alone)
    async with running(shard_of(rig)):
        await asyncio.sleep(4 * MINUTE)
    assert rig.fetcher.most["crowd.example"] == 1
    assert len(rig.fetcher.asked) == 51
    starts = sorted(at for url, at in rig.fetcher.asked if "crowd" in url)
    assert min(gaps(starts)) >= 0.999
    assert rig.fetcher.times(alone.url)[0] < starts[5]


@virtual
async def test_a_denied_host_gives_a_verdict_and_no_request():
    """The operator is told once; the feed waits a day."""
    rig = Rig(hosts=HostSettings(deny=("example",)))
    rig.feeds(*many(3))
    async with running(shard_of(rig)):
        await asyncio.sleep(HOUR)
    assert rig.fetcher.asked == []
    assert {note.reason for note in rig.of(OperatorTold)} == {"denied"}
    assert {outcome.state.health.kind for _, outcome in rig.settled} == {"blocked_url"}
    assert len(rig.settled) == 3


@virtual
async def test_feeds_kept_back_by_our_settings_are_asked_once_those_are_mended():
    """While running as soon as the rules are others, after a stop at the next start: not a day later."""
    rig = Rig(hosts=HostSettings(deny=("example",)))
    rig.feeds(*many(3, cls="polite"))
    shard = shard_of(rig)
    async with running(shard):
        await asyncio.sleep(MINUTE)
        assert rig.fetcher.asked == []
        rig.pacer.book.settings = HostSettings()
        shard.nudge()
        await asyncio.sleep(MINUTE)
        assert len(rig.fetcher.asked) == 3
    again = Rig(hosts=HostSettings(deny=("example",)))
    again.feeds(*many(3, cls="polite"))
    async with running(shard_of(again)):
        await asyncio.sleep(MINUTE)
    again.pacer.book.settings = HostSettings()
    async with running(shard_of(again)):
        await asyncio.sleep(MINUTE)
    assert len(again.fetcher.asked) == 3


@virtual
async def test_a_round_polls_each_feed_once_and_ends():
    """`once --all`: whether due or not."""
    rig = Rig(round=Round(all=True))
    rig.feeds(*many(7))
    await shard_of(rig).run()
    assert len(rig.fetcher.asked) == 7
    await shard_of(rig).run()
    assert len(rig.fetcher.asked) == 14


@virtual
async def test_a_round_does_not_crawl_while_the_network_is_away():
    """Somebody waits for its end: sixty feeds fail within a minute, not within half an hour."""
    rig = Rig(round=Round(all=True))
    specs = many(60)
    rig.feeds(*specs)
    for spec in specs:
        rig.web.answer(spec.url, Failed("connect", "unreachable"))
    started = asyncio.get_running_loop().time()
    await shard_of(rig).run()
    assert len(rig.fetcher.asked) == 60
    assert asyncio.get_running_loop().time() - started < MINUTE


@virtual
async def test_a_round_without_all_polls_what_is_due():
    """A second one directly after polls nothing; named feeds are polled anyway."""
    rig = Rig(round=Round())
    rig.feeds(*many(3))
    await shard_of(rig).run()
    await shard_of(rig).run()
    assert len(rig.fetcher.asked) == 3
    rig.round = Round(feeds=frozenset({FeedId("f1")}))
    await shard_of(rig).run()
    assert [url for url, _ in rig.fetcher.asked[3:]] == [feed("f1").url]


@virtual
async def test_a_round_ends_although_a_host_is_denied():
    """What is denied has its verdict; the rest is polled."""
    rig = Rig(round=Round(all=True), hosts=HostSettings(deny=("f0.example",)))
    rig.feeds(*many(3))
    await asyncio.wait_for(shard_of(rig).run(), HOUR)
    assert len(rig.fetcher.asked) == 2
    kinds = {name: outcome.state.health.kind for name, outcome in rig.settled}
    assert kinds == {"f0": "blocked_url", "f1": "ok", "f2": "ok"}


@virtual
async def test_a_round_ends_although_a_host_wants_a_day_of_peace():
    """Three feeds of a host are told Retry-After; the others of it are not waited for, and not asked."""
    rig = Rig(round=Round(all=True))
    crowd = [feed(f"c{n}", url=f"https://crowd.example/{n}") for n in range(8)]
    rig.feeds(*crowd)
    for spec in crowd:
        rig.web.answer(spec.url, Answer(429, (("retry-after", "86400"),)))
    await asyncio.wait_for(shard_of(rig).run(), HOUR)
    assert len(rig.fetcher.asked) == 3
    assert {outcome.state.health.kind for _, outcome in rig.settled} == {"rate_limited"}
    assert len(rig.settled) == 8


@virtual
async def test_a_round_whose_ledger_fails_says_so_and_ends():
    """A command does not try for ever."""
    rig = Rig(round=Round(all=True))
    rig.feeds(*many(3))
    rig.store.failing = LedgerError("the disk is full")
    with pytest.raises(LedgerError, match="the disk is full"):
        await asyncio.wait_for(shard_of(rig).run(), HOUR)


@virtual
async def test_s01_a_stop_gives_running_polls_their_time_and_no_more():
    """A poll of five seconds is finished and durable; one that never ends is let go after ten."""
    rig = Rig()
    rig.feeds(feed("one"))
    rig.fetcher.seconds = 5.0
    async with running(shard_of(rig)):
        await asyncio.sleep(1)
    assert FeedId("one") in rig.store.states
    rig = Rig()
    rig.feeds(feed("two"))
    rig.fetcher.seconds = 10_000.0
    started = rig.clock.now()
    async with running(shard_of(rig)):
        await asyncio.sleep(1)
    assert rig.clock.now() - started < 20
    assert rig.store.states == {}


@virtual
async def test_s01_a_stop_returns_although_the_ledger_hangs():
    """Neither a commit nor a close that never returns keeps the process."""
    rig = Rig()
    rig.feeds(feed("one"))
    real = rig.ledger.open

    async def hang(*_):
        await asyncio.Event().wait()

    async def open_(shard):
        opened = await real(shard)
        opened.commit = opened.close = hang
        return opened

    rig.ledger.open = open_
    started = rig.clock.now()
    async with running(shard_of(rig)):
        await asyncio.sleep(5)
    assert rig.clock.now() - started < 25


@virtual
async def test_an_alert_hurries_the_feeds_its_watch_names():
    """Class `burst` for half an hour, then as before; a feed it does not name keeps its pace."""
    watch = Watch(WatchId("ukraine"), "ukraine", burst=(FeedId("wire"),))
    rig = Rig(rules=Rules(compile_rules([watch], {}), TOPICS, "test"))
    specs = [feed("source", cls="news"), feed("wire", cls="polite"), feed("other", cls="polite")]
    rig.feeds(*specs)
    source, wire, other = (spec.url for spec in specs)
    async with running(shard_of(rig)):
        await asyncio.sleep(HOUR)
        before = len(rig.fetcher.times(wire))
        rig.web.publish(source, rss("First of source", "War in Ukraine"))
        await asyncio.sleep(2 * HOUR)
        hurried = rig.fetcher.times(wire)[before:]
        quick = [at for before, at in itertools.pairwise(hurried) if at - before < 2 * MINUTE]
        assert 10 <= len(quick) <= BURST / 30
        assert quick[-1] - quick[0] <= BURST
        assert len(hurried) - hurried.index(quick[-1]) <= 3
    assert min(gaps(rig.fetcher.times(other))) >= HOUR
