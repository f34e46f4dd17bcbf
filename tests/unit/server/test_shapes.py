"""The objects of the API, and alerts as a table."""

from __future__ import annotations

import csv
import io

import pytest

from monitor.model.snapshot import SinkRow
from monitor.model.state import Cadence, Counts, Health
from monitor.server.shapes import COLUMNS, STATES, csv_of, feed_of, link_of, state_of, status_of, watch_of
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import feed_row, picture, watch_row

POLLED = {"last_poll": START, "last_success": START}


def alert_with(**changes) -> dict:
    """As much of an alert as a table shows."""
    article = {"title": "t", "url": "https://e.example/1", "feed": {"id": "f"}, "language": {"tag": "en"}}
    return {
        "time": "2027-01-15T08:00:00.000Z",
        "watch": {"id": "port", "severity": "medium"},
        "article": article | changes,
        "hits": [{"text": "port"}, {"text": "Port"}, {"text": "port"}],
    }


@pytest.mark.parametrize(
    ("spec", "health", "state"),
    [
        ({}, Health(), "waiting"),
        ({}, Health(**POLLED), "ok"),
        ({}, Health(last_poll=START, last_success=START - 1), "failing"),
        ({}, Health(last_poll=START), "failing"),
        ({}, Health(**POLLED, retired=True), "retired"),
        ({"paused": True}, Health(last_poll=START), "paused"),
    ],
)
def test_one_word_for_how_a_feed_does(spec, health, state):
    """Paused is what the operator wants, so it goes before how it did."""
    assert state_of(feed_row(feed(**spec), health=health)) == state
    assert state in STATES


def test_feed_says_what_it_is_how_it_does_and_when_it_is_due():
    """Every key is there, nothing is left out."""
    said = feed_of(feed_row(feed(tags=("a",), owner="desk"), totals=Counts(fetched=5, new=2, known=2)))

    assert said == {
        "id": "example",
        "name": "Example",
        "url": "https://example.example/rss",
        "class": "news",
        "language": "en",
        "country": None,
        "tags": ["a"],
        "owner": "desk",
        "origin": "config",
        "state": "ok",
        "verdict": {"kind": "ok", "reason": ""},
        "detail": "",
        "status": 200,
        "failures": 0,
        "last_poll": "2027-01-15T07:59:00.000Z",
        "last_success": "2027-01-15T07:59:00.000Z",
        "last_new": "2027-01-15T07:00:00.000Z",
        "next_poll": {"at": "2027-01-15T08:09:00.000Z", "reason": "rate"},
        "items": {"fetched": 5, "new": 2, "updated": 0, "known": 2, "filtered": 0, "quarantined": 0, "cut": 0},
        "unaccounted": 1,
        "remembered": 7,
    }


def test_feed_that_was_never_polled_has_nulls():
    """A missing value is null, never left out."""
    said = feed_of(feed_row(feed(name=""), health=Health(), cadence=Cadence(), title="Its own title"))

    assert said["name"] == "Its own title"
    assert (said["last_poll"], said["last_success"], said["next_poll"]["at"]) == (None, None, None)


def test_h172_secrets_of_a_feed_url_are_masked():
    """Userinfo and values of the query are not for whoever may read."""
    said = feed_of(feed_row(feed(url="https://me:secret@e.example/rss?token=hidden&x=1")))

    assert said["url"] == "https://e.example/rss?token=***&x=***"


def test_status_counts_feeds_by_state():
    """One screen: what runs, what fails, what waits."""
    sink = SinkRow("kafka", "kafka", 5, 3, error="away", oldest=START)
    rows = (feed_row(feed("a")), feed_row(feed("b")), feed_row(feed("c", paused=True)))
    said = status_of(picture(feeds=rows, sinks=(sink,), head=8, totals=Counts(fetched=3, new=1), in_flight=2))

    assert said["feeds"] == {"ok": 2, "paused": 1}
    assert (said["head"], said["in_flight"], said["unaccounted"], said["watches"]) == (8, 2, 2, 0)
    assert said["sinks"] == [
        {
            "name": "kafka",
            "kind": "kafka",
            "seq": 5,
            "lag": 3,
            "dead": 0,
            "error": "away",
            "oldest": "2027-01-15T08:00:00.000Z",
        }
    ]
    assert said["reload"] == {"ok": True, "problems": []}


def test_watch_without_a_name_is_called_by_its_id():
    """The object of `/api/watches`."""
    assert watch_of(watch_row("port", name="", alerts=4)) == {
        "id": "port",
        "name": "port",
        "query": "port",
        "severity": "medium",
        "owner": None,
        "version": "v1",
        "topic": "news.alerts.port",
        "armed": True,
        "reason": None,
        "alerts": 4,
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠"])
def test_h173_formula_in_a_cell_is_made_inert(start):
    """A spreadsheet must not compute what a publisher wrote, in whichever column it stands."""
    evil = f'{start}HYPERLINK("http://x.example","y")'
    rows = list(csv.DictReader(io.StringIO(csv_of([alert_with(title=evil, url=evil)]), newline="")))

    assert rows[0]["title"] == rows[0]["url"] == f"'{evil}"


@pytest.mark.parametrize("title", ['Port, "old"\nquarter', "Port; a=b", "", "´=1", "5-3 win"])
def test_harmless_cells_come_back_as_they_are(title):
    """Commas, quotes and line breaks survive the format."""
    rows = list(csv.DictReader(io.StringIO(csv_of([alert_with(title=title)]), newline="")))

    assert rows[0]["title"] == title
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["hits"] == "port, Port"


def test_cell_without_value_is_empty():
    """An article without a link."""
    (row,) = csv.DictReader(io.StringIO(csv_of([alert_with(url=None)])))

    assert row["url"] == ""


@pytest.mark.parametrize("url", ["https://e.example/a?b=1", "http://e.example", "HTTPS://E.example"])
def test_web_addresses_are_links(url):
    """As they are."""
    assert link_of(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVa\nScript:alert(1)",
        " https://e.example",
        "data:text/html,x",
        "//e.example",
        "vbscript:x",
    ],
)
def test_h167_other_addresses_are_no_links(url):
    """Ingest drops them; what a log holds from elsewhere is not believed either."""
    assert link_of(url) is None
