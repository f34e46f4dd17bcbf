"""`read`: bytes to articles, in a process that knows only its task."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model.article import Reading
from monitor.model.feed import FeedOverrides
from monitor.model.poll import Failed
from monitor.model.state import FeedState
from monitor.pipeline import hints_of
from monitor.testing.builders import feed
from monitor.testing.clock import START
from tests.support.polls import Poller, item, read_body, rss

SPEC = feed()
FRESH = FeedState(SPEC.id)


def reading(body: bytes, state: FeedState = FRESH, spec=SPEC) -> Reading:
    """A reading, whatever came of it."""
    found = read_body(spec, body, state, START)
    assert isinstance(found, Reading)
    return found


def test_a_strict_document_gives_articles_without_its_body():
    """Only text and facts come back from a worker."""
    found = reading(rss(item("Port reopens"), item("Rain")))
    assert [one.title for one in found.articles] == ["Port reopens", "Rain"]
    assert (found.failed, found.route, found.entries, found.feed_title) == (None, "strict", 2, "The feed")
    assert found.verdict.body == b""
    assert found.verdict.body_hash


def test_a_broken_document_is_read_by_a_slower_route():
    """Unclosed, unquoted, whatever: the items are there."""
    body = b'<rss version="2.0"><channel><item><title>Port &nbsp; reopens</title><author>A & B</item></channel></rss>'
    found = reading(body)
    assert found.route in ("repaired", "lenient")
    assert [one.title.split() for one in found.articles] == [["Port", "reopens"]]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!doctype html><title>Welcome</title><p>Please log in", "not_a_feed"),
        (b"", "not_a_feed"),
        (b"\x00\x01\x02" * 200, "not_a_feed"),
    ],
)
def test_what_is_no_feed_is_a_failed_reading(body, kind):
    """The verdict stays, so that what is known of the response does."""
    found = reading(body)
    assert found.failed is not None
    assert found.failed.kind == kind
    assert found.failed.response == found.verdict.response


def test_b32_a_challenge_page_with_200_is_no_empty_feed():
    """State and validators stay as they were."""
    poller = Poller()
    poller.get(item("One"), item("Two"))
    before = poller.state
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
    outcome = poller.take(page)
    assert outcome.state.health.kind == "not_a_feed"
    assert outcome.events == ()
    assert (outcome.state.items, outcome.state.body_hash) == (before.items, before.body_hash)
    assert outcome.state.rounds == before.rounds


def test_known_entries_come_back_as_their_hash_alone():
    """No HTML work is done for what was read before."""
    poller = Poller()
    poller.get(item("One"), item("Two"))
    found = reading(rss(item("Three"), item("One"), item("Two")), poller.state)
    assert [one.title for one in found.articles] == ["Three"]
    assert len(found.known) == 2
    assert found.entries == 3


def test_hints_say_what_reading_needs_of_the_state():
    """Overrides of the feed, what was learned, and nothing that could grow without bound."""
    spec = replace(SPEC, language=None, overrides=FeedOverrides(charset="koi8-r", zone="Europe/Kyiv"))
    poller = Poller(spec=spec)
    poller.get(item("One"))
    hints = hints_of(spec, replace(poller.state, language="uk"), "", START)
    assert (hints.charset, hints.zone, hints.language, hints.fetched_at) == ("koi8-r", "Europe/Kyiv", "uk", START)
    assert len(hints.known) == 1
    assert hints_of(SPEC, poller.state, "", START).language == "en"


def test_the_same_unreadable_body_is_not_read_twice():
    """A body that cost a worker is known again by its hash; another one is read."""
    poller = Poller()
    crashed = Failed("parse_memory", "limit", "too much", body_hash="")
    first = reading(rss(item("One")))
    failed = replace(first, failed=replace(crashed, body_hash=first.verdict.body_hash), articles=())
    poller.judge(failed)
    again = read_body(SPEC, rss(item("One")), poller.state, poller.now)
    assert isinstance(again, Failed)
    assert (again.kind, again.reason) == ("parse_memory", "limit")
    assert isinstance(read_body(SPEC, rss(item("Two")), poller.state, poller.now), Reading)
    assert poller.judge(again).state.health.failures == 2


def test_entries_that_cannot_be_read_are_quarantined_beside_the_others():
    """An item without any text and address becomes a dead letter; its neighbours are articles."""
    poller = Poller()
    outcome = poller.get(item("One"), "<item></item>", item("Two"))
    counts = outcome.counts
    assert counts.fetched == 3
    assert counts.new + counts.quarantined == 3
    assert counts.new == 2
    (letter,) = outcome.dead_letters
    assert letter.stage == "read"
    assert [one.topic for one in outcome.records].count("news.dead-letters") == 1


def test_an_entry_quarantined_again_is_the_same_dead_letter():
    """It is not remembered, so every changed document brings it; its record has the id the ledger holds already."""
    poller = Poller()
    outcomes = [poller.get("<item></item>", *items) for items in ([item("One")], [item("Two"), item("One")])]
    letters = [[one.id for one in outcome.records if one.topic == "news.dead-letters"] for outcome in outcomes]
    assert [outcome.counts.quarantined for outcome in outcomes] == [1, 1]
    assert letters[0] == letters[1]
    assert len(letters[0]) == 1
