"""A feed that answers and says nothing new is reported, once."""

from __future__ import annotations

from monitor.match.compiler import compile_filter
from monitor.model.event import FeedEvent, Outcome
from monitor.model.ids import FeedId, feed_event_id
from monitor.model.poll import Failed, NotModified, Response, Validators
from monitor.model.units import rfc3339
from monitor.state.transition import worth_writing
from tests.support.polls import Poller, item, rules_of, told, watch

DAY = 86400.0


def unchanged(poller: Poller, days: float) -> Outcome:
    """The answer, so many days later, that nothing has changed."""
    poller.now += days * DAY - 600
    return poller.judge(NotModified(Response(poller.spec.url, 304), Validators('"1"')))


def silent(outcome: Outcome) -> bool:
    """Whether an outcome says so."""
    return "silent" in [kind for kind, _ in told(outcome)]


def test_silence_is_told_once_with_its_beginning() -> None:
    """By the first good poll beyond fourteen days, whatever kind of answer it is; the next ones say nothing."""
    poller = Poller()
    poller.get(item("Rain"))
    begun = poller.state.health.last_new
    assert begun is not None
    assert not silent(unchanged(poller, 13.9))
    outcome = unchanged(poller, 0.2)

    (event,) = [one for one in outcome.events if isinstance(one, FeedEvent)]
    assert told(outcome) == [("silent", {"since": rfc3339(begun), "seconds": round(event.time - begun)})]
    assert event.id == feed_event_id(poller.spec.id, "silent", 1)
    assert poller.state.events == 1
    assert not any(silent(unchanged(poller, days)) for days in (0.1, 5, 30))


def test_a_document_without_news_is_silence_too() -> None:
    """Servers that never answer 304 send the same items again."""
    poller = Poller()
    poller.get(item("Rain"))
    poller.now += 15 * DAY

    assert silent(
        poller.take(b'<rss version="2.0"><channel><title>x</title>' + item("Rain").encode() + b"</channel></rss>")
    )


def test_news_ends_the_silence_and_another_one_is_told_again() -> None:
    """With the next number, so it is another event."""
    poller = Poller()
    poller.get(item("Rain"))
    assert silent(unchanged(poller, 15))
    poller.now += 30 * DAY
    assert not silent(poller.get(item("Sun"), item("Rain")))
    again = unchanged(poller, 15)

    assert silent(again)
    assert [one.id for one in again.events] == [feed_event_id(poller.spec.id, "silent", 2)]


def test_failures_are_no_silence() -> None:
    """They are told otherwise; the first answer afterwards tells how long nothing new was seen."""
    poller = Poller()
    poller.get(item("Rain"))
    poller.now += 20 * DAY
    failed = poller.judge(Failed(Response(poller.spec.url, 500), "http_status"))
    assert not silent(failed)
    assert silent(unchanged(poller, 1))


def test_a_restart_tells_neither_twice_nor_never() -> None:
    """Good polls that change nothing are not stored, the one that tells is."""
    poller = Poller()
    poller.get(item("Rain"))
    unchanged(poller, 1)
    stored = poller.state
    for days in (4, 5, 3.9):
        before = poller.state
        assert not silent(unchanged(poller, days))
        assert not worth_writing(before, poller.state)
    poller.state = stored
    assert silent(unchanged(poller, 0.2))
    assert worth_writing(stored, poller.state)
    assert not silent(unchanged(poller, 1))


def test_what_a_filter_holds_back_is_news() -> None:
    """The feed is alive, only nobody wants to read it."""
    rules = rules_of(watch("port"), filters={FeedId("example"): compile_filter("port", {})})
    poller = Poller(rules)
    poller.get(item("Port"))
    poller.now += 10 * DAY
    poller.get(item("Rain"), item("Port"))

    assert not silent(unchanged(poller, 10))
    assert silent(unchanged(poller, 10))


def test_a_feed_that_never_had_an_item() -> None:
    """It has not fallen silent."""
    poller = Poller()
    poller.get()

    assert not silent(unchanged(poller, 30))
