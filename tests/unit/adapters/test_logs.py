"""Log lines: one line each whatever is in it, machine-readable, and not a flood."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import CollectorRegistry

from monitor.adapters.logs import BURST, FOREIGN, OURS, WINDOW, configure
from monitor.adapters.observe import Metrics, Observer
from monitor.model.mask import mask_url
from monitor.model.notes import Polled

FORGED = 'Nothing happened\n{"event":"poll","level":"info","verdict":"ok"}\r\x1b[2J\x00\u202e\u2028\ud800'


class Log:
    """The whole log of a process, configured for one test."""

    def __init__(self, form: str, level: str = "info") -> None:
        self.now, self.stream = 0.0, io.StringIO()
        self.log = configure(form, level, lambda: self.now, self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self) -> list[dict]:
        """Every line, parsed."""
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging belongs to the process: afterwards it is as it was."""
    root, ours = logging.getLogger(), logging.getLogger(OURS)
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = before
    structlog.reset_defaults()


def test_json_lines_have_time_level_and_event():
    """One object a line."""
    log = Log("json")
    log.log.info("poll", feed_id="bbc", count=3)
    log.log.error("poll_crashed")
    first, second = log.lines()
    assert (first["event"], first["level"], first["feed_id"], first["count"]) == ("poll", "info", "bbc", 3)
    assert first["ts"].endswith("Z")
    assert second["level"] == "error"


@pytest.mark.parametrize("form", ["json", "console"])
def test_h168_a_title_forges_no_line_and_moves_no_cursor(form):
    """Newline, escape, NUL, bidi, separators, a lone surrogate: one printable line."""
    log = Log(form)
    log.log.warning("sink_failed", title=FORGED, error=FORGED)
    body = log.text.removesuffix("\n")
    assert body.isprintable()
    assert len(log.text.splitlines()) == 1


@pytest.mark.parametrize("form", ["json", "console"])
def test_h171_h168_what_a_library_quotes_is_as_harmless(form):
    """Its message is the event of the line."""
    log = Log(form)
    logging.getLogger("aiokafka").error("cannot parse %s", FORGED)
    assert log.text.removesuffix("\n").isprintable()
    assert "cannot parse" in log.text


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_quotes_a_document_harmlessly(form):
    """Lines of a traceback stay lines; what is in them stays text."""
    log = Log(form)
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("library").exception("it failed")
    assert "\x1b" not in log.text
    assert "\x00" not in log.text
    assert "ValueError" in log.text
    if form == "json":
        assert len(log.lines()) == 1


def test_h172_secrets_of_an_address_stay_out_of_the_line():
    """Userinfo and values of the query are masked where the note is made."""
    log = Log("json")
    url = mask_url("https://user:hunter2@example.org/rss?token=abc&page=2")
    counts = ("fetched", "new", "updated", "known", "filtered", "quarantined", "cut", "alerts", "status", "bytes")
    numbers = dict.fromkeys(counts, 0)
    note = Polled(feed="a", url=url, verdict="ok", reason="", **numbers, duration=0.1, next_at=0.0, generation="g")
    Observer(log.log, Metrics(CollectorRegistry()))(note)
    (line,) = log.lines()
    assert line["url_masked"] == "https://example.org/rss?token=***&page=***"
    assert "hunter2" not in log.text
    assert "abc" not in log.text


def test_n01_one_fault_for_thousands_is_a_few_lines_and_a_number():
    """Beyond the burst nothing is written until the window is over; then its number is."""
    log = Log("json")
    for _ in range(50_000):
        log.log.warning("operator_needed", feed_id="x")
    assert len(log.lines()) == BURST
    log.log.error("poll_crashed")
    assert len(log.lines()) == BURST + 1
    log.now += WINDOW
    log.log.warning("operator_needed", feed_id="x")
    assert log.lines()[-1]["suppressed"] == 50_000 - BURST


def test_polls_are_never_left_out():
    """A line a poll is the record of what was done; the schedule is their limit."""
    log = Log("json")
    for _ in range(3 * BURST):
        log.log.info("poll", feed_id="x")
    assert len(log.lines()) == 3 * BURST


def test_a_library_that_repeats_itself_is_cut_short():
    """Per logger and window; another one still speaks."""
    log = Log("json")
    for number in range(100):
        logging.getLogger("aiokafka.conn").error("no broker, try %s", number)
    logging.getLogger("asyncio").warning("slow")
    assert len(log.lines()) == FOREIGN + 1
    log.now += WINDOW
    logging.getLogger("aiokafka.conn").error("no broker")
    assert len(log.lines()) == FOREIGN + 2


def test_levels_hold_and_libraries_are_heard_from_warning_on():
    """`log.level` is ours alone."""
    log = Log("json", "warning")
    log.log.info("poll")
    logging.getLogger("aiohttp").info("hello")
    log.log.warning("uplink_changed")
    assert [line["event"] for line in log.lines()] == ["uplink_changed"]


def test_the_form_follows_the_terminal():
    """`auto`: JSON for programs."""
    log = Log("auto")
    log.log.info("poll")
    assert log.lines()[0]["event"] == "poll"


def test_the_console_shows_fields_in_the_order_of_the_note():
    """Which feed and what came of it stand first, not what the alphabet puts there."""
    out = io.StringIO()
    log = configure("console", "info", lambda: 0.0, out)
    log.info("poll", feed_id="bbc", verdict="ok", alerts=2)
    line = out.getvalue()
    assert line.index("feed_id") < line.index("verdict") < line.index("alerts")
