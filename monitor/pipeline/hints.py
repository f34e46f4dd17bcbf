"""What reading is told of the state, so that a worker process needs nothing else."""

from __future__ import annotations

from monitor.model.article import Hints
from monitor.model.feed import FeedSpec
from monitor.model.poll import Failed, Fetched
from monitor.model.state import FeedState
from monitor.model.units import Instant
from monitor.normalise.furniture import learned_lines


def hints_of(feed: FeedSpec, state: FeedState, body_hash: str, now: Instant) -> Hints:
    """The hints for one document of this feed."""
    same_torn_body = state.health.truncated_hash == body_hash
    return Hints(
        fetched_at=now,
        known=frozenset(item.raw_hash for item in state.items),
        charset=feed.overrides.charset,
        zone=feed.overrides.zone,
        furniture=learned_lines(state.furniture),
        language=feed.language or state.language,
        truncated_streak=state.health.truncated_streak if same_torn_body else 0,
    )


def remembered_failure(state: FeedState, verdict: Fetched) -> Failed | None:
    """What came of this very body before, if it could not be read: it is not worth a worker again."""
    health = state.health
    if health.bad_body_hash != verdict.body_hash or health.kind not in ("parse", "parse_timeout", "parse_memory"):
        return None
    return Failed(health.kind, health.reason, health.detail, verdict.response, verdict.body_hash)
