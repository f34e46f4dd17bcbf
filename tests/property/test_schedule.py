"""What holds for any feed, any state and any order of events."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.article import FeedAdvice
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, HostKey
from monitor.model.poll import FAILURE_KINDS, VERDICT_KINDS
from monitor.model.state import Cadence, FeedState, Freshness, Health
from monitor.schedule.agenda import Agenda
from monitor.schedule.cadence import class_bounds, learn, next_due
from monitor.schedule.placement import host_key, shard_of
from monitor.schedule.settings import ScheduleSettings

SETTINGS = ScheduleSettings()
NOW = 1_800_000_000.0
seconds = st.none() | st.floats(-1e9, 1e12)
feeds = st.builds(
    FeedSpec, st.just(FeedId("f")), st.just("https://example.org/"), cls=st.sampled_from(["polite", "news", "burst"])
)
states = st.builds(
    FeedState,
    st.just(FeedId("f")),
    health=st.builds(
        Health, failures=st.integers(0, 10**6), kind=st.none() | st.sampled_from(VERDICT_KINDS), retired=st.booleans()
    ),
    cadence=st.builds(Cadence, rate_fast=st.floats(0, 10), interval=st.floats(0, 1e7), gapped=st.booleans()),
    freshness=st.builds(Freshness, seconds),
    advice=st.builds(FeedAdvice, ttl=seconds, update_period=seconds),
)
jitters = st.floats(-1, 1, exclude_max=True)


@settings(max_examples=100, deadline=None)
@given(feeds, states, jitters, seconds)
def test_every_feed_has_a_next_poll_behind_its_floor(
    feed: FeedSpec, state: FeedState, jitter: float, retry_after: float | None
) -> None:
    """Never before the floor, never later than the longest wait, always with the same words."""
    answer = next_due(feed, state, NOW, SETTINGS, jitter, retry_after)

    floor = min(class_bounds(feed, SETTINGS).min, 300.0)
    assert NOW + floor <= answer.due <= NOW + 30 * 86400 + 1800
    assert answer == next_due(feed, state, NOW, SETTINGS, jitter, retry_after)


@settings(max_examples=60, deadline=None)
@given(feeds, states, jitters, st.sampled_from(FAILURE_KINDS))
def test_b11_failing_feed_is_asked_within_a_day(feed: FeedSpec, state: FeedState, jitter: float, kind: str) -> None:
    """Whatever fails and how often, the next attempt is at most a day and the jitter of a blocked one away."""
    health = replace(state.health, kind=kind, failures=max(state.health.failures, 1))  # type: ignore[arg-type]

    assert next_due(feed, replace(state, health=health), NOW, SETTINGS, jitter).due <= NOW + 86400


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.floats(0, 1e6)), max_size=30))
def test_learning_stays_within_bounds(polls: list[tuple[int, int, float]]) -> None:
    """Any history of polls gives an interval inside the class."""
    bounds, cadence = class_bounds(FeedSpec(FeedId("f"), "", cls="news"), SETTINGS), Cadence()
    for new, window, elapsed in polls:
        cadence = learn(cadence, new, window, elapsed, bounds)

        assert cadence.interval == 0 or bounds.min <= cadence.interval <= bounds.max


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4), st.floats(0, 100), st.booleans()), max_size=60))
def test_agenda_is_as_a_plain_list_would_be(steps: list[tuple[int, int, float, bool]]) -> None:
    """Any mix of planning, removing and picking: per host in order of time, nothing lost, nothing twice."""
    agenda, model = Agenda(), {}
    for number, host, due, keep in steps:
        feed = FeedId(f"f{number}")
        if keep:
            agenda.put(feed, HostKey(f"h{host}"), due)
            model[feed] = (HostKey(f"h{host}"), due)
        else:
            agenda.remove(feed)
            model.pop(feed, None)
        for taken in agenda.pop_ready(due / 2, lambda host: host != "h0"):
            own_host, own_due = model.pop(taken)
            assert own_due == min([own_due, *(d for h, d in model.values() if h == own_host)])
            assert own_due <= due / 2
        assert len(agenda) == len(model)
        assert (agenda.next_due() is None) == (not model)


@settings(max_examples=100, deadline=None)
@given(st.text(), st.integers(1, 64))
def test_any_url_has_a_host_and_a_shard(url: str, shards: int) -> None:
    """No text raises, and a host always lands in the same shard."""
    host = host_key("https://" + url)

    assert shard_of(host, shards) == shard_of(host, shards)
    assert 0 <= shard_of(host, shards) < shards
