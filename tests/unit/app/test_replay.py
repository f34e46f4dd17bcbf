"""What waited becomes durable when the ledger is back, and what is of others finds them; in virtual time."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from monitor.app.commits import Commits
from monitor.app.replay import LOOK, Adoption, Replay, Rescuer, one_each
from monitor.app.running import Running
from monitor.app.worker import Worker
from monitor.errors import LedgerError
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import PollCrashed, Polled, SpoolDropped, SpoolReplayed, SpoolRescued
from monitor.model.state import FeedState
from monitor.model.units import rfc3339
from monitor.ports import Spooled
from monitor.schedule.agenda import Agenda
from monitor.state.codec import decode_state
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.rescue import MemoryRescue
from monitor.testing.spool import ListSpool, SpoolStore
from tests.support.polls import read_body
from tests.support.service import Rig, rss
from tests.support.virtual import virtual

SHARD, OTHER = ShardId(0), ShardId(1)


def reading(spec: FeedSpec, *titles: str, at: float = START, state: FeedState | None = None):
    """What was read of a document with these items."""
    return read_body(spec, rss(*titles), state or FeedState(spec.id), at)


class Scene:
    """A ledger with feeds, and a spool with what waited for it."""

    def __init__(self, *specs: FeedSpec) -> None:
        self.rig, self.specs = Rig(), specs
        self.rig.feeds(*specs)
        self.spool, self.rescue = ListSpool(SpoolStore()), MemoryRescue()
        self.parts = replace(self.rig.parts(), spool=self.spool)
        self.in_flight: set[FeedId] = set()
        self.running = Running({}, {}, {}, Agenda())

    async def wait(self, spec: FeedSpec, *titles: str, at: float = START, shard: ShardId = SHARD) -> None:
        """Puts a poll into the spool."""
        assert await self.spool.append(shard, spec, reading(spec, *titles, at=at), at)

    @asynccontextmanager
    async def opened(self):
        """The shard, open, with what it works with."""
        ledger = await self.rig.ledger.open(SHARD)
        self.running = Running(dict(ledger.specs), dict(ledger.states), {}, Agenda())
        commits = Commits(SHARD, ledger, self.rig.clock, self.rig.notes.append)
        committing = asyncio.create_task(commits.run())
        settled = lambda spec, outcome: self.running.keep(spec, outcome.state)  # noqa: E731
        try:
            yield ledger, Worker(self.parts, commits, settled=settled)
        finally:
            commits.close()
            await asyncio.wait({committing})
            committing.exception()
            await ledger.close()

    async def replay(self) -> frozenset[FeedId]:
        async with self.opened() as (_, worker):
            return await Replay(SHARD, self.parts, self.running, worker).run(lambda: False)

    @property
    def published(self) -> list[tuple[str, str]]:
        """Title and moment of what is in the log."""
        values = [json.loads(one.record.value) for one in self.rig.store.events]
        return [(value["article"]["title"], value["time"]) for value in values if "article" in value]


@virtual
async def test_what_waited_is_published_oldest_first_with_the_moments_of_its_polls():
    """Each reading by the state the one before it left; then nothing waits."""
    one, two = feed("one"), feed("two")
    scene = Scene(one, two)
    await scene.wait(one, "A", "B", at=START - 900)
    await scene.wait(two, "X", at=START - 800)
    await scene.wait(one, "B", "C", at=START - 300)

    assert await scene.replay() == {"one", "two"}

    times = [rfc3339(START - before) for before in (900, 900, 800, 300)]
    assert sorted(scene.published, key=lambda pair: pair[1]) == list(zip("ABXC", times, strict=True))
    assert scene.spool.store.rows == []
    assert scene.rig.of(SpoolReplayed) == [SpoolReplayed(SHARD, 3)]
    assert [note.new for note in scene.rig.of(Polled) if note.feed == "one"] == [2, 1]
    state = decode_state(scene.rig.store.states[FeedId("one")])
    assert sorted(item.first_seen for item in state.items) == [START - 900, START - 900, START - 300]
    assert state.health.last_poll == START - 300


@virtual
async def test_rows_are_forgotten_after_their_commit_and_a_crash_in_between_is_harmless():
    """The same rows again, as after a kill: nothing comes twice."""
    one = feed("one")
    scene = Scene(one)
    await scene.wait(one, "A", at=START - 900)
    await scene.wait(one, "A", "B", at=START - 300)
    again = list(scene.spool.store.rows)
    await scene.replay()
    assert [title for title, _ in scene.published] == ["A", "B"]

    scene.spool.store.rows = again
    await scene.replay()

    assert [title for title, _ in scene.published] == ["A", "B"]
    assert scene.spool.store.rows == []


@virtual
async def test_a_ledger_that_fails_again_leaves_what_is_not_durable_waiting():
    """The shard is opened once more, and the rest is replayed then."""
    one = feed("one")
    scene = Scene(one)
    await scene.wait(one, "A", at=START - 900)
    scene.rig.store.failing = LedgerError("away again")
    with pytest.raises(ExceptionGroup) as raised:
        await scene.replay()
    assert raised.group_contains(LedgerError)
    assert len(scene.spool.store.rows) == 1

    scene.rig.store.failing = None
    await scene.replay()

    assert [title for title, _ in scene.published] == ["A"]


@virtual
async def test_a_stop_ends_a_replay_between_two_groups():
    """What is left waits for the next process."""
    one = feed("one")
    scene = Scene(one)
    for number in range(5):
        await scene.wait(one, f"Story {number}", at=START - 900 + number)
    async with scene.opened() as (_, worker):
        stop = lambda: len(scene.published) >= 2  # noqa: E731
        await Replay(SHARD, scene.parts, scene.running, worker).run(stop)
    assert len(scene.spool.store.rows) == 3


@virtual
async def test_a_fault_of_ours_in_one_row_ends_that_row_alone():
    """It is told, as in a poll, and the others become durable."""
    one, two = feed("one"), feed("two")
    scene = Scene(one, two)
    broken = replace(reading(one, "A"), articles=(None,))
    assert await scene.spool.append(SHARD, two, reading(two, "X"), START)
    scene.spool.store.rows.append(Spooled(99, SHARD, one, broken, START))

    await scene.replay()

    assert [title for title, _ in scene.published] == ["X"]
    assert [note.feed for note in scene.rig.of(PollCrashed)] == ["one"]
    assert scene.spool.store.rows == []


@virtual
async def test_rows_of_feeds_that_are_not_here_any_more_go_to_where_they_are():
    """One has moved, one is gone for good; what is here is replayed as ever."""
    here, moved, gone = feed("here"), feed("moved"), feed("gone")
    scene = Scene(here)
    scene.rescue.where = {moved.id: OTHER}
    scene.parts = replace(scene.parts, rescue=scene.rescue)
    for spec in (moved, here, gone):
        await scene.wait(spec, f"First of {spec.id}", at=START - 60)

    await scene.replay()

    assert [title for title, _ in scene.published] == ["First of here"]
    assert [row.feed.id for row in scene.rescue.kept[OTHER]] == ["moved"]
    assert scene.rig.of(SpoolRescued) == [SpoolRescued(SHARD, 1)]
    assert [note.readings for note in scene.rig.of(SpoolDropped)] == [1]
    assert scene.spool.store.rows == []


@virtual
async def test_rows_that_cannot_be_handed_on_now_stay():
    """The replay fails as the ledger would, and is begun again."""
    scene = Scene()
    scene.rescue.failing = LedgerError("away")
    scene.parts = replace(scene.parts, rescue=scene.rescue)
    await scene.wait(feed("moved"), "A")
    with pytest.raises(LedgerError):
        await scene.replay()
    assert len(scene.spool.store.rows) == 1


@virtual
async def test_without_a_rescue_they_are_dropped_and_told():
    """Whoever has the feed now polls it anew."""
    scene = Scene()
    await scene.wait(feed("gone"), "A")

    await scene.replay()

    assert [(note.shard, note.readings) for note in scene.rig.of(SpoolDropped)] == [(SHARD, 1)]
    assert scene.spool.store.rows == []


@virtual
async def test_what_others_rescued_is_taken_up_once():
    """The position moves with it: after a restart nothing is read again, and an old text is no edit."""
    one = feed("one")
    scene = Scene(one)
    await scene.rescue.put(
        [(SHARD, Spooled(1, SHARD, one, reading(one, title, at=START - 60), START - 60)) for title in ("A", "B")]
    )
    scene.rescue.kept[SHARD].insert(1, None)
    for _ in range(2):
        async with scene.opened() as (ledger, worker):
            adoption = Adoption(SHARD, scene.parts, scene.running, scene.in_flight, lambda _: None)
            task = asyncio.create_task(adoption.run(scene.rescue, ledger, worker))
            await asyncio.sleep(10)
            task.cancel()
            await asyncio.wait({task})

    assert [title for title, _ in scene.published] == ["A", "B"]
    assert scene.rig.store.positions == {"rescue": 3}
    assert len(scene.rig.of(Polled)) == 2


@virtual
async def test_what_was_rescued_for_a_feed_that_has_left_goes_after_it():
    """Once: how far it is read is written, for what is handed on again days later would be published again."""
    left, gone, coming = feed("left"), feed("gone"), feed("coming")
    scene = Scene()
    rows = [Spooled(number, SHARD, one, reading(one, "A"), START) for number, one in enumerate((left, gone, coming))]
    scene.rescue.where = {left.id: ShardId(7), coming.id: SHARD}
    await scene.rescue.put([(SHARD, row) for row in rows])
    passed: list[tuple[str, int]] = []
    async with scene.opened() as (ledger, worker):
        adoption = Adoption(SHARD, scene.parts, scene.running, scene.in_flight, passed.append)
        task = asyncio.create_task(adoption.run(scene.rescue, ledger, worker))
        await asyncio.sleep(10)
        scene.running.specs[coming.id] = scene.rig.store.specs[coming.id] = coming
        await asyncio.sleep(10)
        task.cancel()
        await asyncio.wait({task})

    assert scene.rescue.kept[ShardId(7)] == [rows[0]]
    assert passed == [("rescue", 1), ("rescue", 2)]
    assert len(scene.rig.of(SpoolDropped)) == 1
    assert [title for title, _ in scene.published] == ["A"]
    assert scene.rig.store.positions == {"rescue": 3}


@virtual
async def test_what_was_rescued_waits_for_a_poll_of_its_feed_and_keeps_the_next_away():
    """Two outcomes of one feed at once would overwrite each other's state."""
    one = feed("one")
    scene = Scene(one)
    scene.in_flight.add(one.id)
    async with scene.opened() as (ledger, worker):
        adoption = Adoption(SHARD, scene.parts, scene.running, scene.in_flight, lambda _: None)
        task = asyncio.create_task(adoption.run(scene.rescue, ledger, worker))
        await scene.rescue.put([(SHARD, Spooled(1, SHARD, one, reading(one, "A"), START))])
        await asyncio.sleep(60)
        assert scene.published == []
        scene.in_flight.clear()
        await asyncio.sleep(1)
        assert [title for title, _ in scene.published] == ["A"]
        assert scene.in_flight == set()
        task.cancel()
        await asyncio.wait({task})


@virtual
async def test_rows_of_shards_that_are_not_ours_are_handed_on_at_the_second_look():
    """Assignments come and go; what is ours stays, and what cannot be handed on is tried again."""
    one = feed("one")
    scene = Scene()
    scene.rescue.where = {one.id: OTHER}
    scene.parts = replace(scene.parts, rescue=scene.rescue)
    ours = {SHARD}
    await scene.wait(one, "A", shard=OTHER)
    await scene.wait(one, "B", shard=SHARD)
    scene.rescue.failing = LedgerError("away")
    rescuer = Rescuer(scene.parts, lambda: frozenset(ours))
    task = asyncio.create_task(rescuer.run())
    await asyncio.sleep(LOOK * 1.5)
    assert len(scene.spool.store.rows) == 2
    await asyncio.sleep(LOOK * 3)
    assert len(scene.spool.store.rows) == 2
    scene.rescue.failing = None
    await asyncio.sleep(LOOK)

    assert [row.shard for row in scene.spool.store.rows] == [SHARD]
    assert len(scene.rescue.kept[OTHER]) == 1
    task.cancel()
    await asyncio.wait({task})


@virtual
async def test_a_shard_that_comes_back_in_time_keeps_its_rows():
    """Between two looks it was nobody's."""
    scene = Scene()
    ours: set[ShardId] = set()
    await scene.wait(feed("one"), "A")
    rescuer = Rescuer(scene.parts, lambda: frozenset(ours))
    await rescuer.look()
    ours.add(SHARD)
    await rescuer.look()
    ours.clear()
    await rescuer.look()

    assert len(scene.spool.store.rows) == 1


def test_a_group_has_one_row_of_a_feed():
    """The prefix up to the first that comes again."""
    rows = [Spooled(n, SHARD, feed(name), reading(feed(name), "A"), START) for n, name in enumerate("abcb")]
    assert [row.number for row in one_each(rows)] == [0, 1, 2]
    assert one_each([]) == []
