"""A shard whose ledger is away, in virtual time: what is polled meanwhile, what waits where, and what stays out."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest

from monitor.app.outage import GRACE, LEAST, Outage
from monitor.app.parts import Parts
from monitor.app.running import Running, row_of
from monitor.app.shards import Shard
from monitor.app.worker import Worker
from monitor.errors import Fenced, LedgerError, Refused, StorageFailed
from monitor.model.article import Reading
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec, Interval
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import PollCrashed, Polled, PollSpooled, SpoolFull, SpoolReplayed
from monitor.model.poll import Failed
from monitor.schedule.agenda import Agenda
from monitor.schedule.placement import host_key
from monitor.testing.builders import feed
from monitor.testing.spool import ListSpool, SpoolStore
from tests.support.service import Rig, rss, running
from tests.support.virtual import LoopClock, virtual

SHARD = ShardId(0)
MINUTE, HOUR = 60.0, 3600.0
AWAY = LedgerError("no broker answers")


class Kept:
    """A ledger that keeps outcomes of polls, as one that is there does."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    async def settle(self, _feed, outcome, _state, _position=None, /) -> None:
        self.outcomes.append(outcome)


class Scene:
    """A shard that was open, and what it knew when its ledger went away."""

    def __init__(self, *specs: FeedSpec, size: int = 1 << 20) -> None:
        self.rig = Rig()
        self.rig.feeds(*specs)
        self.spool = ListSpool(SpoolStore(), size)
        self.parts: Parts = replace(self.rig.parts(), spool=self.spool)
        self.attempts: dict[FeedId, float] = {}
        self.running = Running({spec.id: spec for spec in specs}, {}, {}, Agenda())
        self.outage = Outage(SHARD, self.parts, self.attempts)
        self.unsettled: tuple[Outcome, ...] = ()

    async def poll(self) -> None:
        """Every feed once, durably."""
        kept = Kept()

        def settled(spec: FeedSpec, outcome: Outcome) -> None:
            self.running.keep(spec, outcome.state)
            self.running.agenda.put(spec.id, host_key(spec.url), outcome.state.cadence.due)

        worker = Worker(self.parts, kept, settled=settled)
        for spec in self.running.specs.values():
            self.attempts[spec.id] = self.rig.clock.now()
            self.running.rows[spec.id] = row_of(spec, self.running.state(spec.id))
            await worker.poll(spec, self.running.states.get(spec.id))
        self.rig.fetcher.asked.clear()
        self.rig.notes.clear()

    def begin(self, error: BaseException = AWAY) -> None:
        self.outage.begin(self.running, self.unsettled, error)

    @property
    def waiting(self) -> list[str]:
        """Titles of the articles that wait, oldest first."""
        readings = [row.reading for row in self.spool.store.rows if isinstance(row.reading, Reading)]
        return [article.title for reading in readings for article in reading.articles]


@virtual
async def test_f02_polls_go_on_and_each_sees_what_the_one_before_has_seen():
    """A rolling window of three items: every item is read once, nothing is told as seen, states stay as they were."""
    spec = feed("one")
    scene = Scene(spec)
    await scene.poll()
    durable = dict(scene.running.states)
    scene.begin()
    for number in range(8):
        scene.rig.web.publish(spec.url, rss(*(f"Story {n}" for n in range(number, number + 3))))
        await asyncio.sleep(15 * MINUTE)
    await scene.outage.end()

    titles = scene.waiting
    assert titles == [f"Story {number}" for number in range(len(titles))]
    assert len(titles) >= 8
    assert scene.running.states == durable
    assert scene.rig.store.events == []
    assert len(scene.rig.of(PollSpooled)) == len(scene.spool.store.rows)


@virtual
async def test_each_row_has_the_moment_of_its_poll_and_the_specification_of_the_registry():
    """Replay judges by the moment at which it was read."""
    spec = feed("one")
    scene = Scene(spec)
    await scene.poll()
    scene.begin()
    scene.rig.web.publish(spec.url, rss("Second"))
    await asyncio.sleep(HOUR)
    await scene.outage.end()

    (row,) = scene.spool.store.rows
    (asked, *_) = scene.rig.fetcher.times(spec.url)
    assert (row.shard, row.feed) == (SHARD, spec)
    assert asked <= row.at <= asked + 1


@virtual
async def test_nobody_is_asked_more_often_than_every_five_minutes():
    """Whatever the class; and nobody before the ledger has had its time to come back."""
    specs = [feed("slow", cls="polite"), feed("news"), feed("fast", cls="burst")]
    scene = Scene(*specs)
    await scene.poll()
    began = scene.rig.clock.now()
    scene.begin()
    await asyncio.sleep(6 * HOUR)
    await scene.outage.end()

    for spec in specs:
        times = [*sorted({scene.attempts[spec.id], *scene.rig.fetcher.times(spec.url)})]
        assert times[0] >= began + GRACE
        assert all(later - earlier >= LEAST for earlier, later in itertools.pairwise(times))
    assert len(scene.rig.fetcher.times(specs[2].url)) > 5
    assert len(scene.rig.fetcher.times(specs[0].url)) <= 6


@virtual
async def test_a_ledger_that_is_back_at_once_costs_no_request():
    """A reopening takes a second or two."""
    scene = Scene(feed("one"))
    await scene.poll()
    scene.running.agenda.put(FeedId("one"), host_key(feed("one").url), 0.0)
    scene.attempts.clear()
    scene.begin()
    await asyncio.sleep(GRACE / 2)
    await scene.outage.end()

    assert scene.rig.fetcher.asked == []


@virtual
async def test_what_was_on_its_way_waits_first():
    """The outcome of a commit that failed is not known: what was read for it is judged again, without another fetch."""
    spec = feed("one")
    scene = Scene(spec)
    kept = Kept()
    await Worker(scene.parts, kept, settled=lambda *_: None).poll(spec, None)
    scene.unsettled = tuple(kept.outcomes)
    scene.begin()
    await asyncio.sleep(0)
    await scene.outage.end()

    assert scene.waiting == ["First of one"]
    assert len(scene.rig.fetcher.asked) == 1


@virtual
async def test_i7_what_is_full_ends_the_polls_and_says_so_once():
    """Nothing is dropped: what was refused leaves no trace, and its feed is polled anew when the ledger is back."""
    spec, other = feed("one"), feed("two")
    scene = Scene(spec, other, size=2500)
    await scene.poll()
    scene.begin()
    for number in range(40):
        for one in (spec, other):
            scene.rig.web.publish(one.url, rss(*(f"Story {number} of {one.id} {n}" for n in range(3))))
        await asyncio.sleep(20 * MINUTE)
        if scene.rig.of(SpoolFull):
            break
    asked = len(scene.rig.fetcher.asked)
    await asyncio.sleep(12 * HOUR)
    await scene.outage.end()

    assert len(scene.rig.of(SpoolFull)) == 1
    assert scene.rig.of(SpoolFull)[0].waiting == len(scene.spool.store.rows) > 1
    assert len(scene.rig.fetcher.asked) <= asked + 1
    assert scene.spool.calls.count("append") <= len(scene.spool.store.rows) + 2


@virtual
async def test_polls_without_news_leave_nothing_and_what_they_learn_is_used():
    """A document that stays the same is asked for with a condition and waits nowhere."""
    spec = feed("one")
    scene = Scene(spec)
    scene.rig.web.publish(spec.url, rss("First of one"), etag='"1"')
    await scene.poll()
    scene.begin()
    await asyncio.sleep(3 * HOUR)
    await scene.outage.end()

    assert len(scene.rig.fetcher.asked) > 1
    assert scene.spool.store.rows == []
    assert {note.verdict for note in scene.rig.of(Polled)} == {"not_modified"}


@virtual
async def test_polls_with_news_are_counted_when_they_are_durable():
    """Not now, and once more then."""
    spec = feed("one")
    scene = Scene(spec)
    await scene.poll()
    scene.begin()
    scene.rig.web.publish(spec.url, rss("Second"))
    await asyncio.sleep(HOUR)
    await scene.outage.end()

    assert scene.waiting == ["Second"]
    assert [note for note in scene.rig.of(Polled) if note.new] == []


@virtual
@pytest.mark.parametrize("error", [Fenced("another"), Refused("too large", ["x"])])
async def test_a_shard_that_is_anothers_is_not_polled(error):
    """Nor does a record that is refused get better by waiting."""
    scene = Scene(feed("one"))
    await scene.poll()
    scene.begin(error)
    await asyncio.sleep(12 * HOUR)
    await scene.outage.end()

    assert scene.rig.fetcher.asked == []


@virtual
async def test_a_shard_that_seemed_lost_is_polled_on_when_the_brokers_go():
    """An outage may begin with a word that sounds like another owner; what was on its way then is not read as new."""
    spec = feed("one")
    scene = Scene(spec)
    kept = Kept()
    await Worker(scene.parts, kept, settled=lambda *_: None).poll(spec, None)
    scene.unsettled = tuple(kept.outcomes)
    scene.begin(Fenced("the brokers gave the transaction up"))
    await asyncio.sleep(1)
    scene.unsettled = ()
    for _ in range(10):
        scene.begin(AWAY)
        await asyncio.sleep(HOUR)
    scene.rig.web.publish(spec.url, rss("First of one", "Second"))
    await asyncio.sleep(12 * HOUR)
    await scene.outage.end()

    assert scene.waiting == ["First of one", "Second"]


@virtual
async def test_a_spool_that_is_full_is_not_asked_again_at_each_failure():
    """Only what seemed lost is begun anew."""
    scene = Scene(feed("one"), size=10)
    await scene.poll()
    scene.rig.web.publish(feed("one").url, rss("Second"))
    for _ in range(10):
        scene.begin()
        await asyncio.sleep(HOUR)
    await scene.outage.end()

    assert len(scene.rig.of(SpoolFull)) == len(scene.rig.fetcher.asked) == 1


@virtual
async def test_feeds_of_a_shard_that_never_came_to_poll_are_asked_when_they_are_due():
    """It was open and failed while it took up what had waited: what was restored says when."""
    wide = Interval(2 * HOUR, 4 * HOUR)
    soon, later = feed("soon", interval=wide), feed("later", interval=wide)
    scene = Scene(soon, later)
    await scene.poll()
    scene.attempts.clear()
    now = scene.rig.clock.now()
    scene.running = replace(scene.running, agenda=Agenda(), dues={FeedId("later"): now + 20 * HOUR})
    due = scene.running.state(FeedId("soon")).cadence.due
    assert now + HOUR < due < now + 10 * HOUR
    scene.begin()
    await asyncio.sleep(15 * HOUR)
    await scene.outage.end()

    assert scene.rig.fetcher.times(later.url) == []
    assert scene.rig.fetcher.times(soon.url)[0] >= due


class Laborious(LoopClock):
    """Everything takes a millisecond."""

    looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return super().monotonic() + self.looks / 1000


@virtual
async def test_thousands_of_feeds_are_planned_beside_everything_else():
    """Their states have to be unpacked for that: seconds, in which the group must not lose us."""
    specs = [feed(f"feed-{number}") for number in range(1000)]
    scene = Scene(*specs)
    scene.parts = replace(scene.parts, clock=Laborious())
    scene.outage = Outage(SHARD, scene.parts, {})
    scene.begin()
    await asyncio.sleep(GRACE)
    turns = 0
    while not scene.rig.fetcher.inside:
        await asyncio.sleep(0)
        turns += 1
    await scene.outage.end(0.0)

    assert turns > 50


@virtual
async def test_f01_a_shard_that_was_never_open_polls_nobody():
    """It knows of no feed, and of none what was seen."""
    scene = Scene(feed("one"))
    scene.outage.begin(None, (), AWAY)
    await asyncio.sleep(12 * HOUR)
    await scene.outage.end()

    assert scene.rig.fetcher.asked == []


@virtual
async def test_without_a_spool_nobody_is_polled():
    """The embedded ledger has none: a full disk must not hammer webmasters."""
    scene = Scene(feed("one"))
    await scene.poll()
    outage = Outage(SHARD, scene.rig.parts(), {})
    outage.begin(scene.running, (), AWAY)
    await asyncio.sleep(12 * HOUR)
    await outage.end()

    assert scene.rig.fetcher.asked == []


@virtual
async def test_the_end_waits_for_running_polls_but_not_for_ever():
    """What is fetched just now may still be kept; a server that hangs holds nothing up."""
    spec = feed("one")
    scene = Scene(spec)
    await scene.poll()
    scene.begin()
    scene.rig.fetcher.seconds = HOUR
    await asyncio.sleep(12 * HOUR)
    before = scene.rig.clock.monotonic()
    await scene.outage.end()
    assert scene.rig.clock.monotonic() - before <= 10.0

    scene.begin()
    scene.rig.fetcher.seconds = 3.0
    scene.rig.web.publish(spec.url, rss("Second"))
    while not scene.rig.fetcher.inside.get(host_key(spec.url)):
        await asyncio.sleep(1)
    await scene.outage.end()
    assert scene.waiting == ["Second"]


@virtual
async def test_s01_a_stop_ends_it_at_once():
    """Without a second for what is under way."""
    scene = Scene(feed("one"))
    await scene.poll()
    scene.rig.fetcher.seconds = HOUR
    scene.begin()
    await asyncio.sleep(12 * HOUR)
    before = scene.rig.clock.monotonic()
    await scene.outage.end(0.0)
    assert scene.rig.clock.monotonic() - before < 1.0


@virtual
async def test_a_second_absence_goes_on_from_what_still_waits():
    """The ledger came back and failed before all was durable: what waits is not read as new again."""
    spec = feed("one")
    scene = Scene(spec)
    await scene.poll()
    scene.begin()
    scene.rig.web.publish(spec.url, rss("Second"))
    await asyncio.sleep(HOUR)
    await scene.outage.end()
    scene.begin()
    await asyncio.sleep(3 * HOUR)
    await scene.outage.end()

    assert scene.waiting == ["Second"]
    assert len(scene.rig.fetcher.asked) > 2


@virtual
async def test_a_spool_that_breaks_is_told_at_the_end():
    """A broken disk is no outage of the ledger."""
    scene = Scene(feed("one"))
    await scene.poll()

    async def breaks(*_):
        raise StorageFailed("EIO")

    scene.spool.append = breaks
    scene.rig.web.publish(feed("one").url, rss("Second"))
    scene.begin()
    await asyncio.sleep(HOUR)
    with pytest.raises(ExceptionGroup) as raised:
        await scene.outage.end()
    assert raised.group_contains(StorageFailed)


@virtual
async def test_failures_of_feeds_are_no_news():
    """They are counted anew when the ledger is back."""
    spec = feed("one")
    scene = Scene(spec)
    await scene.poll()
    scene.rig.web.answer(spec.url, Failed("timeout"))
    scene.begin()
    await asyncio.sleep(6 * HOUR)
    await scene.outage.end()

    assert scene.spool.store.rows == []
    assert len(scene.rig.fetcher.asked) >= 2


class Broker:
    """A ledger that can be away: nothing opens, and what is open takes nothing."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.inner = rig, rig.ledger
        self.commits: int | None = None
        """After how many it leaves again; None: it stays."""
        rig.ledger = self

    def leave(self) -> None:
        self.rig.store.failing = AWAY

    def come_back(self) -> None:
        self.rig.store.failing = None

    async def open(self, shard: ShardId):
        await asyncio.sleep(0.2)
        if self.rig.store.failing is not None:
            raise self.rig.store.failing
        opened = await self.inner.open(shard)
        opened.commit = partial(self._commit, opened.commit)
        return opened

    async def _commit(self, commit, batch):
        if self.commits is not None:
            if not self.commits:
                self.leave()
            self.commits -= 1
        await commit(batch)


class Ticker:
    """A feed with a window of four items, a new one every so many seconds, each with a number."""

    def __init__(self, rig: Rig, spec: FeedSpec, every: float) -> None:
        self.rig, self.spec, self.every = rig, spec, every
        self.count = 0
        rig.store.specs[spec.id] = spec

    async def run(self) -> None:
        while True:
            self.count += 1
            window = range(max(1, self.count - 3), self.count + 1)
            self.rig.web.publish(self.spec.url, rss(*(f"{self.spec.id} {number}" for number in window)))
            await asyncio.sleep(self.every)


def titles(rig: Rig) -> list[str]:
    """What is published, in the order of the log."""
    values = [json.loads(one.record.value) for one in rig.store.events if one.record.topic == "news.articles"]
    return [value["article"]["title"] for value in values]


def every_item(ticker: Ticker, upto: int) -> list[str]:
    return [f"{ticker.spec.id} {number}" for number in range(1, upto + 1)]


@asynccontextmanager
async def newsroom(rig: Rig, parts: Parts, *tickers: Ticker):
    """A shard that runs over feeds with news."""
    tasks = [asyncio.create_task(ticker.run()) for ticker in tickers]
    try:
        async with running(Shard(SHARD, parts)) as task:
            yield task
    finally:
        for one in tasks:
            one.cancel()


def often(name: str) -> FeedSpec:
    """A feed that is polled before its window has rolled over."""
    return feed(name, interval=Interval(5 * MINUTE, 10 * MINUTE))


def of(rig: Rig, feed_id: str) -> list[str]:
    return [title for title in titles(rig) if title.split()[0] == feed_id]


@virtual
@pytest.mark.parametrize("minutes", [0.5, 10, 180])
async def test_f02_every_item_of_an_outage_is_published_once(minutes):
    """The window rolls over many times; what rolled out meanwhile was read, and comes when the broker is back."""
    rig = Rig()
    broker, spool = Broker(rig), ListSpool(SpoolStore(), 1 << 20)
    tickers = [Ticker(rig, often("fast"), 6 * MINUTE), Ticker(rig, often("slow"), 25 * MINUTE)]
    async with newsroom(rig, replace(rig.parts(), spool=spool), *tickers):
        await asyncio.sleep(2 * HOUR)
        broker.leave()
        await asyncio.sleep(minutes * MINUTE)
        events = len(rig.store.events)
        broker.come_back()
        await asyncio.sleep(2 * MINUTE)
        if minutes > 30:
            assert len(rig.store.events) > events + 20
        await asyncio.sleep(HOUR)
        counts = [ticker.count for ticker in tickers]
        await asyncio.sleep(HOUR)
    for ticker, count in zip(tickers, counts, strict=True):
        published = of(rig, ticker.spec.id)
        assert published[:count] == every_item(ticker, count)
        assert len(set(published)) == len(published)
    assert spool.store.rows == []
    assert rig.of(SpoolReplayed) or minutes < 1
    assert rig.of(PollCrashed) == []
    for ticker in tickers:
        times = rig.fetcher.times(ticker.spec.url)
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 5 * MINUTE - 1


@virtual
async def test_f02_a_kill_in_an_outage_costs_nothing_that_a_disk_holds():
    """The next process cannot open the shard for a while, polls nobody, and publishes first what waits."""
    rig = Rig()
    broker, store = Broker(rig), SpoolStore()
    ticker = Ticker(rig, often("fast"), 6 * MINUTE)
    ticking = asyncio.create_task(ticker.run())
    task = asyncio.create_task(Shard(SHARD, replace(rig.parts(), spool=ListSpool(store))).run())
    await asyncio.sleep(2 * HOUR)
    broker.leave()
    await asyncio.sleep(2 * HOUR)
    task.cancel()
    await asyncio.wait({task})
    waiting, asked = len(store.rows), len(rig.fetcher.asked)
    assert waiting > 5

    async with running(Shard(SHARD, replace(rig.parts(), spool=ListSpool(store)))):
        await asyncio.sleep(15 * MINUTE)
        assert len(rig.fetcher.asked) == asked
        broker.come_back()
        await asyncio.sleep(90 * MINUTE)
    ticking.cancel()

    published = of(rig, "fast")
    assert len(set(published)) == len(published)
    missing = set(every_item(ticker, ticker.count - 4)) - set(published)
    assert published[:20] == every_item(ticker, 20)
    assert len(missing) <= 3, "what rolled out while no process could poll"
    assert store.rows == []


@virtual
async def test_a_spool_that_breaks_in_an_outage_ends_the_shard():
    """Not when the broker is back, hours later: until then nobody would poll."""
    rig = Rig()
    broker, spool = Broker(rig), ListSpool(SpoolStore())
    ticker = Ticker(rig, often("fast"), 6 * MINUTE)

    async def breaks(*_):
        raise StorageFailed("EIO")

    spool.append = breaks
    ticking = asyncio.create_task(ticker.run())
    task = asyncio.create_task(Shard(SHARD, replace(rig.parts(), spool=spool)).run())
    await asyncio.sleep(HOUR)
    broker.leave()
    await asyncio.wait({task}, timeout=HOUR)
    ticking.cancel()

    assert task.done()
    with pytest.raises(StorageFailed):
        task.result()


@virtual
async def test_s01_a_stop_in_an_outage_ends_soon():
    """With polls under way, the broker away and the shard being opened."""
    rig = Rig()
    broker = Broker(rig)
    ticker = Ticker(rig, often("fast"), 6 * MINUTE)
    ticking = asyncio.create_task(ticker.run())
    shard = Shard(SHARD, replace(rig.parts(), spool=ListSpool(SpoolStore())))
    task = asyncio.create_task(shard.run())
    await asyncio.sleep(HOUR)
    broker.leave()
    rig.fetcher.seconds = 600.0
    await asyncio.sleep(HOUR)
    before = rig.clock.monotonic()
    shard.stop()
    await task
    ticking.cancel()
    assert rig.clock.monotonic() - before < 25.0


@virtual
async def test_i7_after_an_outage_that_was_too_long_everything_that_waited_is_there():
    """The spool is full, polls wait, and the rest of the window is read when the broker is back."""
    rig = Rig()
    broker, spool = Broker(rig), ListSpool(SpoolStore(), 4000)
    ticker = Ticker(rig, often("fast"), 6 * MINUTE)
    async with newsroom(rig, replace(rig.parts(), spool=spool), ticker):
        await asyncio.sleep(HOUR)
        broker.leave()
        await asyncio.sleep(12 * HOUR)
        (note,) = rig.of(SpoolFull)
        kept = len(spool.store.rows)
        assert note.waiting == kept > 1
        broker.come_back()
        await asyncio.sleep(30 * MINUTE)
        upto = ticker.count - 4
    published = of(rig, "fast")
    assert len(set(published)) == len(published)
    assert published[: 10 + kept] == every_item(ticker, 10 + kept)
    assert f"fast {upto}" in published
    assert spool.store.rows == []


@virtual
async def test_i5_news_flow_within_half_a_minute_of_the_end_of_an_outage():
    """However long it was: where polls go on, the shard is opened again and again at short notice."""
    rig = Rig()
    broker = Broker(rig)
    ticker = Ticker(rig, often("fast"), 6 * MINUTE)
    async with newsroom(rig, replace(rig.parts(), spool=ListSpool(SpoolStore())), ticker):
        await asyncio.sleep(HOUR)
        broker.leave()
        for _ in range(5):
            await asyncio.sleep(HOUR)
            before = len(rig.store.events)
            broker.come_back()
            await asyncio.sleep(30)
            assert len(rig.store.events) > before + 5
            broker.leave()


@virtual
async def test_a_broker_that_leaves_again_while_what_waited_is_replayed_ends_no_poll():
    """It takes two batches and is gone: the rest waits on, polls go on, and everything comes once in the end."""
    rig = Rig()
    broker, spool = Broker(rig), ListSpool(SpoolStore())
    ticker = Ticker(rig, often("fast"), 6 * MINUTE)
    async with newsroom(rig, replace(rig.parts(), spool=spool), ticker):
        await asyncio.sleep(HOUR)
        broker.leave()
        await asyncio.sleep(HOUR)
        broker.commits = 2
        broker.come_back()
        await asyncio.sleep(2 * MINUTE)
        waiting, asked = len(spool.store.rows), len(rig.fetcher.asked)
        assert waiting > 2
        await asyncio.sleep(HOUR)
        assert len(rig.fetcher.asked) >= asked + 5
        assert len(spool.store.rows) <= waiting + 15
        broker.commits = None
        broker.come_back()
        await asyncio.sleep(HOUR)
        upto = ticker.count - 4
    published = of(rig, "fast")
    assert published[:upto] == every_item(ticker, upto)
    assert len(set(published)) == len(published)
    assert spool.store.rows == []
