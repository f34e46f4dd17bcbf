"""When a feed is due again."""

from dataclasses import replace

import pytest

from monitor.model.article import FeedAdvice
from monitor.model.feed import FeedOverrides, FeedSpec, Interval
from monitor.model.ids import FeedId
from monitor.model.poll import Validators
from monitor.model.state import Cadence, FeedState, Freshness, Health
from monitor.model.units import Ratio
from monitor.schedule.cadence import after_gap, bounds_for, class_bounds, first_due, learn, next_due
from monitor.schedule.settings import ScheduleSettings

SETTINGS = ScheduleSettings()
FEED = FeedSpec(FeedId("f"), "https://example.org/rss", cls="news")
POLITE = replace(FEED, cls="polite")
VALIDATORS = ((FEED.url, Validators(etag='"1"')),)
NOW = 1_800_000_000.0  # a Friday, 08:00 GMT
HOUR, DAY = 3600.0, 86400.0


def state(**changes: object) -> FeedState:
    """A feed that was polled well and may say more."""
    base = FeedState(FEED.id, validators=VALIDATORS, health=Health(kind="ok"), cadence=Cadence(interval=1200.0))
    return replace(base, **changes)  # type: ignore[arg-type]


def wait(feed: FeedSpec, known: FeedState, jitter: float = 0.0, retry_after: float | None = None) -> float:
    """Seconds until the next poll."""
    return next_due(feed, known, NOW, SETTINGS, jitter, retry_after).due - NOW


def failing(kind: str, failures: int, reason: str = "", **changes: object) -> FeedState:
    """A feed that has failed some times running."""
    health = Health(kind=kind, reason=reason, failures=failures, **changes)  # type: ignore[arg-type]
    return state(health=health)


def test_reason_names_every_part_of_the_sum() -> None:
    """The line says what was wanted, every floor, and the jitter."""
    known = state(cadence=Cadence(rate_fast=3 / HOUR, interval=1200.0), freshness=Freshness(max_age=600.0))

    answer = next_due(FEED, known, NOW, SETTINGS, 0.5)

    assert answer.reason == "21m: 3 items/h → 20m; floor 5m (news); max-age 10m; jitter +1m"
    assert answer.due == NOW + 1260


@pytest.mark.parametrize(("cls", "bounds"), [("polite", (HOUR, DAY)), ("news", (300.0, HOUR)), ("burst", (30.0, HOUR))])
def test_class_gives_floor_and_ceiling(cls: str, bounds: tuple[float, float]) -> None:
    """The bounds of the three classes, and an interval of the feed's own."""
    assert class_bounds(replace(FEED, cls=cls), SETTINGS) == Interval(*bounds)  # type: ignore[arg-type]
    assert class_bounds(replace(FEED, interval=Interval(60.0, 90.0)), SETTINGS) == Interval(60.0, 90.0)
    assert class_bounds(replace(FEED, interval=Interval(60.0, 30.0)), SETTINGS) == Interval(60.0, 60.0)


@pytest.mark.parametrize("jitter", [-1.0, -0.5, 0.0, 0.99])
def test_p4_polite_feed_is_never_asked_within_an_hour(jitter: float) -> None:
    """Jitter never goes below the floor of the class."""
    known = state(cadence=Cadence(interval=HOUR))

    assert wait(POLITE, known, jitter) >= HOUR


def test_jitter_is_at_most_thirty_minutes_and_mirrored_at_the_floor() -> None:
    """A long wait is shaken by half an hour; a feed at its floor is shaken upwards only."""
    assert wait(POLITE, state(cadence=Cadence(interval=DAY)), -1.0) == DAY - 1800
    assert wait(POLITE, state(cadence=Cadence(interval=HOUR)), -1.0) == HOUR + 360


def test_p5_blind_polite_feed_is_asked_once_a_day() -> None:
    """No validators and an unchanged body: every poll costs the whole document."""
    unchanged = Health(kind="not_modified", reason="same_body")

    assert wait(POLITE, state(validators=(), health=unchanged)) == DAY
    assert wait(POLITE, state(validators=((FEED.url, Validators()),), health=unchanged)) == DAY
    assert wait(POLITE, state(health=unchanged)) == HOUR
    assert wait(FEED, state(validators=(), health=unchanged)) == 1200
    assert wait(replace(POLITE, interval=Interval(600, HOUR)), state(validators=(), health=unchanged)) == 1200


@pytest.mark.parametrize(
    ("seconds", "expected"), [(7200.0, 7200.0), (10.0, 1200.0), (-5.0, 1200.0), (432_000.0, DAY), (None, 1200.0)]
)
def test_p7_h95_retry_after_is_a_clamped_floor(seconds: float | None, expected: float) -> None:
    """A named wait holds up to a day; one in the past is ignored."""
    known = state(health=Health(kind="rate_limited"))

    assert wait(FEED, known, 0.0, seconds) == expected


def test_p7_retry_after_is_never_undercut_by_jitter() -> None:
    """What the server named is a floor, and a clamped one is said."""
    answer = next_due(FEED, state(health=Health(kind="rate_limited")), NOW, SETTINGS, -1.0, 10 * DAY)

    assert answer.due >= NOW + DAY
    assert "Retry-After 10d cut to 1d" in answer.reason


@pytest.mark.parametrize(
    ("max_age", "expected"), [(1800.0, 1800.0), (60.0, 1200.0), (1e12, HOUR), (-1.0, 1200.0), (None, 1200.0)]
)
def test_p10_h94_freshness_raises_the_interval_within_its_bounds(max_age: float | None, expected: float) -> None:
    """HTTP freshness is a floor between floor and ceiling, and never shortens anything."""
    assert wait(FEED, state(freshness=Freshness(max_age=max_age))) == expected


def test_b14_no_cache_gives_no_floor() -> None:
    """Freshness that says nothing leaves the feed at its cadence."""
    assert wait(FEED, state(freshness=Freshness(None))) == 1200


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        (FeedAdvice(ttl=1800.0), 1800.0),
        (FeedAdvice(update_period=2400.0), 2400.0),
        (FeedAdvice(ttl=1800.0, update_period=3000.0), 1800.0),
        (FeedAdvice(ttl=1e9), HOUR),
    ],
)
def test_p11_hints_of_the_document_are_a_floor(advice: FeedAdvice, expected: float) -> None:
    """`ttl`, else `sy`, where HTTP says nothing."""
    assert wait(FEED, state(advice=advice)) == expected
    assert wait(FEED, state(advice=advice, freshness=Freshness(max_age=10.0))) == 1200


def test_b12_hints_survive_not_modified() -> None:
    """What the state holds counts after a 304 as after a 200."""
    advice = FeedAdvice(ttl=1800.0)

    waits = {wait(FEED, state(advice=advice, health=Health(kind=kind))) for kind in ("ok", "not_modified")}

    assert waits == {1800.0}


def test_p11_b13_skipped_hours_move_the_due_time_to_their_end() -> None:
    """08:20 lies in the skipped hours 8 and 9, so the poll comes at 10:00; jitter spreads it after that."""
    known = state(advice=FeedAdvice(skip_hours=frozenset({8, 9})))

    assert wait(FEED, known) == 2 * HOUR
    assert 2 * HOUR <= wait(FEED, known, 0.9) <= 2 * HOUR + 120
    assert "skipped hours end" in next_due(FEED, known, NOW, SETTINGS, 0.0).reason
    assert wait(replace(FEED, overrides=FeedOverrides(ignore_skip=True)), known) == 1200


def test_b13_no_poll_of_a_week_falls_into_a_skipped_span() -> None:
    """A whole week on a fake clock: nothing on Saturday and Sunday, nothing at night."""
    known = state(advice=FeedAdvice(skip_hours=frozenset(range(6)), skip_days=frozenset({5, 6})))
    now, seen = NOW, []
    while now < NOW + 7 * DAY:
        now = next_due(FEED, known, now, SETTINGS, 0.3).due
        seen.append((int(now // HOUR) % 24, (int(now // DAY) + 3) % 7))

    assert len(seen) > 100
    assert all(hour >= 6 and day not in (5, 6) for hour, day in seen)


def test_whole_week_of_skips_is_not_believed() -> None:
    """A document that never wants to be asked is asked at its cadence."""
    assert wait(FEED, state(advice=FeedAdvice(skip_days=frozenset(range(7))))) == 1200


@pytest.mark.parametrize(
    ("kind", "failures", "reason", "expected"),
    [
        ("http_status", 1, "", 2400.0),
        ("http_status", 3, "", 9600.0),
        ("auth", 30, "", DAY),
        ("dns", 1, "nxdomain", HOUR),
        ("dns", 2, "nxdomain", 2 * HOUR),
        ("dns", 1, "servfail", 1200.0),
        ("internal", 0, "", 2400.0),
        ("truncated", 3, "", 1200.0),
        ("blocked_address", 0, "", DAY),
        ("blocked_url", 0, "", DAY),
        ("gone", 0, "", DAY),
    ],
)
def test_p9_failures_back_off(kind: str, failures: int, reason: str, expected: float) -> None:
    """The table of verdict kinds."""
    assert wait(FEED, failing(kind, failures, reason)) == expected


def test_b11_no_counter_ever_stops_a_feed() -> None:
    """A thousand failures running: again within a day, whatever the jitter."""
    for jitter in (-1.0, 0.0, 0.99):
        assert 0 < wait(FEED, failing("connect", 1000), jitter) <= DAY


def test_b18_retired_feed_is_probed_every_thirty_days() -> None:
    """Gone for good is still asked whether it has come back."""
    assert wait(FEED, failing("gone", 0, retired=True)) == 30 * DAY


def test_one_failure_is_no_failures() -> None:
    """The reason is read by people."""
    said = [next_due(FEED, failing("timeout", times), NOW, SETTINGS, 0.0).reason for times in (1, 2)]
    assert ["1 failure (timeout)" in said[0], "2 failures (timeout)" in said[1]] == [True, True]


def test_back_off_starts_at_five_minutes() -> None:
    """A feed with a short interval does not hammer a host that fails."""
    assert wait(replace(FEED, interval=Interval(10, 10)), failing("timeout", 1)) == 600


def test_burst_is_thirty_seconds_and_obeys_max_age() -> None:
    """A burst ignores the learned rate, never what the server says."""
    burst = replace(FEED, cls="burst")

    assert wait(burst, state()) == 30
    assert wait(burst, state(freshness=Freshness(max_age=120.0))) == 120


def test_unknown_rate_is_polled_at_the_floor() -> None:
    """A new feed is asked at the floor until two documents have taught more."""
    assert wait(FEED, state(cadence=Cadence())) == 300


def test_recomputing_gives_the_same_line() -> None:
    """The same stored inputs, the same words."""
    known = failing("timeout", 2)

    assert next_due(FEED, known, NOW, SETTINGS, 0.2) == next_due(FEED, known, NOW, SETTINGS, 0.2)


def test_jitter_can_be_switched_off() -> None:
    """With 0 % nothing is shaken."""
    assert next_due(FEED, state(), NOW, ScheduleSettings(jitter=Ratio(0)), 0.9).due == NOW + 1200


def test_b20_interval_is_a_quarter_of_the_window_after_two_documents() -> None:
    """Ten items that turn over in 80 minutes: 20 minutes, at once."""
    bounds = class_bounds(FEED, SETTINGS)
    first = learn(Cadence(), 10, 10, 0.0, bounds)
    second = learn(first, 2, 10, 960.0, bounds)

    assert (first.interval, first.window) == (0.0, 10)
    assert second.interval == 480.0  # one new item a poll is shorter still
    assert second.interval <= 10 / second.rate_fast / 4


def test_learning_steps_are_bounded() -> None:
    """At most half, at most one and a half of what it was."""
    bounds = class_bounds(POLITE, SETTINGS)
    known = Cadence(rate_slow=1 / HOUR, rate_fast=1 / HOUR, window=20, interval=4 * HOUR)

    assert learn(known, 500, 20, HOUR, bounds).interval == 2 * HOUR
    assert learn(replace(known, rate_slow=0.0, rate_fast=0.0), 0, 20, HOUR, bounds).interval == 6 * HOUR


def test_silence_leads_to_the_ceiling() -> None:
    """Without news the interval grows until the class stops it; empty documents do the same."""
    bounds, known = class_bounds(FEED, SETTINGS), Cadence(interval=300.0, window=0)
    for _ in range(20):
        known = learn(known, 0, 0, known.interval, bounds)

    assert known.interval == HOUR


def test_averages_remember_days_and_hours() -> None:
    """After three hours without news the fast average is half, the slow one nearly whole."""
    known = learn(Cadence(rate_slow=1.0, rate_fast=1.0, interval=300.0), 0, 10, 3 * HOUR, class_bounds(FEED, SETTINGS))

    assert known.rate_fast == pytest.approx(0.5)
    assert known.rate_slow == pytest.approx(0.5 ** (1 / 24))


def test_gap_halves_the_interval_and_may_lower_the_floor() -> None:
    """A proven loss brings a polite feed below its hour, down to five minutes, unless forbidden."""
    known = Cadence(rate_fast=20 / HOUR, window=10, interval=HOUR)
    stubborn = replace(POLITE, overrides=FeedOverrides(gap_may_lower_floor=False))

    assert after_gap(known, POLITE, SETTINGS).interval == pytest.approx(450.0)
    assert after_gap(known, stubborn, SETTINGS).interval == HOUR
    assert after_gap(Cadence(window=10), POLITE, SETTINGS).interval == 1800
    assert bounds_for(POLITE, Cadence(gapped=True), SETTINGS) == Interval(300.0, DAY)
    assert wait(POLITE, state(cadence=after_gap(known, POLITE, SETTINGS))) == pytest.approx(450.0)


def test_b29_hint_under_which_news_was_lost_is_ignored() -> None:
    """`ttl` loses its say with the first gap; `max-age` does not."""
    cadence, advice = Cadence(interval=600.0, gapped=True), FeedAdvice(ttl=1800.0)

    assert wait(FEED, state(cadence=cadence, advice=advice)) == 600
    assert wait(FEED, state(cadence=cadence, advice=advice, freshness=Freshness(1500.0))) == 1500


def test_p6_planned_poll_survives_a_restart() -> None:
    """Ten restarts within the hour change nothing."""
    assert {first_due(FEED.id, NOW + 60 * n, HOUR, 100, NOW + HOUR) for n in range(10)} == {NOW + HOUR}


def test_p16_start_of_fifty_thousand_feeds_is_flat() -> None:
    """The first polls spread evenly over 42 minutes, and always alike."""
    dues = [first_due(FeedId(f"feed-{n}"), NOW, HOUR, 50_000, None) for n in range(50_000)]
    buckets = [0] * 25
    for due in dues:
        buckets[int((due - NOW) / 100)] += 1

    assert all(1600 <= count <= 2400 for count in buckets)
    assert dues[7] == first_due(FeedId("feed-7"), NOW, HOUR, 50_000, None)


def test_c03_overdue_polls_are_spread() -> None:
    """After a night asleep, what is overdue does not start at once."""
    dues = {first_due(FeedId(f"feed-{n}"), NOW, 300.0, 100, NOW - DAY) for n in range(100)}

    assert len(dues) == 100
    assert all(NOW <= due < NOW + 5 for due in dues)
