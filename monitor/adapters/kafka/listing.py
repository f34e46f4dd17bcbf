"""The registry's topic as it was read, and the records that bring it level with a change. Nothing here speaks to Kafka.

A feed is listed in one partition, that of its shard. It is in two when a change of the registry overtook a move between
shards: then the place that remembers most of it counts, for what a place has forgotten would be published again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import msgspec

from monitor.adapters.kafka.kept import STATE, is_feed
from monitor.adapters.kafka.restore import Kept
from monitor.adapters.kafka.transaction import Entry
from monitor.model.feed import FeedChanges, FeedSpec, Mark
from monitor.model.ids import FeedId
from monitor.schedule.placement import host_key, shard_of
from monitor.state.codec import decode_spec, decode_state, encode_spec, encode_state

MARK = "~config"
"""Key of the record, in partition 0, that says which configuration was applied last."""

States = Mapping[tuple[int, FeedId], bytes]
"""Memories by partition and feed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the registry holds, and what it takes to change it."""

    topic: str
    shards: int
    places: Mapping[FeedId, Mapping[int, Kept]]
    """The records of each feed by partition."""
    mark: Mark | None
    states: States

    def feeds(self) -> dict[FeedId, FeedSpec]:
        """Every feed once. A record that is no specification is none."""
        found = ((feed, _spec(self.home(feed))) for feed in self.places)
        return {feed: spec for feed, spec in found if spec is not None}

    def home(self, feed: FeedId) -> Kept | None:
        """The record that counts; None if the feed is not there."""
        found = self.places.get(feed, {}).values()
        return max(found, key=self._claim) if len(found) > 1 else next(iter(found), None)

    def asked(self, changes: FeedChanges) -> frozenset[int]:
        """Partitions whose memories `entries` needs to know for these changes."""
        twice = [feed for feed, found in self.places.items() if len(found) > 1]
        renamed = [(spec.id, spec.renamed_from) for spec in changes.put if spec.renamed_from in self.places]
        names = [*twice, *(feed for pair in renamed for feed in pair if feed is not None)]
        return frozenset(partition for feed in names for partition in self.places.get(feed, {}))

    def entries(self, changes: FeedChanges, mark: Mark | None) -> list[Entry]:
        """What has to be written; nothing for what is so already."""
        gone = set(changes.removed)
        wanted = {spec.id: spec for spec in changes.put if spec.id not in gone}
        put = (self._put(spec) for spec in wanted.values())
        return [*self._removals(gone), *(one for one in put if one is not None), *self._marking(mark)]

    def _removals(self, gone: set[FeedId]) -> Iterator[Entry]:
        """Tombstones for what is gone, and for the lesser record of what is there twice."""
        for feed, found in self.places.items():
            kept = None if feed in gone else self.home(feed)
            for partition in found:
                if kept is None or partition != kept.partition:
                    yield Entry(self.topic, feed.encode(), None, partition)

    def _put(self, spec: FeedSpec) -> Entry | None:
        there = self.home(spec.id)
        state = self._memory(spec, there)
        if there is not None and _spec(there) == spec and there.headers.get(STATE) == state:
            return None
        # A feed stays where its memory is, whatever its URL says: only the owner can pass both on together.
        place = shard_of(host_key(spec.url), self.shards) if there is None else there.partition
        headers = () if state is None else ((STATE, state),)
        return Entry(self.topic, spec.id.encode(), encode_spec(spec), place, headers)

    def _memory(self, spec: FeedSpec, there: Kept | None) -> bytes | None:
        """What the record brings along: as before, for nobody may have taken it up yet, or that of its former name."""
        if there is not None and STATE in there.headers:
            return there.headers[STATE]
        if there is not None and (there.partition, spec.id) in self.states:
            return None
        old = self.home(spec.renamed_from) if spec.renamed_from is not None else None
        state = None if old is None else self._state(old)
        if state is not None:
            with suppress(ValueError):
                return encode_state(replace(decode_state(state), feed=spec.id))
        return None

    def _marking(self, mark: Mark | None) -> Iterator[Entry]:
        if mark is not None and mark != self.mark:
            yield Entry(self.topic, MARK.encode(), msgspec.json.encode(mark), 0)

    def _claim(self, kept: Kept) -> tuple[int, bool, int]:
        state, rounds = self._state(kept), -1
        if state is not None:
            with suppress(ValueError):
                rounds = decode_state(state).rounds
        spec = _spec(kept)
        here = spec is not None and shard_of(host_key(spec.url), self.shards) == kept.partition
        return rounds, here, -kept.partition

    def _state(self, kept: Kept) -> bytes | None:
        return self.states.get((kept.partition, FeedId(kept.key)), kept.headers.get(STATE))


def listed(topic: str, shards: int, kept: Iterable[Kept], states: States | None = None) -> Listing:
    """The registry as its records, in order per partition, have it."""
    places: dict[FeedId, dict[int, Kept]] = {}
    mark = None
    for one in kept:
        if one.key == MARK and one.partition == 0:
            mark = _mark(one.value)
        elif one.key and is_feed(one.key):
            found = places.setdefault(FeedId(one.key), {})
            found.pop(one.partition, None)
            if one.value is not None:
                found[one.partition] = one
    return Listing(topic, shards, {feed: found for feed, found in places.items() if found}, mark, states or {})


def memories(kept: Iterable[Kept]) -> dict[tuple[int, FeedId], bytes]:
    """The states a topic holds, by partition and feed."""
    found = {(one.partition, FeedId(one.key)): one.value for one in kept if is_feed(one.key)}
    return {place: state for place, state in found.items() if state is not None}


def _spec(kept: Kept | None) -> FeedSpec | None:
    with suppress(ValueError):
        return decode_spec(kept.value) if kept is not None and kept.value is not None else None
    return None


def _mark(value: bytes | None) -> Mark | None:
    with suppress(ValueError):
        return msgspec.json.decode(value or b"null", type=Mark | None)
    return None
