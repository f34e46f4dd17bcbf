"""Permanent redirects: watched for a day before they are believed, and doubted again when the new address fails.

A 301 or 308 (RFC 9110 §15.4.2, §15.4.9) may be a mistake of a night; so a feed moves only when enough polls over long
enough led to the same readable document by permanent redirects alone. The configured URL stays what operators see.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.model.poll import Response
from monitor.model.state import FeedState, Move
from monitor.model.units import Instant

PERMANENT = frozenset({301, 308})
ENOUGH_POLLS = 5
LONG_ENOUGH = 86400.0
"""Seconds between the first and the last of them."""
DOUBT = 3
"""Failures running at the new address after which the configured one is asked again."""


def watch_move(state: FeedState, url: str, response: Response, now: Instant) -> FeedState:
    """The state after a document was read: the feed has moved if `moved_to` is another than before."""
    hops = response.hops
    if not hops or any(hop.status not in PERMANENT for hop in hops):
        return replace(state, move=None)
    known = state.move if state.move is not None and state.move.target == response.url else None
    move = replace(known, polls=known.polls + 1) if known else Move(response.url, now, 1)
    if move.polls < ENOUGH_POLLS or now - move.since < LONG_ENOUGH:
        return replace(state, move=move)
    return replace(state, move=None, moved_to=move.target, moved_from=url)


def doubt_move(state: FeedState) -> FeedState:
    """The state after a failure: a new address that keeps failing is given up."""
    if state.moved_to is None or state.health.failures < DOUBT:
        return replace(state, move=None)
    return replace(state, move=None, moved_to=None, moved_from=None)
