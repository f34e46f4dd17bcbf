"""A watch judges from the moment its topic can be used, and nothing that it missed is held against it later."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

from monitor.app.arming import LONGEST_WAIT, Arming, armed
from monitor.app.parts import InForce
from monitor.fetch.settings import FetchSettings
from monitor.model.notes import WatchArmed, WatchPending
from monitor.testing.builders import feed
from tests.support.polls import Poller, articles, item, rules_of, watch
from tests.support.service import Rig, rss, rules, running
from tests.support.virtual import LoopClock, virtual


class Topics:
    """A cluster, as far as arming knows it: faults by topic, and when it was asked."""

    def __init__(self, clock: LoopClock, **faults: str) -> None:
        self.faults = {f"news.alerts.{name}": fault for name, fault in faults.items()}
        self.asked: list[tuple[float, Collection[str]]] = []
        self._clock = clock

    async def __call__(self, topics: Collection[str]) -> Mapping[str, str]:
        self.asked.append((self._clock.monotonic(), set(topics)))
        await asyncio.sleep(0.1)
        return {topic: fault for topic, fault in self.faults.items() if topic in topics}


class Bench:
    """Arming alone, with one watch in force."""

    def __init__(self, **faults: str) -> None:
        self.clock = LoopClock()
        self.notes: list[object] = []
        self.topics = Topics(self.clock, **faults)
        self.in_force = InForce(rules_of(watch("port")), FetchSettings(), {})
        self.arming = Arming(self.in_force, self.clock, self.notes.append, self.topics)

    @asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.arming.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})


@virtual
async def test_watches_of_the_start_are_armed_and_nobody_is_asked():
    """Their topics were judged before the first shard was opened."""
    bench = Bench()
    async with bench.running():
        await asyncio.sleep(100)
    assert bench.in_force.rules.pending == frozenset()
    assert bench.topics.asked == []


@virtual
async def test_a_new_watch_is_pending_at_once_and_armed_when_its_topic_is_seen():
    """No poll in between can judge by it."""
    bench = Bench()
    async with bench.running():
        bench.arming.take(rules_of(watch("port"), watch("rain")))
        assert bench.in_force.rules.pending == {"rain"}
        assert [one.id for one in armed(bench.in_force.rules)] == ["port"]
        await asyncio.sleep(1)
        assert bench.in_force.rules.pending == frozenset()
    assert [topics for _, topics in bench.topics.asked] == [{"news.alerts.rain"}]
    assert bench.notes == [WatchArmed("rain", "news.alerts.rain")]


@virtual
async def test_a_topic_that_lacks_is_told_once_and_looked_for_less_and_less_often():
    """Until somebody makes it."""
    bench = Bench(rain="not there")
    async with bench.running():
        bench.arming.take(rules_of(watch("rain")))
        await asyncio.sleep(300)
        assert bench.in_force.waiting == {"rain": "not there"}
        assert bench.notes == [WatchPending("rain", "news.alerts.rain", "not there")]
        times = [at for at, _ in bench.topics.asked]
        gaps = [round(later - earlier) for earlier, later in pairwise(times)]
        assert gaps == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        bench.topics.faults.clear()
        await asyncio.sleep(LONGEST_WAIT + 1)
    assert bench.in_force.waiting == {}
    assert bench.notes[-1] == WatchArmed("rain", "news.alerts.rain")


@virtual
async def test_another_reload_is_looked_at_at_once():
    """However long the wait for a topic that is not coming has become."""
    bench = Bench(rain="not there")
    async with bench.running():
        bench.arming.take(rules_of(watch("rain")))
        await asyncio.sleep(200)
        bench.arming.take(rules_of(watch("rain"), watch("wind")))
        await asyncio.sleep(1)
        assert bench.in_force.waiting == {"rain": "not there"}


@virtual
async def test_a_pending_watch_that_goes_is_looked_for_no_more():
    """Nor one that is paused; and who comes back waits anew."""
    bench = Bench(rain="not there")
    async with bench.running():
        bench.arming.take(rules_of(watch("rain")))
        await asyncio.sleep(1)
        bench.arming.take(rules_of(watch("rain", paused=True)))
        assert bench.in_force.waiting == {}
        await asyncio.sleep(100)
        count = len(bench.topics.asked)
        await asyncio.sleep(1000)
        assert len(bench.topics.asked) == count
        bench.arming.take(rules_of(watch("rain")))
        assert bench.in_force.rules.pending == {"rain"}


@virtual
async def test_a_watch_that_goes_into_a_topic_of_another_is_armed_at_once():
    """The topic has been seen."""
    bench = Bench(rain="not there")
    bench.arming.take(rules_of(watch("port"), watch("rain", topic="alerts.port")))
    assert bench.in_force.rules.pending == frozenset()


@virtual
async def test_a_reload_while_the_cluster_is_asked_is_not_overwritten():
    """The answer concerns topics; the watches are those in force when it comes."""
    bench = Bench()
    async with bench.running():
        bench.arming.take(rules_of(watch("rain")))
        await asyncio.sleep(0.05)
        bench.arming.take(rules_of(watch("wind"), watch("rain", query="rain*")))
        await asyncio.sleep(0.1)
        assert bench.in_force.waiting.keys() == {"wind"}
        assert [one.query for one in armed(bench.in_force.rules)] == ["rain*"]
        await asyncio.sleep(5)
        assert bench.in_force.waiting == {}


@virtual
async def test_a_pending_watch_stops_no_poll_and_alerts_later():
    """Articles come out without it; once it is armed it alerts on what is new, and on an edit of what it missed."""
    rig = Rig(rules=rules("flood"))
    spec = feed("a")
    rig.feeds(spec)
    service = rig.service()
    in_force = service.parts.in_force
    topics = Topics(rig.clock, quake="not there")
    arming = Arming(in_force, rig.clock, rig.notes.append, topics)
    service.helpers = [arming.run]
    async with running(service):
        await asyncio.sleep(1)
        arming.take(rules("flood", "quake"))
        rig.web.publish(spec.url, rss("Quake one", "First of a"))
        await asyncio.sleep(7200)
        picture = service.console.snapshot()
        assert {row.watch.id: (row.armed, row.reason) for row in picture.watches} == {
            "flood": (True, ""),
            "quake": (False, "not there"),
        }
        assert picture.ready
        topics.faults.clear()
        await asyncio.sleep(2 * LONGEST_WAIT)
        rig.web.publish(spec.url, rss("Quake two", "Quake one", "First of a"))
        await asyncio.sleep(7200)
    written = [one.record.topic for one in rig.store.events]
    assert written.count("news.alerts.quake") == 1
    assert written.count("news.articles") == 3


def test_what_a_pending_watch_would_have_met_is_not_remembered_as_alerted():
    """An edit after the arming alerts, as for a watch that the article did not meet before."""
    waiting = rules_of(watch("quake"), pending=frozenset({"quake"}))
    poller = Poller(rules=waiting)
    poller.get(item("First"))
    silent = poller.get(item("First"), item("Quake", "A quake in the north of the country"))
    poller.rules = replace(waiting, pending=frozenset())
    loud = poller.get(item("First"), item("Quake", "A quake in the south of the country, and floods"))
    assert articles(silent) == [("new", "Quake", ())]
    assert dict(loud.alerts_by_watch) == {"quake": 1}
