"""What is in memory of an open shard, and what a round of polls is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from monitor.app.worker import state_of
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.snapshot import FeedRow
from monitor.model.state import FeedState, Health
from monitor.model.units import Instant
from monitor.schedule.agenda import Agenda
from monitor.state.codec import encode_state


@dataclass(slots=True)
class Running:
    """What is in memory of an open shard: specifications, states as bytes, and a light picture of each feed."""

    specs: dict[FeedId, FeedSpec]
    states: dict[FeedId, bytes]
    rows: dict[FeedId, FeedRow]
    agenda: Agenda
    dues: Mapping[FeedId, Instant] = field(default_factory=dict)
    """Due times newer than the state's own, as of the opening."""

    def state(self, feed: FeedId) -> FeedState:
        """The state of a feed as of its last durable poll; a fresh one if it was never polled."""
        return state_of(feed, self.states.get(feed))

    def keep(self, spec: FeedSpec, state: FeedState) -> None:
        """Replaces the state of a feed in memory, for its outcome is durable."""
        self.states[spec.id] = encode_state(state)
        self.rows[spec.id] = row_of(spec, state)

    def packed(self, feed: FeedId, due: Instant) -> bytes | None:
        """All that is remembered of a feed, for whoever polls it from now on, with when that is; None for nothing."""
        if feed not in self.states:
            return None
        state = self.state(feed)
        return encode_state(replace(state, cadence=replace(state.cadence, due=due)))


@dataclass(frozen=True, slots=True)
class Round:
    """An agenda that ends: only these feeds, due or not; without `feeds` all, and without `all` those that are due."""

    feeds: frozenset[FeedId] = frozenset()
    all: bool = False

    def due(self, feed: FeedId, planned: Instant | None, now: Instant) -> bool:
        """Whether this feed is polled in the round."""
        if self.feeds:
            return feed in self.feeds
        return self.all or planned is None or planned <= now


def kept_back_by_us(health: Health) -> bool:
    """Our own settings refused the feed and nobody was asked, so nothing is owed to anybody's server."""
    return health.kind in ("blocked_url", "blocked_address") and not health.status


def row_of(spec: FeedSpec, state: FeedState) -> FeedRow:
    """The light picture of a feed."""
    return FeedRow(spec, state.health, state.cadence, state.totals, state.title, len(state.items))
