"""What the registry's topic comes to, and what has to be written to change it."""

from __future__ import annotations

import pytest

from monitor.adapters.kafka.kept import STATE
from monitor.adapters.kafka.listing import MARK, Listing, listed, memories
from monitor.adapters.kafka.restore import Kept
from monitor.errors import LedgerTooNew
from monitor.model.feed import FeedChanges, FeedSpec, Mark
from monitor.model.ids import FeedId
from monitor.model.state import FeedState
from monitor.schedule.placement import host_key, shard_of
from monitor.state.codec import decode_state, encode_spec, encode_state
from monitor.testing.builders import feed

TOPIC, SHARDS = "test.feeds", 4
A, B = FeedId("a"), FeedId("b")
HOME = shard_of(host_key(feed("a").url), SHARDS)
AWAY = (HOME + 1) % SHARDS


def memory(id_: str, rounds: int) -> bytes:
    """What is remembered of a feed that was read so often."""
    return encode_state(FeedState(FeedId(id_), rounds=rounds))


def kept(key: str, value: bytes | None, partition: int = HOME, state: bytes | None = None) -> Kept:
    """A record of the topic."""
    return Kept(partition, 0, key, value, {} if state is None else {STATE: state})


def put(spec: FeedSpec, partition: int = HOME, state: bytes | None = None) -> Kept:
    """A feed's record."""
    return kept(spec.id, encode_spec(spec), partition, state)


def listing(*records: Kept, states: dict[tuple[int, FeedId], bytes] | None = None) -> Listing:
    """The registry of these records."""
    return listed(TOPIC, SHARDS, records, states)


def written(found: Listing, *specs: FeedSpec, removed: tuple[str, ...] = (), mark: Mark | None = None):
    """Key, place, whether it is a tombstone, and the state of each record to write."""
    entries = found.entries(FeedChanges(specs, tuple(map(FeedId, removed))), mark)
    assert {entry.topic for entry in entries} <= {TOPIC}
    return [(one.key.decode(), one.partition, one.value is None, dict(one.headers).get(STATE)) for one in entries]


def test_the_newest_record_of_a_place_counts_and_a_tombstone_ends_it():
    """Records without a key, or of the shard, are no feeds; one that cannot be read is none either."""
    found = listing(
        put(feed("a")),
        put(feed("a", notes="newer")),
        put(feed("b")),
        kept("b", None),
        kept("", b"{}"),
        kept("~fence", b""),
        kept("broken", b"{"),
    )
    assert found.feeds() == {A: feed("a", notes="newer")}
    assert written(found, feed("broken")) == [("broken", HOME, False, None)]
    assert written(found, removed=("broken", "b")) == [("broken", HOME, True, None)]


def test_only_differences_are_written():
    """Nothing for a feed as it is, or one that is gone already."""
    found = listing(put(feed("a")))
    assert written(found, feed("a"), removed=("b",)) == []
    assert written(found, feed("a", paused=True), removed=("b",)) == [("a", HOME, False, None)]
    assert written(found, removed=("a",)) == [("a", HOME, True, None)]


def test_a_new_feed_goes_to_the_shard_of_its_host_and_a_known_one_stays():
    """With its memory, which only the owner can pass on together with it."""
    assert written(listing(), feed("a")) == [("a", HOME, False, None)]
    found = listing(put(feed("a"), AWAY, memory("a", 1)))
    assert written(found, feed("a", paused=True)) == [("a", AWAY, False, memory("a", 1))]


@pytest.mark.parametrize(
    ("here", "there", "place"),
    [
        (None, None, HOME),
        (None, memory("a", 0), AWAY),
        (memory("a", 2), memory("a", 3), AWAY),
        (memory("a", 3), memory("a", 3), HOME),
        (b"\x01broken", None, HOME),
    ],
)
def test_of_two_places_the_one_that_remembers_most_counts(here, there, place):
    """By the states of the shards, or by what the records bring; the shard of the host where neither knows more."""
    records = (put(feed("a", notes="here")), put(feed("a", notes="there"), AWAY))
    states = {(at, A): state for at, state in ((HOME, here), (AWAY, there)) if state is not None}
    by_states = listing(*records, states=states)
    by_headers = listing(put(feed("a", notes="here"), HOME, here), put(feed("a", notes="there"), AWAY, there))
    for found in (by_states, by_headers):
        assert found.feeds()[A].notes == ("here" if place == HOME else "there")
        assert found.asked(FeedChanges()) == {HOME, AWAY}
        assert written(found)[0][:3] == ("a", AWAY if place == HOME else HOME, True)
        assert [one[:3] for one in written(found, feed("a"))[1:]] == [("a", place, False)]
        assert {one[:3] for one in written(found, removed=("a",))} == {("a", HOME, True), ("a", AWAY, True)}


def test_a_renamed_feed_brings_the_memory_of_its_old_name():
    """From the state of its shard, or from its record; not if it has one of its own, or if the old one has none."""
    renamed, old = feed("b", renamed_from=A), put(feed("a"), AWAY)
    assert listing(old).asked(FeedChanges((renamed,))) == {AWAY}
    assert listing(put(feed("b"))).asked(FeedChanges((renamed,))) == frozenset()
    for found in (listing(old, states={(AWAY, A): memory("a", 7)}), listing(put(feed("a"), AWAY, memory("a", 7)))):
        ((key, _, _, state),) = written(found, renamed)
        assert (key, decode_state(state)) == ("b", FeedState(B, rounds=7))
    assert written(listing(old), renamed)[0][3] is None
    assert written(listing(), renamed)[0][3] is None
    assert written(listing(old, states={(AWAY, A): b"\x01broken"}), renamed)[0][3] is None
    both = {(AWAY, A): memory("a", 7), (HOME, B): memory("b", 1)}
    assert written(listing(old, put(feed("b")), states=both), renamed) == [("b", HOME, False, None)]
    with pytest.raises(LedgerTooNew):
        written(listing(old, states={(AWAY, A): b"\xff"}), renamed)


def test_the_mark_lies_in_the_first_partition_and_is_written_when_it_differs():
    """One that cannot be read is none."""
    one = Mark("one", 5.5)
    (entry,) = listing().entries(FeedChanges(), one)
    assert (entry.key.decode(), entry.partition) == (MARK, 0)
    found = listing(kept(MARK, entry.value, 0), kept(MARK, b'{"generation": "elsewhere", "read_at": 9}', 1))
    assert found.mark == one
    assert written(found, mark=one) == []
    assert written(found, mark=Mark("one", 6.0)) == [(MARK, 0, False, None)]
    assert listing(kept(MARK, b"{", 0)).mark is None
    assert listing(kept(MARK, None, 0)).mark is None
    assert found.feeds() == {}


def test_memories_are_those_of_feeds():
    """A forgotten one is none; keys of the shard are not looked at."""
    records = [kept("a", b"old"), kept("a", b"new"), kept("b", b"x"), kept("b", None), kept("~dues", b"{}")]
    assert memories(records) == {(HOME, A): b"new"}
