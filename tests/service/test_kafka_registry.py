"""The registry on a real broker: many writers, feeds that move meanwhile, memories that go along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.kept import is_feed
from monitor.adapters.kafka.ledger import KafkaLedger
from monitor.adapters.kafka.registry import KafkaRegistry
from monitor.adapters.kafka.restore import Kept
from monitor.adapters.kafka.topics import ensure
from monitor.adapters.kafka.transaction import Entry, Transactional
from monitor.adapters.kafka.view import KafkaView
from monitor.app.enrol import Enrolment, Share
from monitor.errors import ConfigError, LedgerError
from monitor.model.event import Batch, Moved
from monitor.model.feed import FeedChanges, FeedSpec, Mark
from monitor.model.ids import FeedId, ShardId
from monitor.model.state import FeedState
from monitor.publish.topics import TopicTable
from monitor.schedule.placement import host_key, shard_of
from monitor.state.codec import decode_state, encode_spec, encode_state
from monitor.testing.builders import feed
from monitor.testing.clock import START, ManualClock
from tests.support.cluster import delete_topics
from tests.support.service import configuration
from tests.support.settled import read_settled

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]

SHARDS = 3
A = FeedId("a")


@dataclass(frozen=True)
class Bench:
    """An installation of its own on the cluster."""

    settings: ClusterSettings
    names: Installation

    def registry(self) -> KafkaRegistry:
        """That of one replica."""
        return KafkaRegistry(self.settings, self.names)

    async def records(self) -> list[Kept]:
        """What the registry's topic has of feeds, tombstones included."""
        return [one for one in await read_settled(self.settings, self.names.feeds) if is_feed(one.key)]

    async def places(self) -> dict[str, set[int]]:
        """In which partitions each feed is listed."""
        newest = {(one.key, one.partition): one.value for one in await self.records()}
        found: dict[str, set[int]] = {}
        for (key, partition), value in newest.items():
            if value is not None:
                found.setdefault(key, set()).add(partition)
        return found

    async def write(self, *entries: Entry) -> None:
        """As some owner would."""
        producer = await Transactional.open(self.settings, f"{self.names.app}-hand", 30.0)
        await producer.commit(entries)
        await producer.close()


@pytest.fixture
async def bench(kafka) -> AsyncIterator[Bench]:
    """Topics that nobody else has, and that go with the test."""
    name = f"test-{uuid4().hex[:12]}"
    table = TopicTable(f"{name}.")
    settings = ClusterSettings(kafka.bootstrap_servers)
    names = Installation(name, table.feeds, table.feed_state, table.rescue, SHARDS)
    rows = await ensure(settings, table.ledger_plan(SHARDS, 1, 1))
    assert all(row.usable for row in rows)
    yield Bench(settings, names)
    await delete_topics(kafka, (names.feeds, names.states))


def home(spec: FeedSpec) -> int:
    """The partition of a feed's host."""
    return shard_of(host_key(spec.url), SHARDS)


def other(spec: FeedSpec) -> int:
    """One that is not."""
    return (home(spec) + 1) % SHARDS


def memory(id_: str, rounds: int) -> bytes:
    """What is remembered of a feed that was read so often."""
    return encode_state(FeedState(FeedId(id_), rounds=rounds))


async def test_a_new_feed_goes_to_the_shard_of_its_host_and_a_known_one_stays_where_it_is(bench):
    """Also with another URL: only its owner can take its memory elsewhere."""
    specs = [feed(f"f{number}") for number in range(12)]
    registry = bench.registry()
    assert await registry.apply(FeedChanges(put=tuple(specs)))
    places = {spec.id: {home(spec)} for spec in specs}
    assert await bench.places() == places
    elsewhere = feed("f0", url=next(spec.url for spec in specs if home(spec) != home(specs[0])) + "?again")
    assert await registry.apply(FeedChanges(put=(elsewhere,)))
    assert await bench.places() == places
    assert (await registry.feeds())[FeedId("f0")] == elsewhere


async def test_what_changes_nothing_is_not_written(bench):
    """No record of a feed, neither put again nor removed again."""
    changes = FeedChanges(put=(feed("a"), feed("b")), removed=(FeedId("c"),))
    await bench.registry().apply(changes, Mark("one", START))
    before = await bench.records()
    await bench.registry().apply(changes, Mark("one", START))
    await bench.registry().apply(changes, Mark("one", START + 1))
    assert await bench.records() == before
    assert await bench.registry().mark() == Mark("one", START + 1)


async def test_two_replicas_that_apply_at_the_same_time_write_each_difference_once(bench):
    """One is fenced, tries again and finds all done; their changes of other feeds are both there."""
    shared = tuple(feed(f"f{number}") for number in range(20))
    first, second = bench.registry(), bench.registry()
    done = await asyncio.gather(
        first.apply(FeedChanges(put=(*shared, feed("mine"))), Mark("one", START)),
        second.apply(FeedChanges(put=(*shared, feed("yours"))), Mark("one", START)),
    )
    assert done == [True, True]
    assert set(await first.feeds()) == {spec.id for spec in shared} | {"mine", "yours"}
    assert len(await bench.records()) == 22


async def test_an_older_configuration_changes_nothing(bench):
    """False, and neither a feed nor the mark; changes without a mark are nobody's configuration."""
    registry = bench.registry()
    assert await registry.apply(FeedChanges(put=(feed("new"),)), Mark("new", START))
    assert not await registry.apply(FeedChanges(put=(feed("old"),), removed=(FeedId("new"),)), Mark("old", START - 1))
    assert set(await registry.feeds()) == {"new"}
    assert await registry.mark() == Mark("new", START)
    assert await registry.apply(FeedChanges(put=(feed("mine", origin="runtime"),)))
    assert await registry.apply(FeedChanges(removed=(FeedId("new"),)), Mark("newer", START + 1))
    assert set(await registry.feeds()) == {"mine"}


async def test_a_renamed_feed_takes_its_memory_along(bench):
    """In the new record, under the new name, in the step that ends the old one; a memory of its own counts more."""
    registry = bench.registry()
    await registry.apply(FeedChanges(put=(feed("a"), feed("c"))))
    await bench.write(
        Entry(bench.names.states, b"a", memory("a", 7), home(feed("a"))),
        Entry(bench.names.states, b"c", memory("c", 3), home(feed("c"))),
    )
    renamed = (feed("b", renamed_from=A), feed("c", renamed_from=A))
    await registry.apply(FeedChanges(put=renamed, removed=(A,)))
    await registry.apply(FeedChanges(put=(*renamed, feed("a")), removed=()))
    newest = {one.key: one for one in await bench.records()}
    assert decode_state(newest["b"].headers["state"]) == FeedState(FeedId("b"), rounds=7)
    assert "state" not in newest["c"].headers
    assert "state" not in newest["a"].headers
    states = await KafkaView(bench.settings, bench.names).states()
    assert {key: decode_state(state).rounds for key, state in states.items()} == {"a": 7, "b": 7, "c": 3}


async def test_a_change_keeps_the_memory_that_nobody_has_taken_up_yet(bench):
    """A feed that came from another shard, and whose new owner has not committed yet, is paused meanwhile."""
    spec = feed("a")
    await bench.write(Entry(bench.names.feeds, b"a", encode_spec(spec), other(spec), (("state", memory("a", 5)),)))
    await bench.registry().apply(FeedChanges(put=(feed("a", paused=True),)))
    assert await bench.places() == {"a": {other(spec)}}
    assert (await bench.records())[-1].headers == {"state": memory("a", 5)}


@pytest.mark.parametrize("taken_up", [False, True])
async def test_a_feed_listed_twice_stays_where_its_memory_is(bench, taken_up):
    """A change overtook a move: the content of the change, the place of the move, also for those that only read."""
    old, new = feed("a"), feed("a", notes="changed")
    headers = () if taken_up else (("state", memory("a", 5)),)
    entries = [
        Entry(bench.names.feeds, b"a", encode_spec(new), home(old)),
        Entry(bench.names.feeds, b"a", encode_spec(old), other(old), headers),
    ]
    if taken_up:
        entries.append(Entry(bench.names.states, b"a", memory("a", 5), other(old)))
    await bench.write(*entries)
    registry = bench.registry()
    assert set(await registry.feeds()) == {"a"}
    await registry.apply(FeedChanges(put=(new,)))
    assert await bench.places() == {"a": {other(old)}}
    assert await registry.feeds() == {A: new}
    assert {decode_state(one).rounds for one in (await KafkaView(bench.settings, bench.names).states()).values()} == {5}


async def test_a_feed_that_moves_while_it_is_changed_is_listed_once_with_its_memory(bench):
    """Four moves to and fro, each beside a change of the same feed; a second look puts right what one could not."""
    registry, ledger = bench.registry(), KafkaLedger(bench.settings, bench.names)
    await registry.apply(FeedChanges(put=(feed("a"),)))
    here, there = ShardId(home(feed("a"))), ShardId(other(feed("a")))
    for number in range(4):
        change = FeedChanges(put=(feed("a", notes=f"change {number}"),))
        shard = await ledger.open(here)
        moved = Moved(shard.specs[A], memory("a", number + 1), there)
        await asyncio.gather(shard.commit(Batch(here, moved=(moved,))), registry.apply(change))
        await shard.close()
        await registry.apply(change)
        assert await bench.places() == {"a": {there}}
        assert await registry.feeds() == {A: change.put[0]}
        states = await KafkaView(bench.settings, bench.names).states()
        assert decode_state(states[A]).rounds == number + 1
        here, there = there, here


async def test_another_number_of_partitions_than_configured_is_refused(bench):
    """Every host would belong to another shard; a topic that is not there is named with what creates it."""
    wrong = Installation(bench.names.app, bench.names.feeds, bench.names.states, shards=SHARDS + 1)
    with pytest.raises(LedgerError, match=r"feeds has 3 partitions, but ledger\.shards is 4"):
        await KafkaRegistry(bench.settings, wrong).apply(FeedChanges(put=(feed("a"),)))
    missing = Installation(bench.names.app, f"{bench.names.feeds}-none", bench.names.states, shards=SHARDS)
    with pytest.raises(LedgerError, match="topics ensure"):
        await KafkaRegistry(bench.settings, missing).apply(FeedChanges(put=(feed("a"),)))
    assert await bench.records() == []


async def test_a_cluster_that_is_away_is_a_fault_of_the_ledger():
    """Whatever is asked: nobody who tries again has to know of Kafka."""
    settings = ClusterSettings(("127.0.0.1:1",), start_timeout=2.0)
    registry = KafkaRegistry(settings, Installation())
    for asked in (registry.feeds(), registry.mark(), registry.apply(FeedChanges(put=(feed("a"),)))):
        with pytest.raises(LedgerError, match="no Kafka at"):
            await asked


async def test_the_configuration_reaches_the_registry_beside_feeds_added_while_running(bench):
    """The whole way: what the files say comes and goes, the rest stays, and an emptied folder takes nothing away."""
    registry, clock = bench.registry(), ManualClock()

    def replica() -> Enrolment:
        return Enrolment(registry, clock, lambda _note: None, share=Share(lambda: True, registry.mark))

    await registry.apply(FeedChanges(put=(feed("mine", origin="runtime"),)))
    two = configuration(
        {"feeds/all.yaml": "feeds: [{id: a, url: 'https://a.example/'}, {id: b, url: 'https://b.example/'}]\n"}
    )
    one = configuration({"feeds/all.yaml": "feeds: [{id: b, url: 'https://b.example/'}]\n"})
    old, new = replica(), replica()
    await old.take(two)
    clock.advance(1.0)
    await new.take(one)
    assert await old.bring(two)
    assert set(await registry.feeds()) == {"a", "b", "mine"}
    assert await new.bring(one)
    assert not await old.bring(two)
    assert set(await registry.feeds()) == {"b", "mine"}
    clock.advance(1.0)
    await old.take(configuration({}))
    with pytest.raises(ConfigError, match="allow_mass_removal"):
        await old.bring(configuration({}))
    assert set(await registry.feeds()) == {"b", "mine"}


async def test_a_feed_that_somebody_lists_elsewhere_all_the_time_is_told(bench):
    """What cannot be put right in a few looks is no success."""
    spec, stop = feed("a"), asyncio.Event()

    async def disturb() -> None:
        producer = await Transactional.open(bench.settings, f"{bench.names.app}-hand", 30.0)
        while not stop.is_set():
            await producer.commit([Entry(bench.names.feeds, b"a", encode_spec(spec), other(spec))])
        await producer.close()

    await bench.registry().apply(FeedChanges(put=(spec,)))
    disturbing = asyncio.create_task(disturb())
    with pytest.raises(LedgerError, match="faster than it can be written"):
        await _apply_for_ever(bench.registry(), FeedChanges(put=(spec,)))
    stop.set()
    await disturbing
    await bench.registry().apply(FeedChanges(put=(spec,)))
    assert await bench.places() == {"a": {home(spec)}}


async def _apply_for_ever(registry: KafkaRegistry, changes: FeedChanges) -> None:
    while True:
        await registry.apply(changes)
