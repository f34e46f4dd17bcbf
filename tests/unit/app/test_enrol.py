"""How a configuration reaches the registry, alone and among many."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from monitor.app.enrol import RECHECK, SUPERSEDED, Enrolment, Share, first_changes
from monitor.config.config import Config
from monitor.errors import ConfigError, LedgerError
from monitor.model.feed import FeedChanges, Mark
from monitor.model.ids import FeedId
from monitor.model.notes import Enrolled, EnrolmentFailed
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.ledger import MemoryRegistry, MemoryStore
from tests.support.service import configuration
from tests.support.virtual import LoopClock, virtual


def config(*ids: str, settings: str = "") -> Config:
    """A configuration of these feeds."""
    feeds = "".join(f"  - {{id: {id_}, url: 'https://{id_}.example/rss'}}\n" for id_ in ids)
    contact = "contact: tests@example.org\n"
    return configuration({"monitor.yaml": contact + settings, "feeds/all.yaml": f"feeds:\n{feeds}" if ids else ""})


class Replica:
    """One of those that share a registry: it owns shard 0 when told, and its ledger fails when told."""

    def __init__(self, store: MemoryStore) -> None:
        self.store, self.owns, self.failing = store, False, False
        self.clock, self.notes, self.calls = LoopClock(), [], []
        self._registry = MemoryRegistry(store)
        self.enrolment = Enrolment(self, self.clock, self.notes.append, share=Share(lambda: self.owns, self._mark))

    async def apply(self, changes, mark=None):
        self.calls.append(self.clock.now() - START)
        if self.failing:
            raise LedgerError("the broker is away")
        return await self._registry.apply(changes, mark)

    async def feeds(self):
        return await self._registry.feeds()

    async def _mark(self):
        return await self._registry.mark()

    def of(self, kind):
        """Notes of one class."""
        return [note for note in self.notes if isinstance(note, kind)]


@asynccontextmanager
async def serving(*replicas: Replica):
    """Runs their loops beside the block."""
    tasks = [asyncio.create_task(replica.enrolment.run()) for replica in replicas]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_first_changes_are_the_differences_of_what_the_files_own():
    """New and other feeds come, feeds the files had go; what was added while running stays unless the files name it."""
    known = {one.id: one for one in (feed("same"), feed("other"), feed("gone"), feed("mine", origin="runtime"))}
    known |= {FeedId("both"): feed("both", origin="runtime")}
    wanted = (feed("same"), feed("other", notes="New"), feed("fresh"), feed("both"))
    assert first_changes(known, wanted) == FeedChanges(
        put=(feed("fresh"), feed("both"), feed("other", notes="New")), removed=(FeedId("gone"),)
    )
    assert first_changes({one.id: one for one in wanted}, wanted) == FeedChanges()


@virtual
async def test_alone_the_registry_is_level_on_return_and_no_mark_is_left():
    """With feeds wanted besides; many may go, as ever; what fails is raised."""
    store = MemoryStore()
    registry, clock = MemoryRegistry(store), LoopClock()
    enrolment = Enrolment(registry, clock, lambda _note: None, extra=(feed("extra"),))
    await enrolment.take(config(*(f"f{n}" for n in range(30))))
    await enrolment.take(config("a"))
    assert (set(store.specs), store.mark) == ({"a", "extra"}, None)
    await enrolment.run()

    async def full(_changes, _mark=None):
        raise LedgerError("the disk is full")

    registry.apply = full
    with pytest.raises(LedgerError):
        await enrolment.take(config("b"))


@virtual
async def test_the_owner_of_shard_0_writes_within_a_second_and_nobody_else():
    """Whoever becomes the owner; the second finds everything in place and only moves the mark."""
    store = MemoryStore()
    first, second = Replica(store), Replica(store)
    async with serving(first, second):
        await first.enrolment.take(config("a", "b"))
        await asyncio.sleep(5)
        assert store.specs == {}
        first.owns = True
        await asyncio.sleep(1)
        assert set(store.specs) == {"a", "b"}
        await second.enrolment.take(config("a", "b"))
        first.owns, second.owns = False, True
        await asyncio.sleep(1)
    assert [(note.feeds_put, note.feeds_removed) for note in first.notes + second.notes] == [(2, 0), (0, 0)]
    assert store.mark.read_at == START + 6
    assert second.enrolment.problem == ""


@virtual
async def test_feeds_added_while_running_are_left_alone():
    """A configuration without them does not take them away."""
    store = MemoryStore()
    replica = Replica(store)
    await MemoryRegistry(store).apply(FeedChanges(put=(feed("mine", origin="runtime"),)))
    replica.owns = True
    await replica.enrolment.take(config("a"))
    async with serving(replica):
        await asyncio.sleep(1)
    assert set(store.specs) == {"a", "mine"}


@virtual
async def test_a_ledger_that_fails_is_tried_again_ever_more_slowly_and_told_once():
    """1, 2, 4 … at most 60 s apart; the problem goes with the first success."""
    replica = Replica(MemoryStore())
    replica.owns = replica.failing = True
    await replica.enrolment.take(config("a"))
    async with serving(replica):
        await asyncio.sleep(200)
        gaps = [round(after - before) for before, after in zip(replica.calls, replica.calls[1:], strict=False)]
        assert gaps == [1, 2, 4, 8, 16, 32, 60, 60]
        assert (replica.enrolment.problem, replica.enrolment.refused) == ("the broker is away", False)
        replica.failing = False
        await asyncio.sleep(61)
    assert set(replica.store.specs) == {"a"}
    assert replica.enrolment.problem == ""
    assert [note.problem for note in replica.of(EnrolmentFailed)] == ["the broker is away"]
    assert len(replica.of(Enrolled)) == 1


@virtual
async def test_an_old_configuration_never_turns_a_newer_one_back():
    """It says so once and waits; read again unchanged it is no newer; changed it is."""
    store = MemoryStore()
    old = Replica(store)
    await old.enrolment.take(config("a"))
    await MemoryRegistry(store).apply(FeedChanges(put=(feed("new"),)), Mark("other", START + 1))
    old.owns = True
    async with serving(old):
        await asyncio.sleep(RECHECK * 2)
        old.owns = False
        await asyncio.sleep(1)
        old.owns = True
        await asyncio.sleep(1)
        await old.enrolment.take(config("a"))
        await asyncio.sleep(1)
        assert set(store.specs) == {"new"}
        assert {(note.problem, note.retry_in) for note in old.notes} == {(SUPERSEDED, RECHECK)}
        assert old.calls == []
        await old.enrolment.take(config("a", "b"))
        await asyncio.sleep(1)
    assert set(store.specs) == {"a", "b"}
    assert old.enrolment.problem == ""


@virtual
async def test_replicas_that_differ_in_a_port_only_agree_about_the_feeds():
    """Whoever read the same feeds earlier has nothing to say when shard 0 comes to it."""
    store = MemoryStore()
    first, second = Replica(store), Replica(store)
    await first.enrolment.take(config("a"))
    await asyncio.sleep(1)
    await second.enrolment.take(config("a", settings="server: {port: 9090}\n"))
    second.owns = True
    async with serving(first, second):
        await asyncio.sleep(1)
        first.owns, second.owns = True, False
        await asyncio.sleep(1)
    assert [type(note) for note in second.notes] == [Enrolled]
    assert (first.notes, first.calls, first.enrolment.problem) == ([], [], "")


@virtual
async def test_a_clock_that_was_an_hour_ahead_keeps_no_later_change_out():
    """What is read after its mark was seen is later; who has not seen it says that a clock is wrong, and what helps."""
    store = MemoryStore()
    store.mark = Mark("of a clock that is wrong", START + 3600)
    replica = Replica(store)
    replica.owns = True
    async with serving(replica):
        await replica.enrolment.take(config("a"))
        await asyncio.sleep(1)
        assert store.specs == {}
        assert replica.enrolment.problem.startswith(f"{SUPERSEDED}: 3600 s from now")
        await replica.enrolment.take(config("a", "b"))
        await asyncio.sleep(1)
        assert (set(store.specs), replica.enrolment.problem) == ({"a", "b"}, "")
        await replica.enrolment.take(config("b"))
        await asyncio.sleep(1)
        assert set(store.specs) == {"b"}


@virtual
async def test_a_newer_configuration_that_comes_in_between_wins():
    """The registry itself says no, after the comparison."""
    store = MemoryStore()
    replica = Replica(store)
    await replica.enrolment.take(config("a"))
    replica.owns = True
    registry = MemoryRegistry(store)
    feeds = replica.feeds

    async def overtaken():
        known = await feeds()
        await registry.apply(FeedChanges(put=(feed("new"),)), Mark("other", START + 1))
        return known

    replica.feeds = overtaken
    async with serving(replica):
        await asyncio.sleep(1)
    assert (set(store.specs), replica.enrolment.problem) == ({"new"}, SUPERSEDED)


@virtual
@pytest.mark.parametrize(("before", "after"), [(40, 28), (3, 0)])
async def test_a_replica_that_starts_on_an_emptied_folder_takes_no_feeds_from_the_others(before, after):
    """Twelve of forty, or all: refused with the words of a reload, until it is meant."""
    store = MemoryStore()
    replica, ids = Replica(store), [f"f{n}" for n in range(before)]
    await MemoryRegistry(store).apply(FeedChanges(put=tuple(map(feed, ids))), Mark("first", START - 1))
    replica.owns = True
    await replica.enrolment.take(config(*ids[:after]))
    with pytest.raises(ConfigError, match=r"this would remove .* feeds; set `allow_mass_removal: true`"):
        await replica.enrolment.bring(config(*ids[:after]))
    async with serving(replica):
        await asyncio.sleep(RECHECK + 1)
        assert len(store.specs) == before
        assert "allow_mass_removal" in replica.enrolment.problem
        assert replica.enrolment.refused
        assert len(replica.notes) == 1
        await replica.enrolment.take(config(*ids[:after], settings="allow_mass_removal: true\n"))
        await asyncio.sleep(1)
    assert len(store.specs) == after
    assert (replica.enrolment.problem, replica.enrolment.refused) == ("", False)


@virtual
async def test_what_another_overtook_is_put_right_later():
    """The same is applied every ten minutes, and told only where it changed something."""
    store = MemoryStore()
    replica = Replica(store)
    replica.owns = True
    await replica.enrolment.take(config("a"))
    async with serving(replica):
        await asyncio.sleep(RECHECK * 3)
        assert (len(replica.calls), len(replica.notes)) == (3, 1)
        wanted = store.specs[FeedId("a")]
        store.specs[FeedId("a")] = replace(wanted, name="as it was before")
        await asyncio.sleep(RECHECK + 2)
    assert store.specs == {FeedId("a"): wanted}
    assert [note.feeds_put for note in replica.notes] == [1, 1]


@virtual
async def test_a_configuration_that_comes_during_an_attempt_is_not_lost():
    """The attempt that ends later neither counts for it nor delays it."""
    store = MemoryStore()
    replica = Replica(store)
    real, replica.owns = replica.apply, True

    async def slow(changes, mark=None):
        await asyncio.sleep(5)
        return await real(changes, mark)

    replica.apply = slow
    await replica.enrolment.take(config("a"))
    async with serving(replica):
        await asyncio.sleep(2)
        await replica.enrolment.take(config("b"))
        await asyncio.sleep(10)
    assert set(store.specs) == {"b"}
