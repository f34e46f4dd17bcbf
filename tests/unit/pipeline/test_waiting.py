"""Polls that are judged late: by a state that may have seen later ones."""

from __future__ import annotations

from monitor.model.event import Outcome
from monitor.model.poll import Failed, NotModified, Response, Validators
from monitor.model.state import FeedState
from monitor.pipeline import Moment, Polled, process, taking_up
from monitor.testing.builders import feed
from monitor.testing.clock import START
from tests.support.polls import Poller, articles, check, item, read_body, rss, step, told


def taken_up(poller: Poller, result: Polled, at: float) -> Outcome:
    """What a poll that waited comes to now."""
    outcome, _ = step(taking_up(poller.spec, result, poller.state, poller.rules, Moment(at)))
    check(outcome)
    return outcome


def waiting(*items: str, at: float, state: FeedState | None = None) -> Polled:
    """A document as it was read then."""
    return read_body(feed(), rss(*items), state or FeedState(feed().id), at)


def test_in_its_turn_a_poll_that_waited_is_as_any_other() -> None:
    """Same outcome, to the byte, at the moment of the poll."""
    poller = Poller()
    poller.get(item("One"), item("Two"))
    result = waiting(item("Two"), item("Three"), at=poller.now, state=poller.state)

    late = taken_up(poller, result, poller.now)

    assert late == process(poller.spec, result, poller.state, poller.rules, Moment(poller.now))
    assert articles(late) == [("new", "Three", ())]
    assert [event.time for event in late.events] == [poller.now]


def test_a_later_poll_leaves_only_what_nobody_has_seen() -> None:
    """What rolled out in between is news; an old text of what is known is no edit; nothing else goes back in time."""
    poller = Poller()
    poller.get(item("One"), item("Two"))
    at = poller.now
    result = waiting(item("Two", "The text of before in a few words"), item("Gone by now"), at=at)
    poller.now += 3600
    poller.get(item("Two", "The text of now in a few more words"), item("Four"))
    before = poller.state

    late = taken_up(poller, result, at)

    assert articles(late) == [("new", "Gone by now", ())]
    assert told(late) == []
    assert late.state.health == before.health
    assert (late.state.validators, late.state.body_hash) == (before.validators, before.body_hash)
    assert late.state.cadence == before.cadence
    poller.state = late.state
    assert articles(poller.get(item("Gone by now"), item("Two", "The text of now in a few more words"))) == []


def test_the_same_poll_twice_says_nothing_and_changes_nothing() -> None:
    """As after a crash between its commit and its being forgotten."""
    poller = Poller()
    at = poller.now
    result = waiting(item("One"), item("Two"), at=at)
    poller.state = taken_up(poller, result, at).state

    again = taken_up(poller, result, at)

    assert again.records == ()
    assert again.state == poller.state


def test_a_late_answer_without_a_document_changes_nothing() -> None:
    """A failure, or nothing new, of before the last poll."""
    poller = Poller()
    poller.get(item("One"))
    for result in (Failed("timeout"), NotModified(Response(status=304), Validators("old"))):
        assert taken_up(poller, result, START - 60) == Outcome(poller.spec, poller.state)


def test_a_late_document_proves_no_gap() -> None:
    """It lies between two polls of others; whoever polled last has told of what came and went."""
    poller = Poller()
    poller.get(item("One"), item("Two"))
    poller.now += 3600
    assert [kind for kind, _ in told(poller.get(item("Seven"), item("Eight")))] == ["gap"]

    late = taken_up(poller, waiting(item("Four"), item("Five"), at=START + 60), START + 60)

    assert [change for change, _, _ in articles(late)] == ["new", "new"]
    assert told(late) == []
    assert late.state.cadence == poller.state.cadence
