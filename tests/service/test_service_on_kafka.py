"""The whole service with the kafka sink, over a real broker that is stopped and started meanwhile."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.installation import ROOT, Installation
from tests.support.kafka import KafkaCluster
from tests.support.reader import Message, read_topic
from tests.support.site import Issuer, Site

pytestmark = [pytest.mark.service, pytest.mark.timeout(180)]

FEEDS = 4
TOPICS = ("news.articles", "news.alerts.ukraine", "news.alerts.taiwan", "news.alerts.drones")


@pytest.fixture
def broker(kafka_jars: None, tmp_path: Path):
    """A broker of this test's own: it is stopped."""
    cluster = KafkaCluster(tmp_path / "kafka")
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def test_f02_every_event_arrives_though_the_broker_is_away(broker, tmp_path):
    """Stopped at the start, started, stopped in the middle, started: all events, doubles only by the same `ce_id`."""
    issuers = [Issuer(f"feed-{number}", 3.0, window=1900) for number in range(FEEDS)]
    pages = {f"/{one.name}.xml": one.document for one in issuers}
    broker.stop()
    with Site(pages).running() as site:
        installation = _installation(tmp_path, site, issuers, broker)
        daemon = installation.start("run", stdout=subprocess.DEVNULL)
        try:
            _wait(lambda: len(installation.events()) > 20)
            broker.restart()
            _wait(lambda: installation.cursor("kafka") > 20)
            broker.stop()
            before = len(installation.events())
            _wait(lambda: len(installation.events()) > before + 20)
            broker.restart()
            for one in issuers:
                one.issue(30)
            _wait(lambda: len(installation.events("news.articles")) > 200)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(30)
    assert daemon.returncode == 0
    _finish(installation)
    events = installation.events()
    doubles = sum(_compare(broker, topic, events) for topic in {topic for _, _, topic, _ in events})
    print(f"\n{len(events)} events, {doubles} doubles")
    _run_consumer_of_the_documentation(broker, events)


def test_s01_stop_returns_with_the_broker_away(broker, tmp_path):
    """SIGTERM ends the service within 25 s, exit code 0, though nothing can be delivered; the cursor stays behind."""
    issuer = Issuer("feed-0", 3.0, window=100)
    with Site({"/feed-0.xml": issuer.document}).running() as site:
        installation = _installation(tmp_path, site, [issuer], broker)
        broker.stop()
        daemon = installation.start("run", stdout=subprocess.DEVNULL)
        _wait(installation.events)
        started = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(30) == 0
        assert time.monotonic() - started < 25
    assert installation.cursor("kafka") == 0


def _installation(folder: Path, site: Site, issuers: list[Issuer], broker: KafkaCluster) -> Installation:
    sink = {"kind": "kafka", "bootstrap_servers": list(broker.bootstrap_servers)}
    made = Installation(folder, site.port, sinks=[sink], topics={"replication": 1, "min_insync_replicas": 1})
    made.feeds(
        {"id": one.name, "url": site.url(f"/{one.name}.xml"), "interval": {"min": "500ms", "max": "500ms"}}
        for one in issuers
    )
    return made


def _finish(installation: Installation) -> None:
    """A last start brings the sink level with the log: the feeds are gone, so nothing new comes."""
    installation.feeds([])
    daemon = installation.start("run", stdout=subprocess.DEVNULL)
    try:
        head = installation.events()[-1][0]
        _wait(lambda: installation.cursor("kafka") >= head)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)


def _compare(broker: KafkaCluster, topic: str, events: list) -> int:
    """The topic holds every event of the log; doubles are equal. Returns how many are double."""
    wanted = {id_: value for _, id_, name, value in events if name == topic}
    found = read_topic(broker.bootstrap_servers, topic)
    assert {message.id for message in found} == wanted.keys()
    for message in found:
        assert json.loads(message.value) == wanted[message.id]
        _check_headers(message)
    counts = Counter(message.id for message in found)
    return sum(counts.values()) - len(counts)


def _check_headers(message: Message) -> None:
    headers, value = dict(message.headers), json.loads(message.value)
    assert headers["ce_id"] == value["id"]
    assert headers["ce_type"] == value["type"]
    assert message.key == headers["ce_subject"]


def _run_consumer_of_the_documentation(broker: KafkaCluster, events: list) -> None:
    """What `docs/events.md` shows prints the alerts of the three watches, each once."""
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python consumer\n(.*?)```", page, re.DOTALL)
    wanted = [value["article"]["title"] for _, _, topic, value in events if topic.startswith("news.alerts.")]
    assert wanted
    consumer = subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        env={"KAFKA_BOOTSTRAP_SERVERS": ",".join(broker.bootstrap_servers), "PATH": "/usr/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = [consumer.stdout.readline() for _ in wanted]
    finally:
        consumer.kill()
        consumer.communicate()
    for title in wanted:
        assert any(title in line for line in lines), title


def _wait(done) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)
