"""Budgets and back-off of hosts."""

from math import inf

import pytest

from monitor.model.ids import FeedId, HostKey
from monitor.model.units import Duration
from monitor.schedule.hosts import FORGET_AFTER, SWEEP_AT, HostBook
from monitor.schedule.settings import HostRule, HostSettings

HOST = HostKey("feeds.example.org")


def one_poll(book: HostBook, host: HostKey, now: float, took: float = 0.0) -> None:
    """A request from its start to the end of its body."""
    book.begin(host, now)
    book.end(host, now + took)


def limited(book: HostBook, feed: str, now: float, retry_after: float | None = None, **more: object) -> None:
    """A 429 for this feed."""
    book.told(HOST, FeedId(feed), "rate_limited", retry_after, now, **more)  # type: ignore[arg-type]


def test_p15_one_request_at_a_time_and_a_second_apart() -> None:
    """A host is asked again when the running request has ended and a second has passed since its start."""
    book = HostBook(HostSettings())

    assert book.ready_at(HOST, 10.0) == 10.0
    book.begin(HOST, 10.0)
    assert book.ready_at(HOST, 10.5) is None
    book.end(HOST, 10.6)
    assert book.ready_at(HOST, 10.6) == 11.0
    assert book.ready_at(HOST, 12.0) == 12.0


def test_domain_budget_spans_hosts() -> None:
    """Four names of one registrable domain at once, each a quarter of a second after the other."""
    book = HostBook(HostSettings())
    names = [HostKey(f"a{n}.example.co.uk") for n in range(5)]
    for n, name in enumerate(names[:4]):
        assert book.ready_at(name, n * 0.25) == n * 0.25
        book.begin(name, n * 0.25)

    assert book.ready_at(names[4], 5.0) is None
    book.end(names[0], 5.0)
    assert book.ready_at(names[4], 5.0) == 5.0
    assert book.ready_at(HostKey("other.co.uk"), 0.8) == 0.8


def test_own_budget_of_a_host_is_not_cut_by_its_domain() -> None:
    """An override is the operator's word."""
    book = HostBook(HostSettings(overrides={HOST: HostRule(8, Duration(0))}))
    for _ in range(6):
        assert book.ready_at(HOST, 1.0) == 1.0
        book.begin(HOST, 1.0)

    assert book.ready_at(HostKey("www.example.org"), 1.0) is None


def test_p8_429_without_retry_after_doubles_the_spacing_of_the_host() -> None:
    """Doubled for every 429 up to 15 minutes, halved after ten good polls, whichever feed they came from."""
    book = HostBook(HostSettings())
    for n in range(3):
        limited(book, f"f{n}", 0.0)
    assert book.spacing(HOST) == 8.0

    one_poll(book, HOST, 0.0)
    assert book.ready_at(HOST, 1.0) == 8.0
    for _ in range(10):
        book.told(HOST, FeedId("x"), "not_modified", None, 1.0)
    assert book.spacing(HOST) == 4.0
    for _ in range(40):
        book.told(HOST, FeedId("x"), "ok", None, 1.0)
    assert book.spacing(HOST) == 1.0

    for _ in range(30):
        limited(book, "f", 0.0)
    assert book.spacing(HOST) == 900.0


def test_p8_a_failure_is_no_good_poll() -> None:
    """Only answers earn trust back."""
    book = HostBook(HostSettings())
    limited(book, "f", 0.0)
    for _ in range(20):
        book.told(HOST, FeedId("x"), "timeout", None, 1.0)

    assert book.spacing(HOST) == 2.0


def test_p8_spacing_of_zero_can_be_doubled() -> None:
    """A host without spacing gets one when it says 429."""
    book = HostBook(HostSettings(spacing=Duration(0)))
    limited(book, "f", 0.0)

    assert book.spacing(HOST) == 2.0


def test_b15_one_feed_with_retry_after_leaves_the_others_alone() -> None:
    """200 feeds on a host, one 429: the host goes on."""
    book = HostBook(HostSettings())
    limited(book, "f1", 0.0, 3600.0)

    assert book.ready_at(HOST, 1.0) == 1.0


def test_b15_three_feeds_within_ten_minutes_hold_the_host() -> None:
    """The third 429 with a time makes the host wait; ten minutes later the first is forgotten."""
    book = HostBook(HostSettings())
    for n, at in enumerate((0.0, 100.0, 700.0)):
        limited(book, f"f{n}", at, 60.0)
    assert book.ready_at(HOST, 700.0) == 700.0

    limited(book, "f0", 700.0, 60.0)
    assert book.ready_at(HOST, 700.0) == 760.0


def test_b15_same_feed_three_times_is_one_feed() -> None:
    """A feed that is told again and again is still alone."""
    book = HostBook(HostSettings())
    for at in (0.0, 1.0, 2.0):
        limited(book, "f", at, 60.0)

    assert book.ready_at(HOST, 3.0) == 3.0


@pytest.mark.parametrize(("scope", "sibling"), [("host", 1.0), ("domain", 86401.0)])
def test_scope_of_retry_after_is_a_setting(scope: str, sibling: float) -> None:
    """Host or domain at once, never longer than a day."""
    book = HostBook(HostSettings())
    limited(book, "f", 1.0, 1e9, scope=scope)

    assert book.ready_at(HOST, 1.0) == 86401.0
    assert book.ready_at(HostKey("www.example.org"), 1.0) == sibling


def test_b31_three_403_together_are_throttling() -> None:
    """The third feed of a host that turns 403 says so, and the host is asked less."""
    book = HostBook(HostSettings())

    assert [book.refused(HOST, FeedId(f"f{n}"), 10.0) for n in range(3)] == [False, False, True]
    assert book.spacing(HOST) == 2.0


def test_p23_denied_host_is_never_ready() -> None:
    """At once, with everything below it, and back when the list changes."""
    book = HostBook(HostSettings())
    book.settings = HostSettings(deny=("example.org",))

    assert book.ready_at(HOST, 1.0) == inf
    assert book.denied(HostKey("example.org"))
    assert not book.denied(HostKey("notexample.org"))
    book.settings = HostSettings()
    assert book.ready_at(HOST, 1.0) == 1.0


def test_slow_host_is_known() -> None:
    """More than five seconds for a body."""
    book = HostBook(HostSettings())
    assert not book.slow(HOST)
    one_poll(book, HOST, 0.0, took=6.0)
    assert book.slow(HOST)
    one_poll(book, HOST, 10.0, took=0.1)
    assert not book.slow(HOST)


def test_hosts_that_have_nothing_to_remember_are_forgotten() -> None:
    """Redirects to ever new names do not grow the book for ever; a host in back-off stays."""
    book = HostBook(HostSettings())
    limited(book, "f", 0.0)
    for n in range(SWEEP_AT // 2):
        one_poll(book, HostKey(f"h{n}.example"), 0.0)
    one_poll(book, HostKey("late.example"), FORGET_AFTER + 1)

    assert len(book._hosts) == 2
    assert book.spacing(HOST) == 2.0
