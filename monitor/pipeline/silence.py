"""Feeds that answer and have nothing new to say: abandoned, or moved without a word."""

from __future__ import annotations

from dataclasses import replace

from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.state import FeedState
from monitor.model.units import Instant, rfc3339
from monitor.pipeline.announce import announce, named
from monitor.pipeline.rules import Rules

SILENT = 14 * 86400.0
"""Seconds without a new item after which a feed that is read well counts as silent."""
ABSENCE = 365 * 86400.0
"""Seconds between two good polls that only a wrong clock can show."""


def tell_silence(feed: FeedSpec, outcome: Outcome, before: FeedState, rules: Rules, now: Instant) -> Outcome:
    """The outcome with an event `silent` if this is the first good poll beyond the limit; said once until news comes.

    The good poll before and this one lie on either side of the limit. A restart may know an older one than there was:
    what it does not know of has told nothing, for what tells is stored.
    """
    newest, last = _newest(outcome.state, now), before.health.last_success
    if newest is None or last is None or outcome.state.health.last_success != now or last - newest > SILENT:
        return outcome
    if now - last > ABSENCE:
        # A clock was set right: that is no silence of the feed.
        return outcome
    number = outcome.state.events + 1
    detail = {"since": rfc3339(newest), "seconds": round(now - newest)}
    event, made = announce(named(feed, outcome.state.title), number, "silent", detail, rules, now)
    state = replace(outcome.state, events=number)
    return replace(outcome, state=state, events=(*outcome.events, event), records=(*outcome.records, made))


def _newest(state: FeedState, now: Instant) -> Instant | None:
    """When the last new item came, if that is too long ago. What a filter holds back has come all the same."""
    published = state.health.last_new
    if published is not None and now - published <= SILENT:
        return None
    newest = max((item.first_seen for item in state.items), default=published)
    return newest if newest is not None and now - newest > SILENT else None
