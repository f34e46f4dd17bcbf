"""Every program of `docs/consumers.md`, as it stands there, on topics with committed, aborted and open transactions."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from monitor.model.article import Identified
from monitor.model.event import AlertEvent, Record
from monitor.model.watch import Hit, Match, Watch
from monitor.publish.envelope import record
from monitor.publish.topics import TopicTable
from monitor.testing import builders
from tests.support import connect
from tests.support.fixtures import absent
from tests.support.kafka import KafkaCluster, cache
from tests.support.project import DOCS, blocks

pytestmark = [pytest.mark.service, pytest.mark.timeout(180)]

PAGE = (DOCS / "consumers.md").read_text(encoding="utf-8")
WATCHES = ("ukraine", "taiwan", "drones")
HIT = Hit("title", 0, 5, (0, 5), "Alert", "alert*", "prefix", None, "en", (0, 6))
IDLE = "12"
"""Seconds: a consumer has joined its group and read everything long before."""
OLD, NEW = time.time() - 7200, time.time()


def alert(watch: str, number: int, at: float = NEW) -> Record:
    """The record the service would publish."""
    known = Identified(f"{number:032x}", 1, at, False, builders.feed(), builders.article(title(watch, number)))
    event = AlertEvent(f"{watch.encode().hex():0>16}{number:016x}", at, "new", known, _match(watch), "1")
    return record(event, TopicTable())


def title(watch: str, number: int) -> str:
    return f"Alert {number} 🚢 {watch}"


def _match(watch: str) -> Match:
    return Match(Watch(watch, f"@{watch}"), "1", (HIT,), 1)


@dataclass(frozen=True)
class Published:
    """A cluster, and the alerts in it that were committed."""

    servers: str
    titles: dict[str, list[str]]


@pytest.fixture(scope="module")
def published(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Five alerts of each watch: two hours old, committed, aborted, committed, and one of a transaction left open."""
    with KafkaCluster(tmp_path_factory.mktemp("consumed")) as cluster:
        servers = ",".join(cluster.bootstrap_servers)
        create(servers)
        left_open = publish(servers)
        yield Published(servers, {watch: [title(watch, number) for number in (1, 2, 4)] for watch in WATCHES})
        left_open.abort_transaction(10)


def create(servers: str) -> None:
    """One partition a topic, so that what is aborted stands between what is committed; the group topic exists too."""
    admin = AdminClient({"bootstrap.servers": servers})
    topics = [NewTopic(f"news.alerts.{watch}", 1, 1, config={"compression.type": "zstd"}) for watch in WATCHES]
    for done in admin.create_topics(topics).values():
        done.result(10)


def publish(servers: str) -> Producer:
    """Leaves a transaction open; the caller ends it."""
    producer = transactional(servers, "news-monitor-0")
    for number, at in ((1, OLD), (2, NEW)):
        send(producer, [alert(watch, number, at) for watch in WATCHES])
        producer.commit_transaction(10)
    send(producer, [alert(watch, 3) for watch in WATCHES])
    producer.abort_transaction(10)
    send(producer, [alert(watch, 4) for watch in WATCHES])
    producer.commit_transaction(10)
    send(producer, [alert(watch, 5) for watch in WATCHES])
    return producer


def transactional(servers: str, name: str) -> Producer:
    settings = {"bootstrap.servers": servers, "transactional.id": name, "transaction.timeout.ms": 300_000}
    producer = Producer({**settings, "compression.type": "zstd"})
    producer.init_transactions(20)
    return producer


def send(producer: Producer, records: list[Record]) -> None:
    """Begins a transaction; everything is on the broker when this returns."""
    producer.begin_transaction()
    for one in records:
        headers = [(name, value.encode()) for name, value in one.headers]
        producer.produce(one.topic, one.value, one.key, headers=headers, timestamp=round(one.at * 1000))
    assert producer.flush(10) == 0


def program(marker: str) -> str:
    """The block of the page behind this fence."""
    (code,) = blocks(PAGE, marker)
    return code


def run(command: list[str], published: Published, folder: Path, **more: str) -> list[str]:
    """What it prints, when it has ended by itself."""
    return printed(start(command, published, folder, **more))


def start(command: list[str], published: Published, folder: Path, **more: str) -> subprocess.Popen[str]:
    """With nothing but what the page tells to set."""
    environment = {"KAFKA_BOOTSTRAP_SERVERS": published.servers, "IDLE_SECONDS": IDLE, "PATH": os.environ["PATH"]}
    out = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env={**environment, **more}, stdout=out, stderr=out, encoding="utf-8")


def printed(process: subprocess.Popen[str]) -> list[str]:
    """Its lines, once it has ended by itself and well."""
    try:
        told, complaints = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, complaints
    return told.splitlines()


@pytest.fixture(scope="module")
def running(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All that end by having nothing to do, side by side: most of their time is waiting."""
    folder = tmp_path_factory.mktemp("programs")
    aiokafka = program("python aiokafka")
    files = {
        "aiokafka": script(folder, "aio.py", aiokafka),
        "confluent-kafka": script(folder, "confluent.py", program("python confluent-kafka")),
        "careless": script(folder, "careless.py", careless(aiokafka)),
    }
    started = {name: start([sys.executable, file], published, folder) for name, file in files.items()}
    if shutil.which("javac"):
        command = ["java", "-cp", f"{cache()}/*", script(folder, "Alerts.java", program("java Alerts.java"))]
        started["java"] = start(command, published, folder)
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


def careless(code: str) -> str:
    """The same in a group of its own, and without the setting."""
    without = code.replace('        isolation_level="read_committed",\n', "").replace("alerts-aio", "careless-aio")
    assert "read_committed" not in without
    return without


def script(folder: Path, name: str, code: str) -> str:
    (folder / name).write_text(code, encoding="utf-8")
    return name


def by_watch(lines: list[str]) -> dict[str, list[str]]:
    """Titles in the order in which each watch's were printed: `watch | title | url`."""
    found: dict[str, list[str]] = {}
    for line in lines:
        watch, headline, url = line.split(" | ")
        assert url.startswith("https://example.org/")
        found.setdefault(watch, []).append(headline)
    return found


def needs(tool: str, package: str) -> None:
    if shutil.which(tool) is None:
        absent(f"no {tool} on this machine (deploy/setup-tests.sh installs {package})")


@pytest.mark.parametrize("marker", ["aiokafka", "confluent-kafka", "once"])
def test_python_is_the_whole_program(marker: str) -> None:
    """It can be copied without a word of its surroundings."""
    compile(program(f"python {marker}"), marker, "exec")


@pytest.mark.parametrize("name", ["aiokafka", "confluent-kafka"])
def test_python_prints_what_is_committed(published: Published, running: dict[str, Any], name: str) -> None:
    """Nothing of the aborted and of the open transaction, everything else once and in order."""
    assert by_watch(printed(running[name])) == published.titles


def test_aiokafka_without_the_setting_shows_the_rest(running: dict[str, Any]) -> None:
    """Hence the first sentence of the page; and it shows that the other tests can fail."""
    everything = {watch: [title(watch, number) for number in (1, 2, 3, 4, 5)] for watch in WATCHES}
    assert by_watch(printed(running["careless"])) == everything


def test_kcat_prints_what_is_committed(published: Published, tmp_path: Path) -> None:
    """And ends by itself, although a transaction is open."""
    needs("kcat", "kcat")
    lines = run(["sh", "-c", program("sh kcat")], published, tmp_path)

    found: dict[str, list[str]] = {}
    for line in lines:
        topic, value = line.split(" | ", 1)
        found.setdefault(topic.removeprefix("news.alerts."), []).append(json.loads(value)["article"]["title"])
    assert found == published.titles


def test_java_prints_what_is_committed(published: Published, running: dict[str, Any]) -> None:
    """One file, and the jars every download of Kafka has."""
    needs("javac", "default-jdk-headless")
    assert by_watch(printed(running["java"])) == published.titles


def test_connect_passes_on_what_is_committed(published: Published, tmp_path: Path) -> None:
    """A worker with the connector of the page; only its class is ours, for it shows header and key beside the value."""
    if reason := connect.missing():
        absent(reason)
    plain = json.loads(program("json connect"))
    plain["config"].update({"connector.class": connect.SINK, "file": str(tmp_path / "plain")})
    fields = json.loads(json.dumps(plain)) | {"name": "fields"}
    fields["config"].update(json.loads(program("json connect-fields")) | {"file": str(tmp_path / "fields")})
    worker = connect.start_worker(tmp_path, published.servers, plain, fields)
    try:
        lines = lines_of(tmp_path / "plain", worker, sum(map(len, published.titles.values())))
        by_id = lines_of(tmp_path / "fields", worker, len(lines))
    finally:
        worker.terminate()
        worker.wait(20)

    found: dict[str, list[str]] = {}
    for ce_id, key, event in (line.split(" | ", 2) for line in lines):
        alert = json.loads(event)
        assert (ce_id, key) == (alert["id"], alert["article"]["id"])
        found.setdefault(alert["watch"]["id"], []).append(alert["article"]["title"])
    assert found == published.titles
    for ce_id, key, fields_of_it in (line.split(" | ", 2) for line in by_id):
        assert key == ce_id
        assert f" id={ce_id}" in fields_of_it


def lines_of(file: Path, worker: subprocess.Popen[bytes], expected: int) -> list[str]:
    """Of the three topics, some time after as many are there as should be: more would have come with them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        ours = [line for line in lines if "Alert 7" not in line]
        if len(ours) >= expected:
            return ours
        assert worker.poll() is None, (file.parent / "worker.log").read_text()
        time.sleep(0.2)
    raise AssertionError((file.parent / "worker.log").read_text())


def test_replay_starts_at_the_time(published: Published, tmp_path: Path) -> None:
    """Without a word from the last hour on, with SINCE from any time."""
    needs("kcat", "kcat")
    recent = run(["sh", "-c", program("sh replay")], published, tmp_path)
    longer = run(["sh", "-c", program("sh replay")], published, tmp_path, SINCE="3 hours ago")

    assert [json.loads(line.split(" | ", 1)[1])["article"]["title"] for line in recent] == published.titles["ukraine"][
        1:
    ]
    assert [json.loads(line.split(" | ", 1)[1])["article"]["title"] for line in longer] == published.titles["ukraine"]
    assert int(longer[0].split(" | ")[0]) == round(OLD * 1000)


def test_second_copy_is_done_once(published: Published, tmp_path: Path) -> None:
    """By pattern and header, watches of a topic of their own and of the shared one; a repeated run adds nothing."""
    copies(published.servers)
    name = script(tmp_path, "once.py", program("python once"))
    for _ in range(2):
        assert run([sys.executable, name], published, tmp_path, WATCHES="drones") == []

    with sqlite3.connect(tmp_path / "alerts.db") as database:
        rows = database.execute("SELECT watch, alert FROM alerts").fetchall()
    found = sorted(json.loads(text)["article"]["title"] for _, text in rows)
    assert found == [*published.titles["drones"], title("drones", 7)]
    assert {watch for watch, _ in rows} == {"drones"}


def copies(servers: str) -> None:
    """In the shared topic, as the kafka sink repeats itself after an answer that did not come."""
    admin = AdminClient({"bootstrap.servers": servers})
    admin.create_topics([NewTopic("news.alerts", 1, 1)])["news.alerts"].result(10)
    shared = [replace(alert(watch, 7), topic="news.alerts") for watch in WATCHES]
    producer = transactional(servers, "copies")
    send(producer, [*shared, *shared])
    producer.commit_transaction(10)
