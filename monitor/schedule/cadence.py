"""When a feed is due again, and the sum that led there, in words.

Pure: the same inputs give the same line, so `feeds status` can always answer why a feed was not polled.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.model.feed import FeedSpec, Interval
from monitor.model.ids import FeedId, digest
from monitor.model.poll import NextPoll
from monitor.model.state import Cadence, FeedState
from monitor.model.units import Instant, spell_duration
from monitor.schedule.settings import ScheduleSettings

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
CLASS_BOUNDS = {
    "polite": Interval(HOUR, DAY),
    "news": Interval(5 * MINUTE, HOUR),
    "burst": Interval(30.0, HOUR),
}
GAP_FLOOR = 5 * MINUTE
"""How far the floor of a feed may fall that has lost news between two polls."""
SLOW_HALF_LIFE, FAST_HALF_LIFE = 3 * DAY, 3 * HOUR
SPREAD_PER_FEED = 0.05
"""Seconds of start-up per feed: 20 first polls a second."""
MAX_JITTER = 30 * MINUTE
BACK_OFF_BASE = 5 * MINUTE
MAX_DOUBLINGS = 32

Part = tuple[float, str]
"""Seconds, and why, in words."""


def class_bounds(feed: FeedSpec, settings: ScheduleSettings) -> Interval:
    """Floor and ceiling of the time between two polls, seconds: the feed's own interval, else those of its class.

    A ceiling below the floor is the floor.
    """
    bounds = feed.interval or CLASS_BOUNDS.get(feed.cls) or CLASS_BOUNDS[settings.cls]
    return Interval(bounds.min, max(bounds.min, bounds.max))


def bounds_for(feed: FeedSpec, cadence: Cadence, settings: ScheduleSettings) -> Interval:
    """The bounds of the class, with the lower floor that a proven gap allows."""
    bounds = class_bounds(feed, settings)
    if cadence.gapped and feed.overrides.gap_may_lower_floor:
        return Interval(min(bounds.min, GAP_FLOOR), bounds.max)
    return bounds


def next_due(
    feed: FeedSpec,
    state: FeedState,
    now: Instant,
    settings: ScheduleSettings,
    jitter: float,
    retry_after: float | None = None,
) -> NextPoll:
    """When to ask again after a poll that ended at `now`; `state` already tells how it went.

    `jitter` is in [-1, 1). `retry_after`: seconds the server named (RFC 9110 §10.2.3); negative is ignored.
    """
    bounds = bounds_for(feed, state.cadence, settings)
    floors = _floors(feed, state, bounds)
    floor = max(seconds for seconds, _ in floors)
    usual, words = _wanted(feed, state.cadence, bounds)
    basis = _basis(feed, state, max(usual, floor), settings)
    parts = [basis[1] if basis else words, *(text for _, text in floors)]
    delay = max(basis[0] if basis else usual, floor)
    if (asked := _retry_after(retry_after, settings)) is not None:
        delay, floor = max(delay, asked[0]), max(floor, asked[0])
        parts.append(asked[1])
    offset = jitter * min(settings.jitter * delay, MAX_JITTER)
    wait = _shake(delay, offset, floor, _ceiling(state, delay, settings))
    parts.append(f"jitter {'-' if wait < delay else '+'}{spell_duration(abs(wait - delay))}")
    due, skipped = _leave_skipped(feed, state, now + wait, abs(offset))
    return NextPoll(due, f"{spell_duration(due - now)}: {'; '.join([*parts, *skipped])}")


def learn(cadence: Cadence, new_items: int, window: int, elapsed: float, bounds: Interval) -> Cadence:
    """What a document teaches: `new_items` of its `window` items came within `elapsed` seconds since the last one.

    Wanted is about one new item a poll, and four polls before an item can roll out of the document. The first
    document only sets the window (`elapsed` 0): its items say nothing about how often news comes. A poll that found
    the document unchanged is told as no new items and the window as it was.
    """
    if elapsed <= 0:
        return replace(cadence, window=window)
    elapsed = max(elapsed, 1.0)
    rate = new_items / elapsed
    slow = _average(cadence.rate_slow, rate, elapsed / SLOW_HALF_LIFE)
    # The first rate is taken as it is: averaged with nothing, a fast feed would look five times slower.
    fast = _average(cadence.rate_fast, rate, elapsed / FAST_HALF_LIFE) if cadence.interval else rate
    wanted = min(max(_wanted_by_rate(max(slow, fast), window, bounds), bounds.min), bounds.max)
    if cadence.interval:
        wanted = min(max(wanted, cadence.interval * 0.5), cadence.interval * 1.5)
    interval = min(max(wanted, bounds.min), bounds.max)
    return replace(cadence, rate_slow=slow, rate_fast=fast, window=window, interval=interval)


def after_gap(cadence: Cadence, feed: FeedSpec, settings: ScheduleSettings) -> Cadence:
    """The cadence of a feed that was proven to have lost news between two polls."""
    gapped = replace(cadence, gapped=True)
    bounds = bounds_for(feed, gapped, settings)
    rate = max(cadence.rate_slow, cadence.rate_fast)
    quarter = cadence.window / rate / 4 if rate > 0 else bounds.max
    wanted = min((cadence.interval or class_bounds(feed, settings).min) / 2, quarter)
    return replace(gapped, interval=min(max(wanted, bounds.min), bounds.max))


def first_due(feed_id: FeedId, now: Instant, interval: float, feeds: int, last_due: Instant | None) -> Instant:
    """When a feed is first asked after a start: as planned before, else spread so that no two starts look alike.

    What is overdue, after a start or a suspended night, is spread like what is new. Units: seconds.
    """
    if last_due is not None and last_due > now:
        return last_due
    return now + _fraction(feed_id) * min(interval, feeds * SPREAD_PER_FEED)


def _fraction(feed_id: FeedId) -> float:
    """A number in [0, 1) that belongs to this feed for ever."""
    return int(digest("spread", feed_id)[:12], 16) / 16**12


def _average(old: float, new: float, half_lives: float) -> float:
    kept: float = 0.5**half_lives
    return old * kept + new * (1 - kept)


def _wanted_by_rate(rate: float, window: int, bounds: Interval) -> float:
    if rate <= 0 or window <= 0:
        return bounds.max
    return min(1 / rate, window / rate / 4)


def _wanted(feed: FeedSpec, cadence: Cadence, bounds: Interval) -> Part:
    """The interval a feed wants by itself, within its bounds."""
    if feed.cls == "burst" and feed.interval is None:
        return bounds.min, f"burst → {spell_duration(bounds.min)}"
    if not cadence.interval:
        return bounds.min, f"no rate yet → {spell_duration(bounds.min)}"
    wanted = min(max(cadence.interval, bounds.min), bounds.max)
    rate = max(cadence.rate_slow, cadence.rate_fast)
    return wanted, f"{_spell_rate(rate)} → {spell_duration(wanted)}"


def _spell_rate(rate: float) -> str:
    for unit, seconds in (("min", MINUTE), ("h", HOUR)):
        if rate * seconds >= 1:
            return f"{rate * seconds:.2g} items/{unit}"
    return f"{rate * DAY:.2g} items/d"


def _floors(feed: FeedSpec, state: FeedState, bounds: Interval) -> list[Part]:
    """Everything a poll must not come before: class, HTTP freshness, else what the document says (P10, P11)."""
    name = "own interval" if feed.interval else str(feed.cls)
    if state.cadence.gapped and feed.overrides.gap_may_lower_floor:
        name += ", lowered by a gap"
    floors = [(bounds.min, f"floor {spell_duration(bounds.min)} ({name})")]
    if (hint := _hint(state)) is not None:
        seconds, source = hint
        clamped = min(max(seconds, bounds.min), bounds.max)
        cut = f" cut to {spell_duration(clamped)}" if seconds > bounds.max else ""
        floors.append((clamped, f"{source} {spell_duration(seconds)}{cut}"))
    return floors


def _hint(state: FeedState) -> Part | None:
    """The one hint that counts. A `ttl` or `sy` under which news was lost is wrong for good."""
    advice = state.advice
    if state.freshness.max_age is not None:
        return max(state.freshness.max_age, 0.0), "max-age"
    if state.cadence.gapped:
        return None
    if advice.ttl is not None:
        return max(advice.ttl, 0.0), "ttl"
    return (max(advice.update_period, 0.0), "sy") if advice.update_period is not None else None


def _basis(feed: FeedSpec, state: FeedState, usual: float, settings: ScheduleSettings) -> Part | None:
    """What replaces the cadence after this verdict, if anything; `usual` is what the cadence says, floors included."""
    health = state.health
    match health.kind:
        case "gone":
            wait = settings.retired_probe if health.retired else DAY
            return wait, f"{'retired' if health.retired else 'gone'} → {spell_duration(wait)}"
        case "blocked_address" | "blocked_url":
            return DAY, f"{health.kind} → {spell_duration(DAY)}"
        case "not_modified" if _blindly_polled(feed, state):
            return DAY, f"no validators, body unchanged → {spell_duration(DAY)}"
        case None | "ok" | "not_modified" | "redirected" | "rate_limited" | "truncated":
            return None
        case _:
            return _back_off(state, usual, settings)


def _blindly_polled(feed: FeedSpec, state: FeedState) -> bool:
    """P5: every poll of such a feed costs its host the whole document."""
    return feed.cls == "polite" and feed.interval is None and not any(v for _, v in state.validators)


def _back_off(state: FeedState, usual: float, settings: ScheduleSettings) -> Part:
    """max(interval, 5 min) times 2ⁿ up to the ceiling; name servers get their first retry one step earlier."""
    health, base, doublings = state.health, max(usual, BACK_OFF_BASE), max(state.health.failures, 1)
    if health.kind == "dns":
        base = max(usual, HOUR) if health.reason == "nxdomain" else base
        doublings -= 1
    wait = min(base * 2 ** min(doublings, MAX_DOUBLINGS), max(settings.error_ceiling, usual))
    times = f"{health.failures} failure{'' if health.failures == 1 else 's'}"
    return wait, f"{times} ({health.kind}) → {spell_duration(wait)}"


def _ceiling(state: FeedState, delay: float, settings: ScheduleSettings) -> float:
    """Jitter must not carry a failing feed beyond the longest wait there is."""
    return max(delay, settings.error_ceiling) if state.health.failures else delay + MAX_JITTER


def _retry_after(seconds: float | None, settings: ScheduleSettings) -> Part | None:
    if seconds is None or seconds < 0:
        return None
    clamped = min(seconds, settings.retry_after_cap)
    cut = f" cut to {spell_duration(clamped)}" if clamped < seconds else ""
    return clamped, f"Retry-After {spell_duration(seconds)}{cut}"


def _shake(delay: float, offset: float, floor: float, ceiling: float) -> float:
    """Adds the jitter; what would fall below the floor is mirrored, so that feeds at their floor part as well."""
    wait = delay + offset if delay + offset >= floor else floor + abs(offset)
    return min(wait, ceiling)


def _leave_skipped(feed: FeedSpec, state: FeedState, due: Instant, spread: float) -> tuple[Instant, list[str]]:
    """Moves a due time out of `skipHours` and `skipDays` (GMT); a whole week of them is not believed."""
    advice = state.advice
    if feed.overrides.ignore_skip or not (advice.skip_hours or advice.skip_days):
        return due, []
    at = due
    for _ in range(7 * 24 + 1):
        if not _skipped(at, advice.skip_hours, advice.skip_days):
            return (due, []) if at == due else (at + spread, [f"skipped hours end after {spell_duration(at - due)}"])
        at = (at // HOUR + 1) * HOUR
    return due, []


def _skipped(at: Instant, hours: frozenset[int], days: frozenset[int]) -> bool:
    """Day 0 of POSIX time was a Thursday, 3 when Monday is 0."""
    return int(at // HOUR) % 24 in hours or (int(at // DAY) + 3) % 7 in days
