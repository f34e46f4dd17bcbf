"""What an owner knows of its shard beside the topics, and what a batch comes to in records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.kept import (
    STATE,
    Contents,
    dues_entry,
    feed_entry,
    is_feed,
    position_entry,
    spec_of,
    state_entry,
)
from monitor.adapters.kafka.restore import Kept
from monitor.adapters.kafka.transaction import Entry
from monitor.model.event import Batch, Moved, Record
from monitor.model.feed import FeedChanges
from monitor.model.ids import FeedId, ShardId
from monitor.model.units import Instant


@dataclass(frozen=True, slots=True)
class Step:
    """A batch on its way: its records, and what is so once they are committed."""

    entries: tuple[Entry, ...]
    states: dict[FeedId, bytes]
    gone: frozenset[FeedId]
    dues: dict[FeedId, Instant]
    moved: frozenset[FeedId]


class Mirror:
    """One shard as the registry has it now and the state topic will have it after the commit under way."""

    def __init__(self, installation: Installation, shard: ShardId, found: Contents) -> None:
        self._installation, self._shard = installation, shard
        self._specs, self._brought = dict(found.specs), dict(found.brought)
        self._dues, self._orphans = dict(found.dues), set(found.orphans)
        self._stated = found.states.keys() | found.orphans
        self._leaving: frozenset[FeedId] = frozenset()

    def follow(self, kept: Kept) -> FeedChanges | None:
        """A record of the registry; None if it changes nothing for the shard. Raises LedgerError for what is none."""
        if not is_feed(kept.key):
            return None
        if kept.value is None:
            return self._remove(FeedId(kept.key))
        feed, spec, state = FeedId(kept.key), spec_of(kept), kept.headers.get(STATE)
        brings = state is not None and self._lacks_state(feed) and self._brought.get(feed) != state
        changed = self._specs.get(feed) != spec
        self._specs[feed] = spec
        if state is not None and brings:
            self._brought[feed] = state
            return FeedChanges((spec,), states=((feed, state),))
        return FeedChanges((spec,)) if changed else None

    def plan(self, batch: Batch) -> Step:
        """States and due times of feeds that the registry has not are left out; what they left behind goes."""
        moved = self._leaving = frozenset(one.feed.id for one in batch.moved)
        here = self._specs.keys() - moved
        new = {feed: state for feed, state in batch.states if feed in here}
        states = {feed: state for feed, state in self._brought.items() if feed in here} | new
        gone = frozenset(self._orphans - states.keys() - moved)
        due = {feed: at for feed, at in batch.dues if feed in here}
        dues = {feed: at for feed, at in self._dues.items() if feed in here and feed not in new} | due
        entries = (
            *(_entry(record) for record in batch.records),
            *(state_entry(self._installation, self._shard, feed, state) for feed, state in states.items()),
            *(state_entry(self._installation, self._shard, feed, None) for feed in gone),
            *(entry for one in batch.moved for entry in self._move(one)),
            # Behind the states: a state that lies behind the due times ends that of its feed.
            *([dues_entry(self._installation, self._shard, dues)] if due else []),
            *(position_entry(self._installation, self._shard, *one) for one in batch.positions),
        )
        return Step(entries, states, gone, dues, moved)

    def settle(self, step: Step) -> None:
        """It is committed. Meanwhile feeds may have gone."""
        self._stated = (self._stated | step.states.keys()) - step.gone - step.moved
        for feed in step.moved:
            self._specs.pop(feed, None)
        self._brought = {feed: state for feed, state in self._brought.items() if feed not in step.states}
        self._orphans = (self._orphans - step.gone - step.states.keys()) | (step.states.keys() - self._specs.keys())
        self._dues = {feed: at for feed, at in step.dues.items() if feed in self._specs}
        self._leaving = frozenset()

    def _remove(self, feed: FeedId) -> FeedChanges | None:
        if feed in self._leaving:
            return None
        self._dues.pop(feed, None)
        self._brought.pop(feed, None)
        if feed in self._stated:
            self._orphans.add(feed)
        return FeedChanges(removed=(feed,)) if self._specs.pop(feed, None) is not None else None

    def _lacks_state(self, feed: FeedId) -> bool:
        """What a feed left behind that was removed does not count when it comes back."""
        return feed not in self._stated or feed in self._orphans

    def _move(self, moved: Moved) -> Iterator[Entry]:
        """Out of both partitions here, and into the registry's there with all that is remembered."""
        feed = moved.feed.id
        yield feed_entry(self._installation, self._shard, feed, None)
        yield state_entry(self._installation, self._shard, feed, None)
        yield feed_entry(self._installation, moved.shard, feed, moved.feed, moved.state)


def _entry(record: Record) -> Entry:
    headers = tuple((name, value.encode()) for name, value in record.headers)
    return Entry(record.topic, record.key.encode(), record.value, record.partition, headers, record.id)
