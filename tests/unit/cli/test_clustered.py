"""What commands say where the ledger is on Kafka: no process, no number of events, and who shares the feeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitor.app.build.picture import Picture
from monitor.cli import status
from monitor.cli.run import rehearsal, ways, why_not
from monitor.cli.sinks import row_of
from monitor.cli.tail import NAMED, Tail, unmatched
from monitor.config.config import Config
from monitor.config.schema import SqliteLedgerSettings
from monitor.model.snapshot import SinkRow
from monitor.model.state import Cadence, Health
from monitor.ports import SinkCursor
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import feed_row
from tests.support.service import configuration

ON_KAFKA = """
contact: tests@example.org
app: desk
ledger: {kind: kafka, bootstrap_servers: ["one:9092", "two:9092"], shards: 6}
topics: {prefix: "wire."}
"""


def on_kafka(sinks: str = "") -> Config:
    return configuration({"monitor.yaml": ON_KAFKA + sinks})


def picture(**given: Any) -> Picture:
    """An installation on Kafka with one feed that is late."""
    health = Health(last_poll=START - 900, last_success=START - 900)
    late = feed_row(feed("a"), health=health, cadence=Cadence(due=START - 600))
    defaults = {"feeds": (late,), "sinks": (), "head": None, "last_alert": None, "members": 2}
    return Picture(**{"at": START, "running": None, **defaults, **given})


@pytest.mark.parametrize(
    ("members", "said", "state"),
    [(2, "2 replicas running", "late"), (1, "1 replica running", "late"), (0, "0 replicas running", "ok")],
)
def test_status_counts_replicas(members: int, said: str, state: str) -> None:
    """A feed is late only if somebody should have asked it."""
    found = status.describe(picture(members=members), on_kafka(), {})
    assert (found["ledger"], found["running"], found["members"], found["head"]) == ("kafka", None, members, None)
    assert found["feeds"] == {state: 1}
    lines = list(status.sentences(found))
    assert said in lines[0]
    assert not any("events:" in line for line in lines)


def test_status_names_topics_that_do_not_fit_instead_of_late_feeds() -> None:
    """Replicas of this configuration cannot run, so nobody is late."""
    found = status.describe(picture(problem="wire.feeds has 3 partitions instead of 6: too few"), on_kafka(), {})
    assert found["feeds"] == {"ok": 1}
    lines = [line for line in status.sentences(found) if "partitions" in line]
    assert lines == [
        "  wire.feeds has 3 partitions instead of 6: too few; `news-monitor topics verify` says what to do"
    ]


def test_names_that_no_topic_has_are_told_in_one_line() -> None:
    """With those there are, few of them; who follows is told that it waits."""
    known = ["wire.articles", "wire.dead-letters"]
    assert unmatched(Tail(("wire.*",), None, True, False), known) == []
    assert unmatched(Tail(("no.such.*", "wire.articles"), None, False, False), known) == [
        "no topic matches no.such.*; known: wire.articles, wire.dead-letters"
    ]
    (line,) = unmatched(Tail(("x",), None, True, False), [f"wire.{number}" for number in range(NAMED + 3)])
    assert line.endswith(" and 3 more; waiting for one that does")


def test_status_of_a_group_that_is_not_ours_to_see() -> None:
    """Says so, and does not say that nobody runs."""
    found = status.describe(picture(members=None), on_kafka(), {})
    assert "nobody can say who runs" in next(iter(status.sentences(found)))


def test_a_sink_on_kafka_has_a_lag_and_no_number() -> None:
    """Its group has an offset for each partition."""
    row = row_of(SinkRow("jsonl", "jsonl", 0, 17, 2), SinkCursor("jsonl", 0, START, 2), None)
    assert (row["seq"], row["head"], row["lag"], row["dead"]) == (None, None, 17, 2)
    assert row["at"] == "2027-01-15T08:00:00.000Z"


def test_the_greeting_says_where_events_go() -> None:
    """Topics, cluster, group, shards; and the sinks behind them."""
    assert ways(on_kafka(), 3) == [
        "  events go to the topics wire.* at one:9092, two:9092",
        "  3 of 6 shards are polled here; the group desk-pollers shares them out",
    ]
    assert ways(on_kafka("sinks: [{kind: stdout}]"), 6)[0].endswith("two:9092 and from there to: stdout")


def test_the_greeting_says_why_nothing_is_polled() -> None:
    """A broker that does not answer is named, not taken for a group that takes its time."""
    files = {"monitor.yaml": ON_KAFKA, "feeds/all.yaml": "feeds:\n  - {id: a, url: 'https://a.example/rss'}\n"}
    config = configuration(files)
    assert why_not(config, ("no assignment yet: no Kafka at one:9092",)) == (
        " yet: no assignment yet: no Kafka at one:9092"
    )
    assert "other replicas have them" in why_not(config, ())
    assert "add a feed" in why_not(on_kafka(), ("no assignment yet",))


def test_the_greeting_of_the_embedded_ledger() -> None:
    """One line, as ever."""
    embedded = configuration({"monitor.yaml": "contact: tests@example.org\ndata_dir: here\n"})
    assert ways(embedded, 1) == ["  events go to the ledger in here/ and from there to: jsonl"]


def test_a_rehearsal_writes_into_no_topic() -> None:
    """Its ledger is embedded and thrown away, whatever is configured."""
    alone = rehearsal(on_kafka()).settings
    assert isinstance(alone.ledger, SqliteLedgerSettings)
    assert [sink.kind for sink in alone.sinks] == ["stdout"]
    assert Path(alone.data_dir).is_dir()
