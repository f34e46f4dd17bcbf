"""What records of the ledger's topics come to, and what a batch comes to in records: without a broker."""

from __future__ import annotations

import pytest

from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.kept import DUES, STATE, Contents, contents, dues_entry, feed_entry, fences, state_entry
from monitor.adapters.kafka.mirror import Mirror
from monitor.adapters.kafka.restore import Kept
from monitor.adapters.kafka.transaction import Entry
from monitor.errors import LedgerError
from monitor.model.event import Batch, Moved
from monitor.model.feed import FeedChanges
from monitor.model.ids import FeedId, ShardId
from monitor.testing.builders import feed, record

HERE, THERE = ShardId(3), ShardId(5)
OURS = Installation()
A, B, C = FeedId("a"), FeedId("b"), FeedId("c")


def kept(*entries: Entry) -> list[Kept]:
    """The entries as a partition has them."""
    return [
        Kept(entry.partition or 0, offset, entry.key.decode(), entry.value, dict(entry.headers))
        for offset, entry in enumerate(entries)
    ]


def put(feed_id: FeedId, state: bytes | None = None, **changes: object) -> Entry:
    return feed_entry(OURS, HERE, feed_id, feed(feed_id, **changes), state)


def gone(feed_id: FeedId) -> Entry:
    return feed_entry(OURS, HERE, feed_id, None)


def state(feed_id: FeedId, value: bytes | None) -> Entry:
    return state_entry(OURS, HERE, feed_id, value)


def mirror(*feeds: FeedId, **found: object) -> Mirror:
    return Mirror(OURS, HERE, Contents(specs={one: feed(one) for one in feeds}, **found))  # type: ignore[arg-type]


def told(entries: tuple[Entry, ...]) -> list[tuple[str, bytes | None]]:
    """Keys and values of what goes to the state topic."""
    return [(entry.key.decode(), entry.value) for entry in entries if entry.topic == OURS.states]


def test_the_newest_record_of_each_key_counts() -> None:
    """Removed is removed, fences are no feeds, a state without its feed is an orphan."""
    registry = kept(put(A), put(B), put(A, language="uk"), gone(B), fences(OURS, HERE)[0])
    states = kept(state(A, b"1"), state(A, b"2"), state(B, b"1"), state(C, b"1"), state(C, None), fences(OURS, HERE)[1])

    found = contents(registry, states)

    assert found == Contents(specs={A: feed("a", language="uk")}, states={A: b"2"}, orphans={B})


def test_a_state_that_was_brought_counts_until_there_is_one_here() -> None:
    registry = kept(put(A, b"brought"), put(B, b"brought"), put(C, b"brought"))
    states = kept(state(A, b"own"), state(B, b"own"), state(B, None))

    found = contents(registry, states)

    assert (found.states, found.brought) == ({A: b"own"}, {B: b"brought", C: b"brought"})


def test_a_feed_that_is_passed_on_twice_keeps_what_it_brought() -> None:
    """The second time with nothing, for a change overtook the move; what is removed is forgotten all the same."""
    registry = kept(put(A, b"brought"), put(B, b"brought"), put(A, language="uk"), gone(B), put(B))

    found = contents(registry, ())

    assert (found.brought, found.specs[A].language) == ({A: b"brought"}, "uk")


def test_a_state_written_after_the_due_times_ends_that_of_its_feed() -> None:
    dues = dues_entry(OURS, HERE, {A: 1.0, B: 2.0, C: 3.0})

    found = contents(kept(put(A), put(B)), kept(state(A, b"1"), dues, state(B, b"1")))

    assert found.dues == {A: 1.0}


def test_due_times_of_very_many_feeds_fit_into_a_record() -> None:
    """Twenty thousand of long names would be refused, minute by minute; the latest have room."""
    dues = {FeedId(f"{number:064d}"): float(number) for number in range(20_000)}
    first, last = min(dues), max(dues)

    entry = dues_entry(OURS, HERE, dues)

    assert 800_000 < entry.size < 1 << 20
    assert contents(kept(put(first), put(last)), kept(entry)).dues == {last: 19_999.0}


def test_a_record_that_cannot_be_read_is_told_with_its_place() -> None:
    with pytest.raises(LedgerError, match=r"record of a \(partition 3, offset 0\)"):
        contents([Kept(3, 0, "a", b"{", {})], ())


def test_changes_of_the_registry_are_told_once() -> None:
    """What changes nothing is not told, nor are fences and the removal of what is not there."""
    ours = mirror(A)
    records = [*fences(OURS, HERE)[:1], put(A), put(B), put(B), put(A, language="uk"), gone(C), gone(A), gone(A)]

    changes = [change for one in kept(*records) if (change := ours.follow(one))]

    assert changes == [
        FeedChanges((feed("b"),)),
        FeedChanges((feed("a", language="uk"),)),
        FeedChanges(removed=(A,)),
    ]


def test_a_memory_that_comes_along_is_told_unless_there_is_one_here() -> None:
    ours = mirror(A, states={A: b"own"})

    told_of = [ours.follow(one) for one in kept(put(A, b"brought"), put(B, b"brought"), put(B, b"brought"))]

    assert told_of == [None, FeedChanges((feed("b"),), states=((B, b"brought"),)), None]


def test_a_memory_that_came_along_is_written_with_the_first_batch() -> None:
    """Once; a state that the batch has itself counts more."""
    ours = mirror(A, B, brought={A: b"brought", B: b"brought"})
    first = ours.plan(Batch(HERE, states=((B, b"new"),)))
    ours.settle(first)

    assert told(first.entries) == [("a", b"brought"), ("b", b"new")]
    assert ours.plan(Batch(HERE)).entries == ()


def test_what_a_removed_feed_left_behind_goes_with_the_next_batch() -> None:
    """Found when opening, or removed since; a late state or due time of it is not kept."""
    ours = mirror(A, states={A: b"1"}, orphans={C}, dues={A: 1.0})
    ours.follow(kept(gone(A))[0])
    step = ours.plan(Batch(HERE, states=((A, b"late"),), dues=((A, 5.0),)))
    ours.settle(step)

    assert sorted(told(step.entries)) == [("a", None), ("c", None)]
    assert ours.plan(Batch(HERE)).entries == ()


def test_a_feed_that_comes_back_starts_anew() -> None:
    """Before the next batch: with nothing, with what it brings, or with what it learned since."""
    ours = mirror(A, B, C, states={A: b"1", B: b"1", C: b"1"})
    for one in kept(gone(A), gone(B), gone(C), put(A), put(B, b"brought"), put(C)):
        ours.follow(one)

    step = ours.plan(Batch(HERE, states=((C, b"new"),)))

    assert sorted(told(step.entries)) == [("a", None), ("b", b"brought"), ("c", b"new")]


def test_a_feed_removed_during_a_commit_leaves_its_state_to_the_next() -> None:
    ours = mirror(A)
    step = ours.plan(Batch(HERE, states=((A, b"1"),)))
    ours.follow(kept(gone(A))[0])
    ours.settle(step)

    assert told(ours.plan(Batch(HERE)).entries) == [("a", None)]


def test_due_times_are_one_record_behind_the_states() -> None:
    """All of the shard that are newer than their states; written only when one comes anew."""
    ours = mirror(A, B, dues={A: 1.0})
    first = ours.plan(Batch(HERE, states=((B, b"1"),), dues=((B, 2.0),)))
    ours.settle(first)
    second = ours.plan(Batch(HERE, states=((A, b"1"),)))
    ours.settle(second)
    third = ours.plan(Batch(HERE, dues=((B, 3.0),)))

    assert told(first.entries) == [("b", b"1"), (DUES, b'{"a":1.0,"b":2.0}')]
    assert told(second.entries) == [("a", b"1")]
    assert told(third.entries) == [(DUES, b'{"b":3.0}')]


def test_a_feed_that_moves_leaves_both_partitions_and_takes_its_state_along() -> None:
    """In one step, and nobody here is told of what we did ourselves; no late state of it is written."""
    ours = mirror(A, B, states={A: b"1"}, dues={A: 1.0})
    batch = Batch(HERE, ((A, b"late"),), dues=((A, 9.0),), moved=(Moved(feed("a"), b"1", THERE),))
    step = ours.plan(batch)
    change = ours.follow(kept(gone(A))[0])
    ours.settle(step)

    assert change is None
    assert [(entry.topic, entry.partition, entry.value is None) for entry in step.entries] == [
        (OURS.feeds, HERE, True),
        (OURS.states, HERE, True),
        (OURS.feeds, THERE, False),
    ]
    assert step.entries[-1].headers == ((STATE, b"1"),)
    assert ours.follow(kept(gone(A))[0]) is None
    assert ours.plan(Batch(HERE, ((A, b"late"),))).entries == ()


def test_events_go_out_as_they_are() -> None:
    event = record(1, headers=(("ce_id", "x"), ("b", "ü")), partition=7)

    (entry,) = mirror().plan(Batch(HERE, records=(event,))).entries

    assert entry == Entry(event.topic, b"article-1", event.value, 7, (("ce_id", b"x"), ("b", "ü".encode())), event.id)
