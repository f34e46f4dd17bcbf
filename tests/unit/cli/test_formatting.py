"""Small pure parts of commands."""

from __future__ import annotations

import msgspec
import pytest

from monitor.cli.check import as_object, gathered
from monitor.cli.common import FAILED, INVALID, UNREACHABLE, USAGE, exit_code
from monitor.cli.probe import is_url, read_header
from monitor.cli.probed import describe, sentences
from monitor.cli.status import worst
from monitor.cli.tail import checked, sentence
from monitor.cli.topics import worth
from monitor.errors import ConfigError, LedgerError, Problem, Unreachable, UsageError
from monitor.match.compiler import compile_rules
from monitor.model.event import Logged, Record
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.poll import Failed, Hop, Response
from monitor.model.snapshot import FeedRow
from monitor.model.state import Cadence, Counts, Health
from monitor.pipeline import Rules
from monitor.publish.topics import TopicTable

NOW = 1_750_000_000.0
FEED = FeedSpec(FeedId("a"), "https://a.example/feed")


def logged(value: object, topic: str = "news.articles") -> Logged:
    """A record of the log."""
    data = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return Logged(7, Record(topic, "k", data, (), "id", NOW))


def test_every_kind_of_failure_has_its_exit_code():
    """As scripts rely on it."""
    errors = ConfigError([]), UsageError(), Unreachable(), LedgerError()
    assert [exit_code(error) for error in errors] == [INVALID, USAGE, UNREACHABLE, FAILED]


def test_a_problem_as_an_object():
    """Keys of the interface."""
    made = as_object(Problem("f.yaml", 1, 2, "a.b", "wrong", "MON-CFG-001", "context"), "error")
    assert made == {
        "file": "f.yaml", "line": 1, "column": 2, "path": "a.b", "message": "wrong", "id": "MON-CFG-001",
        "level": "error", "context": "context",
    }  # fmt: skip


def test_places_of_a_log():
    """Words, numbers and tokens; what a log makes of them is its own affair."""
    assert [checked(text) for text in ("end", "begin", "12", "eJx_-A")] == ["end", "begin", "12", "eJx_-A"]
    for text in ("1.5", "١", "a b", "9=", ""):
        with pytest.raises(UsageError, match="needs begin, end, or a cursor"):
            checked(text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"article": {"title": "A\x1b[2J", "feed": {"id": "f"}, "url": "u"}, "watches": ["w"]}, "[w] A\\x1b[2J (f) u"),
        ({"article": {"title": None}, "hits": [{"text": "port"}, {"text": "port"}]}, "port | ()"),
        ({"type": "news.feed.v1", "kind": "gap", "feed": {"id": "f"}}, "gap f"),
        (b"<item>\x07", "<item>\\x07"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        ([1], "[1]"),
    ],
)  # fmt: skip
def test_h169_events_on_one_line(value, shown):
    """Whatever a record holds, also one of a later version."""
    assert sentence(logged(value)) == f"2025-06-15T15:06:40Z  news.articles  {shown}"


def test_headers_and_urls_of_probes():
    """Names in lower case; only http and https are asked."""
    assert read_header('ETag: "a:b" ') == ("etag", '"a:b"')
    for text in ("no colon", ": x", "a b: c"):
        with pytest.raises(UsageError):
            read_header(text)
    assert (is_url("HTTPS://x"), is_url("ftp://x"), is_url("file")) == (True, False, False)


def test_a_failed_probe_says_what_and_when_again():
    """Null where nothing was read; secrets of URLs are masked."""
    rules = Rules(compile_rules([], {}), TopicTable(), "g")
    failed = Failed(
        "http_status",
        "404",
        "There is nothing.",
        Response("https://a.example/x", 404, hops=(Hop("https://u:p@a.example/feed?key=1", 301),)),
    )
    made = describe("https://u:p@a.example/feed?key=1", FEED, failed, rules, NOW)
    assert made["source"] == "https://a.example/feed?key=***"
    assert (made["verdict"], made["status"]) == ({"kind": "http_status", "reason": "404"}, 404)
    assert made["redirects"] == [{"url": "https://a.example/feed?key=***", "status": 301}]
    assert (made["reading"], made["feed"], made["articles"]) == (None, {"title": None, "language": None}, [])
    assert made["next_poll"]["after_s"] > 0
    text = "\n".join(sentences(made))
    assert "There is nothing." in text
    assert "redirected by 301" in text


def test_the_worst_hosts_come_first():
    """With their commonest reason; paused feeds do not count."""
    rows = [
        FeedRow(FeedSpec(FeedId(str(number)), f"https://{host}.example/{number}", paused=paused),
                Health(failures=1, kind=kind, reason="r"), Cadence(), Counts())
        for number, (host, kind, paused) in enumerate(
            [("a", "dns", False), ("b", "tls", False), ("b", "tls", False), ("b", "dns", False), ("c", "dns", True)]
        )
    ]  # fmt: skip
    assert worst(rows) == [
        {"host": "b.example", "feeds": 3, "reason": "tls r"}, {"host": "a.example", "feeds": 1, "reason": "dns r"},
    ]  # fmt: skip


def test_what_topics_are_worth():
    """Unknown means nobody answered."""
    assert worth([{"state": "ok", "usable": True}]) == 0
    assert worth([{"state": "missing", "usable": False}]) == FAILED
    assert worth([{"state": "unknown", "usable": False}]) == UNREACHABLE


def test_what_topics_have_in_common_is_said_once():
    """A broker that is away is one problem, and without a remedy nothing dangles."""
    away = {"problem": "no Kafka", "remedy": ""}
    rows = [{"topic": "a", **away}, {"topic": "b", **away}, {"topic": "c", "problem": "missing", "remedy": "make it"}]
    assert gathered(rows) == ["a, b: no Kafka", "c: missing; make it"]
