"""How a poll changes what is remembered of a feed. Nothing here is stored before the events of the poll are durable.

RFC 9110 §13, §15.4.5 for validators; the classes of verdicts and what counts as a failure are those of the closed set.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.model.article import Reading
from monitor.model.poll import Failed, Fetched, Gone, NotModified, Throttled, Validators, ValidatorsByUrl, VerdictKind
from monitor.model.state import FeedState, Freshness, Health
from monitor.model.units import Instant

UNCOUNTED = frozenset({"gone", "rate_limited", "blocked_address", "blocked_url", "internal"})
"""Kinds that say nothing about whether the feed works."""
REMEMBERED_URLS = 4
"""Of how many URLs (the feed and what it redirects to) validators are kept."""
GONE_CONFIRMED = 3 * 86400.0
"""A second 410 this long after the first retires a feed (seconds)."""


def renew(known: ValidatorsByUrl, url: str, given: Validators) -> ValidatorsByUrl:
    """Validators after an answer of `url`: renewed on every 200 and 304, gone if the answer had none."""
    others = tuple(pair for pair in known if pair[0] != url)
    return (((url, given),) if given else ()) + others[: REMEMBERED_URLS - 1]


def after_read(state: FeedState, reading: Reading, now: Instant) -> FeedState:
    """A document was read: validators and body hash of what is now known, health restored."""
    verdict = reading.verdict
    return replace(
        state,
        validators=renew(state.validators, verdict.url, verdict.validators),
        body_hash=verdict.body_hash,
        rounds=state.rounds + 1,
        advice=reading.advice,
        title=reading.feed_title or state.title,
        language=reading.language or state.language,
        health=_well(state.health, verdict, now),
    )


def after_not_modified(state: FeedState, verdict: NotModified, now: Instant) -> FeedState:
    """Nothing new, but the validators are those a 200 would have carried."""
    return replace(
        state,
        validators=renew(state.validators, verdict.response.url, verdict.validators),
        health=_well(state.health, verdict, now),
    )


def after_failure(
    state: FeedState, verdict: Failed | Gone | Throttled, now: Instant, *, counted: bool = True
) -> FeedState:
    """No document: validators, body hash and item memory stay as they were.

    `counted=False` while our own uplink is down: then nothing is held against the feed.
    """
    health = replace(
        state.health,
        kind=verdict.kind,
        reason=verdict.reason,
        detail=verdict.detail if isinstance(verdict, Failed) else "",
        status=verdict.response.status,
        last_poll=now,
    )
    if not counted:
        return replace(state, health=health)
    failures = health.failures + (verdict.kind not in UNCOUNTED)
    return replace(state, health=_note_body(_note_gone(replace(health, failures=failures), verdict, now), verdict))


def keep_freshness(state: FeedState, max_age: float | None, *, not_modified: bool) -> FeedState:
    """HTTP freshness after an answer; a 304 may shorten what is stored, not lengthen it, and not forget it."""
    known = state.freshness.max_age
    if not_modified and known is not None:
        max_age = known if max_age is None else min(known, max_age)
    return replace(state, freshness=Freshness(max_age))


def worth_writing(old: FeedState, new: FeedState) -> bool:
    """Whether a restart would miss more than the due time if `new` were not stored."""
    return _lasting(old) != _lasting(new)


def _lasting(state: FeedState) -> FeedState:
    """The state without what every poll changes: times of polls, the due time and its reason, moving averages."""
    health = replace(state.health, last_poll=None, last_success=None, detail="", kind=_outcome_class(state.health))
    cadence = replace(state.cadence, due=0.0, reason="", rate_slow=0.0, rate_fast=0.0, interval=0.0)
    return replace(state, health=health, cadence=cadence)


def _outcome_class(health: Health) -> VerdictKind | None:
    """`ok` and `not_modified` are one to a restart."""
    return "ok" if health.kind == "not_modified" else health.kind


def _well(health: Health, verdict: Fetched | NotModified, now: Instant) -> Health:
    return Health(
        kind=verdict.kind,
        reason=verdict.reason,
        status=verdict.response.status,
        last_poll=now,
        last_success=now,
        last_new=health.last_new,
    )


def _note_gone(health: Health, verdict: Failed | Gone | Throttled, now: Instant) -> Health:
    """One 410 slows a feed down; a second one days later retires it."""
    if not isinstance(verdict, Gone):
        return replace(health, gone_since=None)
    since = health.gone_since if health.gone_since is not None else now
    return replace(health, gone_since=since, retired=health.retired or now - since >= GONE_CONFIRMED)


def _note_body(health: Health, verdict: Failed | Gone | Throttled) -> Health:
    """The same truncated body three polls running is the publisher's; an unreadable one is not read twice."""
    if not isinstance(verdict, Failed) or verdict.body_hash is None:
        return replace(health, truncated_hash=None, truncated_streak=0)
    if verdict.kind != "truncated":
        return replace(health, bad_body_hash=verdict.body_hash)
    streak = health.truncated_streak + 1 if health.truncated_hash == verdict.body_hash else 1
    return replace(health, truncated_hash=verdict.body_hash, truncated_streak=streak)
