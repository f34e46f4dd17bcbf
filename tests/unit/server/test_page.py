"""What the page says about alerts and feeds."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.state import Cadence, Health
from monitor.server.page import MOST_FEEDS, alert_of, marked, row_of, when, worst_first
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import feed_row, picture


@pytest.mark.parametrize(
    ("text", "marks", "html"),
    [
        ("port", [], "port"),
        ("port", [[0, 4]], "<mark>port</mark>"),
        ("a port b", [[2, 6]], "a <mark>port</mark> b"),
        ("<b>port</b>", [[3, 7]], "&lt;b&gt;<mark>port</mark>&lt;/b&gt;"),
        ("<script>", [[0, 8]], "<mark>&lt;script&gt;</mark>"),
        ("ab", [[1, 2], [0, 1]], "<mark>a</mark><mark>b</mark>"),
        ("abcd", [[0, 3], [1, 4]], "<mark>abc</mark>d"),
        ("ab", [[1, 99]], "a<mark>b</mark>"),
        ("", [[0, 1]], "<mark></mark>"),
    ],
)
def test_hits_are_marked_in_escaped_text(text, marks, html):
    """Out of order, overlapping and beyond the end, too."""
    assert str(marked(text, marks)) == html


@settings(max_examples=100)
@given(
    st.text("<>&\"'a ", max_size=20),
    st.lists(st.lists(st.integers(0, 25), min_size=2, max_size=2).map(sorted), max_size=5),
)
def test_h159_marks_never_lose_text_nor_let_markup_through(text, marks):
    """Whatever the marks: without the tags of the marks the text is what it was, and only those tags are there."""
    html = str(marked(text, marks))
    bare = re.sub(r"</?mark>", "", html)

    assert unescape(bare) == text
    assert "<" not in bare


def hits(*texts: str) -> list[dict]:
    """Hits in the title, one behind the other."""
    return [{"text": text, "field": "title", "start": 0, "end": 4} for text in texts]


def item(**changes) -> dict:
    """As much of an alert as the page asks for."""
    base = {
        "hits": hits("port"),
        "snippet": None,
        "time": "2027-01-15T07:59:00.000Z",
        "article": {"title": "port", "url": None},
    }
    return base | changes


def test_alert_names_each_hit_once_and_counts_the_rest():
    """Six words say enough."""
    shown = alert_of(item(hits=hits("a", "b", "a", "c", "d", "e", "f", "g", "h")), START)

    assert (shown["words"], shown["more"]) == (["a", "b", "c", "d", "e", "f"], 2)
    assert alert_of(item(hits=hits("a")), START)["more"] == 0


def test_snippet_of_the_title_is_not_shown_twice():
    """The headline carries its own marks."""
    title = {"field": "title", "text": "port", "marks": [[0, 4]]}
    body = {"field": "body", "text": "the port", "marks": [[4, 8]]}

    assert alert_of(item(snippet=title), START)["marked"] is None
    assert alert_of(item(snippet=body), START)["marked"] == "the <mark>port</mark>"


def test_time_names_its_day_unless_it_is_today():
    """`07:59` of last week must not look like this morning."""
    assert when("2027-01-15T07:59:00.000Z", START) == "07:59:00 UTC"
    assert when("2027-01-14T07:59:00.000Z", START) == "2027-01-14 07:59 UTC"


def test_feeds_that_need_somebody_come_first():
    """Failing by number of failures, then retired, waiting, fine, paused."""
    rows = (
        feed_row(feed("paused", paused=True)),
        feed_row(feed("fine")),
        feed_row(feed("waiting"), health=Health()),
        feed_row(feed("bad"), health=Health(last_poll=START, failures=2)),
        feed_row(feed("worse"), health=Health(last_poll=START, failures=9)),
        feed_row(feed("gone"), health=Health(last_poll=START, retired=True)),
    )

    assert [row.spec.id for row in worst_first(picture(feeds=rows))] == [
        "worse",
        "bad",
        "gone",
        "waiting",
        "fine",
        "paused",
    ]


def test_page_shows_a_bounded_number_of_feeds():
    """50,000 rows are for the API."""
    rows = tuple(feed_row(feed(f"f{number}")) for number in range(MOST_FEEDS + 10))

    assert len(worst_first(picture(feeds=rows))) == MOST_FEEDS


@pytest.mark.parametrize(
    ("due", "paused", "said"),
    [(START + 90, False, "in 1m30s"), (START - 5, False, "now"), (0.0, False, None), (START + 90, True, None)],
)
def test_next_poll_in_words(due, paused, said):
    """Nothing is said of a feed that is not planned."""
    row = row_of(feed_row(feed(paused=paused), cadence=Cadence(due=due)), picture())

    assert row["due"] == said


def test_last_read_in_words():
    """How long ago, or never."""
    assert row_of(feed_row(feed()), picture())["ago"] == "1m ago"
    assert row_of(feed_row(feed(), health=Health()), picture())["ago"] == "never"
