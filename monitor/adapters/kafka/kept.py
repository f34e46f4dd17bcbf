"""What lies in the two compacted topics of the ledger: records of feeds, their states, and due times, made and read.

Keys that begin with `~` belong to the shard or the installation: they are no feeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nlargest
from operator import itemgetter

import msgspec

from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.restore import Kept
from monitor.adapters.kafka.transaction import Entry
from monitor.errors import LedgerError
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.model.units import Instant
from monitor.state.codec import decode_spec, encode_spec

FENCE = b"~fence"
DUES = "~dues"
POSITION = "~position:"
STATE = "state"
"""Header of a registry record: what is remembered of a feed that came from another shard."""
ROOM = 900_000
"""Bytes of one record of due times: brokers refuse more than 1 MiB, and the shard would be opened anew each minute."""
_DUES = msgspec.json.Decoder(dict[str, float])


@dataclass(slots=True)
class Contents:
    """One shard as its two partitions have it."""

    specs: dict[FeedId, FeedSpec] = field(default_factory=dict)
    brought: dict[FeedId, bytes] = field(default_factory=dict)
    """States that feeds brought along and that are in the registry's record alone."""
    states: dict[FeedId, bytes] = field(default_factory=dict)
    orphans: set[FeedId] = field(default_factory=set)
    """Feeds that are gone and whose state is still there."""
    dues: dict[FeedId, Instant] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    """How far the shard has read other topics, by name."""


def is_feed(key: str) -> bool:
    """Whether a key of the two topics names a feed."""
    return not key.startswith("~")


def feed_entry(
    installation: Installation, shard: ShardId, feed: FeedId, spec: FeedSpec | None, state: bytes | None = None
) -> Entry:
    """A feed's record in the registry; `spec` None removes it. `state`: what it brings along from another shard."""
    headers = () if state is None else ((STATE, state),)
    value = None if spec is None else encode_spec(spec)
    return Entry(installation.feeds, feed.encode(), value, shard, headers, id=feed)


def state_entry(installation: Installation, shard: ShardId, feed: FeedId, state: bytes | None) -> Entry:
    """A feed's state; None forgets it."""
    return Entry(installation.states, feed.encode(), state, shard, id=feed)


def dues_entry(installation: Installation, shard: ShardId, dues: Mapping[FeedId, Instant]) -> Entry:
    """All due times of a shard that are newer than their states, in one record.

    Of more than have room the latest: those feeds would be asked earlier for nothing by whoever restores the shard.
    """
    data = msgspec.json.encode(dues)
    if len(data) > ROOM:
        count = len(dues) * ROOM // len(data)
        data = msgspec.json.encode(dict(nlargest(count, dues.items(), key=itemgetter(1))))
    return Entry(installation.states, DUES.encode(), data, shard, id=DUES)


def position_entry(installation: Installation, shard: ShardId, name: str, position: int) -> Entry:
    """How far the shard has read what is named so."""
    key = f"{POSITION}{name}"
    return Entry(installation.states, key.encode(), msgspec.json.encode(position), shard, id=key)


def fences(installation: Installation, shard: ShardId) -> tuple[Entry, Entry]:
    """The two records an owner reads up to: registry, states."""
    return (
        Entry(installation.feeds, FENCE, b"", shard, id="~fence"),
        Entry(installation.states, FENCE, b"", shard, id="~fence"),
    )


def contents(registry: Iterable[Kept], states: Iterable[Kept]) -> Contents:
    """What the records of one shard come to, each topic's in order. Raises LedgerError for what cannot be read."""
    found, registry = Contents(), list(registry)
    brought = _brought(registry)
    for kept in _newest(registry).values():
        if is_feed(kept.key) and kept.value is not None:
            feed, found.specs[FeedId(kept.key)] = FeedId(kept.key), spec_of(kept)
            if feed in brought:
                found.brought[feed] = brought[feed]
    newest = _newest(states)
    _read_states(found, newest)
    _read_dues(found, newest)
    found.positions = {
        key.removeprefix(POSITION): int(kept.value)
        for key, kept in newest.items()
        if key.startswith(POSITION) and kept.value is not None
    }
    return found


def spec_of(kept: Kept) -> FeedSpec:
    """Raises LedgerError for a record of the registry that is none."""
    try:
        return decode_spec(kept.value or b"")
    except ValueError as error:
        place = f"partition {kept.partition}, offset {kept.offset}"
        raise LedgerError(f"the registry's record of {kept.key} ({place}) cannot be read: {error}") from error


def _brought(registry: Iterable[Kept]) -> dict[FeedId, bytes]:
    """What each feed brought along since it was last removed here. A change of the registry that overtook a move makes
    the former owner pass it on once more, with nothing: that takes away no memory."""
    found: dict[FeedId, bytes] = {}
    for kept in registry:
        if kept.value is None:
            found.pop(FeedId(kept.key), None)
        elif STATE in kept.headers:
            found[FeedId(kept.key)] = kept.headers[STATE]
    return found


def _newest(records: Iterable[Kept]) -> dict[str, Kept]:
    return {kept.key: kept for kept in records}


def _read_states(found: Contents, newest: Mapping[str, Kept]) -> None:
    for key, kept in newest.items():
        if kept.value is not None and is_feed(key):
            if FeedId(key) in found.specs:
                found.states[FeedId(key)] = kept.value
                found.brought.pop(FeedId(key), None)
            else:
                found.orphans.add(FeedId(key))


def _read_dues(found: Contents, newest: Mapping[str, Kept]) -> None:
    """A state that was written later has a due time of its own, which ends this one."""
    dues = newest.get(DUES)
    if dues is None or dues.value is None:
        return
    for key, due in _DUES.decode(dues.value).items():
        state = newest.get(key)
        if FeedId(key) in found.specs and (state is None or state.offset < dues.offset):
            found.dues[FeedId(key)] = due
