"""`process`: what a poll leads to. Pure, and below the cost of a millisecond per new article."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import assert_never

from monitor.fetch.verdict import freshness
from monitor.model.article import Reading
from monitor.model.event import FeedEvent, Outcome
from monitor.model.feed import FeedSpec
from monitor.model.mask import mask_url
from monitor.model.notes import Note, OperatorTold, Unaccounted
from monitor.model.notes import Polled as PolledNote
from monitor.model.poll import Failed, Gone, NotModified, Response, Throttled
from monitor.model.state import FeedState
from monitor.model.units import Instant, rfc3339
from monitor.pipeline.announce import announce, named
from monitor.pipeline.judge import judge
from monitor.pipeline.rules import Rules
from monitor.pipeline.silence import tell_silence
from monitor.schedule.cadence import after_gap, bounds_for, learn, next_due
from monitor.state.moves import doubt_move, watch_move
from monitor.state.transition import after_failure, after_not_modified, keep_freshness

Polled = Reading | NotModified | Gone | Throttled | Failed
"""What comes of a poll before the state has been asked."""

DARK_WAIT = 300.0
"""Seconds until a feed is asked again that failed while our own uplink was down; nothing else is held against it."""
DARK_REASON = "5m: the network as a whole is down, nothing is counted"
DARK_KINDS = frozenset({"dns", "connect", "tls", "tls_cert", "timeout", "not_a_feed"})
"""What a feed may seem to be when only our own uplink is down, or a portal answers in everybody's place."""
FOR_OPERATORS = frozenset({"auth", "blocked_address", "blocked_url"})


@dataclass(frozen=True, slots=True)
class Moment:
    """Time and chance of one poll. `uplink` is false while our own network is down: then nothing counts."""

    now: Instant
    jitter: float = 0.0
    uplink: bool = True


def process(feed: FeedSpec, result: Polled, state: FeedState, rules: Rules, moment: Moment) -> Outcome:
    """`processing`, run to its end."""
    steps = processing(feed, result, state, rules, moment)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def processing(
    feed: FeedSpec, result: Polled, state: FeedState, rules: Rules, moment: Moment
) -> Generator[None, None, Outcome]:
    """The outcome of one poll, in slices of about one article each."""
    match result:
        case Reading():
            if result.failed is not None:
                outcome = _failed(feed, result.failed, state, rules, moment)
            else:
                outcome = yield from judge(feed, result, state, rules, moment.now)
        case NotModified():
            outcome = Outcome(feed, after_not_modified(state, result, moment.now))
        case Failed() | Gone() | Throttled():
            outcome = _failed(feed, result, state, rules, moment)
        case _:
            assert_never(result)
    outcome = _move(feed, outcome, result, rules, moment)
    outcome = tell_silence(feed, outcome, state, rules, moment.now)
    learned = _learn(feed, outcome, state, rules, moment)
    planned = _plan(feed, result, learned, rules, moment)
    notes = _notes(replace(outcome, state=planned), state, _response(result), rules, quiet=not moment.uplink)
    reading = result if isinstance(result, Reading) else None
    return replace(outcome, state=planned, notes=outcome.notes + notes, reading=reading)


def _response(result: Polled) -> Response:
    return result.verdict.response if isinstance(result, Reading) else result.response


def _failed(
    feed: FeedSpec, failed: Failed | Gone | Throttled, state: FeedState, rules: Rules, moment: Moment
) -> Outcome:
    """No document. A feed that is given up for good says so once."""
    after = after_failure(state, failed, moment.now, counted=moment.uplink)
    if not after.health.retired or state.health.retired:
        return Outcome(feed, after)
    detail = {"since": rfc3339(state.health.gone_since or moment.now)}
    number = state.events + 1
    event, made = announce(named(feed, state.title), number, "retired", detail, rules, moment.now)
    return Outcome(feed, replace(after, events=number), (event,), (made,))


def _move(feed: FeedSpec, outcome: Outcome, result: Polled, rules: Rules, moment: Moment) -> Outcome:
    """Permanent redirects: the outcome of a poll that moved the feed says so, in its verdict and in an event."""
    state = outcome.state
    if state.health.last_success != moment.now:
        return replace(outcome, state=doubt_move(state)) if moment.uplink else outcome
    after = watch_move(state, feed.url, _response(result), moment.now)
    if after.moved_to == state.moved_to or not moment.uplink:
        return replace(outcome, state=after) if moment.uplink else outcome
    detail = {"from": mask_url(state.address(feed.url)), "to": mask_url(after.address(feed.url))}
    number = state.events + 1
    event, made = announce(named(feed, state.title), number, "moved", detail, rules, moment.now)
    moved = replace(after, events=number, health=replace(after.health, kind="redirected"))
    return replace(outcome, state=moved, events=(*outcome.events, event), records=(*outcome.records, made))


def _learn(feed: FeedSpec, outcome: Outcome, before: FeedState, rules: Rules, moment: Moment) -> FeedState:
    """The state with what this poll taught about how often news comes."""
    state = outcome.state
    if state.health.last_success != moment.now:
        return state
    last = before.health.last_success
    elapsed = moment.now - last if last is not None else 0.0
    window = outcome.counts.fetched or state.cadence.window
    bounds = bounds_for(feed, state.cadence, rules.schedule)
    # What a filter holds back has come all the same: the feed must be asked before it rolls out of the document.
    came = sum(item.first_seen == moment.now for item in state.items)
    cadence = learn(state.cadence, came, window, elapsed, bounds)
    gapped = any(isinstance(event, FeedEvent) and event.kind == "gap" for event in outcome.events)
    return replace(state, cadence=after_gap(cadence, feed, rules.schedule) if gapped else cadence)


def _plan(feed: FeedSpec, result: Polled, state: FeedState, rules: Rules, moment: Moment) -> FeedState:
    """The state with freshness and due time."""
    if state.health.last_success == moment.now:
        fresh = freshness(_response(result).headers, moment.now)
        state = keep_freshness(state, fresh, not_modified=isinstance(result, NotModified))
    elif not moment.uplink and state.health.kind in DARK_KINDS:
        return replace(state, cadence=replace(state.cadence, due=moment.now + DARK_WAIT, reason=DARK_REASON))
    wait = result.retry_after if isinstance(result, Throttled) else None
    due = next_due(feed, state, moment.now, rules.schedule, moment.jitter, wait)
    return replace(state, cadence=replace(state.cadence, due=due.due, reason=due.reason))


def _notes(outcome: Outcome, before: FeedState, response: Response, rules: Rules, *, quiet: bool) -> tuple[Note, ...]:
    """The one rich line of a poll, and what an operator has to know besides."""
    notes: list[Note] = [replace(_polled(outcome, response, rules), quiet=quiet and not outcome.counts.fetched)]
    if outcome.counts.unaccounted:
        notes.append(Unaccounted(outcome.feed.id, outcome.counts.unaccounted))
    health = outcome.state.health
    told = before.health.kind == health.kind and before.health.reason == health.reason
    if health.kind in FOR_OPERATORS and not told:
        notes.append(OperatorTold(outcome.feed.id, health.kind, health.reason, health.detail))
    return tuple(notes)


def _polled(outcome: Outcome, response: Response, rules: Rules) -> PolledNote:
    feed, state = outcome.feed, outcome.state
    counts, by_watch = outcome.counts, outcome.alerts_by_watch
    return PolledNote(
        feed=feed.id,
        url=mask_url(feed.url),
        verdict=state.health.kind or "internal",
        reason=state.health.reason,
        status=response.status,
        bytes=response.wire_bytes,
        fetched=counts.fetched,
        new=counts.new,
        updated=counts.updated,
        known=counts.known,
        filtered=counts.filtered,
        quarantined=counts.quarantined,
        cut=counts.cut,
        alerts=sum(count for _, count in by_watch),
        duration=round(response.duration, 3),
        next_at=state.cadence.due,
        generation=rules.generation,
        alerts_by_watch=by_watch,
    )
