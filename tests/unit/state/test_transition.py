"""What a poll leaves behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model.article import Reading
from monitor.model.poll import Failed, Fetched, Gone, NotModified, Response, Throttled, Validators
from monitor.model.state import Cadence, FeedState, Freshness, Health
from monitor.state.transition import (
    GONE_CONFIRMED,
    after_failure,
    after_not_modified,
    after_read,
    keep_freshness,
    renew,
    worth_writing,
)

URL = "https://example.org/feed"
KNOWN = FeedState("f", validators=((URL, Validators('"1"', "mon")),), body_hash="old", rounds=3)


def reading(validators: Validators) -> Reading:
    """A document that was read."""
    return Reading(Fetched(Response(URL, 200), b"", "new", validators))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (Validators('"2"', "tue"), Validators('"2"', "tue")),
        (Validators('"2"', None), Validators('"2"', None)),
        (Validators(None, "tue"), Validators(None, "tue")),
    ],
)
def test_b05_b07_validators_are_renewed_on_every_answer(given, kept):
    """What an answer does not carry is not kept from the one before."""
    assert after_read(KNOWN, reading(given), 1.0).validators == ((URL, kept),)
    assert after_not_modified(KNOWN, NotModified(Response(URL, 304), given), 1.0).validators == ((URL, kept),)


def test_b05_an_answer_without_validators_deletes_the_stored_ones():
    """A dead ETag would never match again."""
    assert after_read(KNOWN, reading(Validators()), 1.0).validators == ()


def test_b03_validators_of_other_urls_stay_where_they_belong():
    """A feed behind a redirect has validators for the target only."""
    assert renew(KNOWN.validators, "https://other/", Validators('"9"')) == (
        ("https://other/", Validators('"9"')),
        (URL, Validators('"1"', "mon")),
    )


def test_b02_a_failure_moves_nothing_but_health():
    """Validators, body hash and memory stay, so the next poll gets the same answer again."""
    after = after_failure(KNOWN, Failed("timeout", "body"), 5.0)
    assert replace(after, health=KNOWN.health) == KNOWN
    assert (after.health.failures, after.health.kind, after.health.last_poll) == (1, "timeout", 5.0)


def test_success_restores_health():
    """One success resets the count of failures."""
    failing = replace(KNOWN, health=Health(failures=9, kind="dns", last_new=2.0))
    assert after_read(failing, reading(Validators()), 7.0).health == Health(
        kind="ok", status=200, last_poll=7.0, last_success=7.0, last_new=2.0
    )


@pytest.mark.parametrize(
    "verdict", [Throttled(Response(URL, 429), 60.0), Failed("blocked_address"), Failed("internal")]
)
def test_what_says_nothing_about_the_feed_is_not_counted(verdict):
    """Throttling, a refused address and our own faults are no failures of the feed."""
    assert after_failure(KNOWN, verdict, 1.0).health.failures == 0


def test_b35_nothing_counts_while_the_uplink_is_down():
    """Our own network is not the feed's fault."""
    assert after_failure(KNOWN, Failed("dns", "silent"), 1.0, counted=False).health.failures == 0


def test_b18_a_second_410_days_later_retires():
    """One 410 slows down, a confirmed one retires, and an answer brings the feed back."""
    once = after_failure(KNOWN, Gone(Response(URL, 410)), 0.0)
    soon = after_failure(once, Gone(Response(URL, 410)), 3600.0)
    late = after_failure(soon, Gone(Response(URL, 410)), GONE_CONFIRMED)
    assert (once.health.retired, soon.health.retired, late.health.retired) == (False, False, True)
    assert not after_read(late, reading(Validators()), GONE_CONFIRMED + 1).health.retired


def test_the_same_torn_body_is_counted():
    """Three times running it is the publisher's; another body begins anew."""
    torn = Failed("truncated", body_hash="t")
    state = KNOWN
    for streak in (1, 2, 3):
        state = after_failure(state, torn, 1.0)
        assert state.health.truncated_streak == streak
    assert after_failure(state, Failed("truncated", body_hash="u"), 1.0).health.truncated_streak == 1
    assert after_failure(state, Failed("timeout"), 1.0).health.truncated_streak == 0


def test_b12_freshness_survives_a_304_and_only_shrinks_there():
    """A 304 may shorten what is stored, not lengthen it, not forget it."""
    state = replace(KNOWN, freshness=Freshness(600.0))
    assert keep_freshness(state, None, not_modified=True).freshness.max_age == 600.0
    assert keep_freshness(state, 60.0, not_modified=True).freshness.max_age == 60.0
    assert keep_freshness(state, 6000.0, not_modified=True).freshness.max_age == 600.0
    assert keep_freshness(state, None, not_modified=False).freshness.max_age is None


def test_a_poll_that_changed_only_times_is_not_written():
    """A thousand 304s cost one line of due times a minute, not a thousand states."""
    polled = after_not_modified(KNOWN, NotModified(Response(URL, 304), Validators('"1"', "mon")), 9.0)
    first = replace(polled, cadence=Cadence(due=1.0, reason="a"))
    second = replace(polled, cadence=Cadence(due=2.0, reason="b"), health=replace(polled.health, last_poll=10.0))
    assert not worth_writing(first, second)
    assert worth_writing(first, replace(second, validators=()))
    assert worth_writing(first, after_failure(second, Failed("dns"), 11.0))
