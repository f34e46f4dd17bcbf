"""Whatever documents come in whatever order: the ledger adds up, nothing is new twice, nothing is said twice."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.match.compiler import compile_filter
from monitor.model.event import ArticleEvent
from monitor.model.ids import FeedId
from monitor.model.poll import Failed, Gone, NotModified, Response, Throttled, Validators
from monitor.pipeline import Moment, process, processing
from monitor.state.codec import decode_state, encode_state
from tests.support.polls import Poller, item, read_body, rss, rules_of, step, watch

WORDS = ("port", "drone", "rain", "town")
ITEMS = st.builds(
    lambda title, text, guid, link: item(
        title, text, guid=guid and f"g{guid}", link=f"https://e.org/{link}" if link else ""
    ),
    title=st.sampled_from([*WORDS, "port of the town", "drone over the port"]),
    text=st.sampled_from(["", "short", "a longer text about the port and what happened there since yesterday"]),
    guid=st.integers(0, 4),
    link=st.integers(0, 4),
)
DOCUMENTS = st.lists(ITEMS, max_size=6)
URL = "https://example.example/rss"
OTHERS = st.sampled_from(
    [
        NotModified(Response(URL, 304), Validators('"1"')),
        Failed("timeout", "total"),
        Failed("auth", "401", "", Response(URL, 401)),
        Gone(Response(URL, 410)),
        Throttled(Response(URL, 429), 60.0),
    ]
)
POLLS = st.lists(st.one_of(DOCUMENTS, DOCUMENTS, DOCUMENTS, OTHERS), min_size=1, max_size=7)
QUIET = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FILTERS = {FeedId("example"): compile_filter("port OR drone", {})}


@QUIET
@given(POLLS, st.booleans())
def test_any_sequence_of_polls_adds_up_and_repeats_nothing(polls, filtered):
    """Counts (checked at every poll), one `new` an article, revisions in a row, no event id twice, state through its
    codec; and the same document again and again leads to nothing."""
    rules = rules_of(watch("port"), watch("drone"), filters=FILTERS if filtered else {})
    poller, revisions, ids = Poller(rules=rules), dict[str, int](), set[str]()
    for poll in polls:
        outcome = poller.get(*poll) if isinstance(poll, list) else poller.judge(poll)
        for event in outcome.events:
            assert event.id not in ids
            ids.add(event.id)
            if isinstance(event, ArticleEvent):
                known = revisions.get(event.article.id, 0)
                assert event.article.revision == known + 1
                assert (event.change == "updated") is bool(known)
                revisions[event.article.id] = event.article.revision
        assert decode_state(encode_state(poller.state)) == poller.state
    last = next((poll for poll in reversed(polls) if isinstance(poll, list)), [])
    # Twins that share a key are told apart in the course of some polls; then there is peace.
    for _ in range(4):
        again = poller.get(*last)
    assert [event for event in again.events if isinstance(event, ArticleEvent)] == []


@QUIET
@given(DOCUMENTS, DOCUMENTS)
def test_slices_and_repetition_change_nothing(first, second):
    """Stepped through or in one go, now or again: the same outcome from the same state."""
    poller = Poller()
    poller.get(*first)
    reading = read_body(poller.spec, rss(*second), poller.state, poller.now)
    arguments = (poller.spec, reading, poller.state, poller.rules, Moment(poller.now))
    assert step(processing(*arguments))[0] == process(*arguments)
