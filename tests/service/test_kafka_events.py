"""The event log of the Kafka ledger on a real broker: windows, readers, and sinks that replicas share."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import aiohttp.web
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition
from typer.testing import CliRunner

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.event_group import Group
from monitor.adapters.kafka.event_places import event_topics
from monitor.adapters.kafka.events import KafkaEventLog
from monitor.adapters.kafka.topics import ensure
from monitor.app.outbox import Outbox
from monitor.cli.root import app
from monitor.errors import LedgerError, Unreachable, UsageError
from monitor.model.event import Logged, Record
from monitor.model.notes import Note, SinkLate
from monitor.publish.envelope import record as envelope
from monitor.publish.topics import TopicSpec, TopicTable
from monitor.server.site import Site
from monitor.testing.builders import record
from monitor.testing.sinks import CapturingSink
from tests.support.alerts import ScriptedConsole, alert, picture, served, watch_row
from tests.support.fixtures import Brokers
from tests.support.kafka import KafkaCluster
from tests.support.service import running
from tests.support.virtual import LoopClock

pytestmark = [pytest.mark.service, pytest.mark.timeout(60)]

PATIENCE = 15.0
"""Seconds until something has to be so."""


class Bench:
    """Topics of its own on a cluster, a transactional producer, and the logs that read them."""

    def __init__(self, servers: Sequence[str]) -> None:
        self.name = f"events-{uuid4().hex[:10]}"
        self.settings = ClusterSettings(tuple(servers))
        self.table = TopicTable(f"{self.name}.")
        self.notes: list[Note] = []
        self._closers: list[Callable[[], Any]] = []

    def topic(self, name: str = "articles") -> str:
        """Behind the prefix."""
        return self.table.prefix + name

    async def make(self, *alerts: str) -> None:
        """The fixed topics, and those of alerts, three partitions each."""
        config = (("cleanup.policy", "delete"),)
        names = [*(spec.name for spec in self.table.plan((), 1, 1)), *(self.topic(f"alerts.{name}") for name in alerts)]
        rows = await ensure(self.settings, [TopicSpec(name, 3, 1, config) for name in names])
        assert all(row.usable for row in rows), rows

    async def start(self) -> None:
        """The producer."""
        self.producer = AIOKafkaProducer(
            bootstrap_servers=list(self.settings.bootstrap_servers), transactional_id=self.name, acks="all"
        )
        await self.producer.start()

    async def publish(self, *numbers: int, topic: str = "articles", commit: bool = True) -> None:
        """One transaction."""
        await self.send(*(record(number, self.topic(topic)) for number in numbers), commit=commit)

    async def send(self, *records: Record, commit: bool = True) -> None:
        """One transaction, of now."""
        await self.producer.begin_transaction()
        for one in records:
            headers = [(name, text.encode()) for name, text in one.headers]
            await self.producer.send(one.topic, one.value, one.key.encode(), headers=headers)
        await (self.producer.commit_transaction() if commit else self.producer.abort_transaction())

    def window(self, **bounds: int) -> KafkaEventLog:
        """As page and API have it."""
        return self._owned(KafkaEventLog.window(self.settings, lambda: event_topics(self.table), **bounds))

    def reader(self, start: str = "begin", *topics: str, **bounds: int) -> KafkaEventLog:
        """As `tail` has it."""
        pattern = event_topics(self.table, (), topics)
        return self._owned(KafkaEventLog.reader(self.settings, lambda: pattern, start, **bounds))

    def shared(self, sink: str = "capturing", **bounds: int) -> KafkaEventLog:
        """As a sink has it."""
        group = Group(sink, f"{self.name}-sink-{sink}", LoopClock(), self.notes.append, session_timeout=6.0)
        return self._owned(KafkaEventLog.shared(self.settings, lambda: event_topics(self.table), group, **bounds))

    def _owned(self, log: KafkaEventLog) -> KafkaEventLog:
        self._closers.append(log.close)
        return log

    async def close(self) -> None:
        """Everything."""
        await asyncio.gather(*(close() for close in self._closers))
        if hasattr(self, "producer"):
            await self.producer.stop()


@asynccontextmanager
async def started(servers: Sequence[str], *alerts: str) -> AsyncIterator[Bench]:
    bench = Bench(servers)
    await bench.make(*alerts)
    await bench.start()
    try:
        yield bench
    finally:
        await bench.close()


@pytest.fixture
async def bench(kafka: Brokers) -> AsyncIterator[Bench]:
    """With alert topics of one watch."""
    async with started(kafka.bootstrap_servers, "ukraine") as made:
        yield made


async def until(condition: Callable[[], Any]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def drained(log: KafkaEventLog, after: int = 0) -> list[Logged]:
    """All that a reader gives."""
    found: list[Logged] = []
    while rows := await log.read(after, limit=7):
        found += rows
        after = rows[-1].seq
    return found


def keys(rows: Sequence[Logged]) -> list[int]:
    """The numbers of articles."""
    return [int(row.record.key.removeprefix("article-")) for row in rows]


async def test_what_was_aborted_is_never_seen_and_places_are_the_brokers(bench: Bench) -> None:
    """Holes in the offsets, none in what is read."""
    log = bench.window()
    assert await log.head() == 0
    await bench.publish(1, 2)
    await bench.publish(*range(100, 120), commit=False)
    await bench.publish(3)
    async with asyncio.timeout(PATIENCE):
        await log.wait(2)
    rows = await log.read(0)

    assert keys(rows) == [1, 2, 3]
    assert all(row.place is not None and row.place[0] == row.record.partition for row in rows)
    assert keys(await drained(bench.reader())) == [1, 2, 3]


async def test_a_record_wakes_who_waits_within_moments(bench: Bench) -> None:
    """From the acknowledged commit to the end of `wait`."""
    log = bench.window()
    spans = []
    for number in range(20):
        waiting = asyncio.ensure_future(log.wait(await log.head()))
        await asyncio.sleep(0.02)
        await bench.publish(number)
        begun = time.perf_counter()
        await waiting
        spans.append(time.perf_counter() - begun)

    assert sorted(spans)[10] < 0.5


async def test_new_topics_are_found(bench: Bench) -> None:
    """From their first record on."""
    log = bench.window()
    await log.head()
    await bench.make("taiwan")
    await bench.publish(1, topic="alerts.taiwan")
    async with asyncio.timeout(PATIENCE):
        await log.wait(0)

    assert list(await log.topics()) == [bench.topic("alerts.taiwan")]


async def test_a_window_holds_what_is_newest_also_after_a_restart(bench: Bench) -> None:
    """In about the order of time over all partitions; quiet topics keep theirs."""
    await bench.publish(7, topic="alerts.ukraine")
    for start in range(0, 300, 10):
        await bench.publish(*range(start, start + 10))
    log = bench.window(hold=60)
    await log.head()
    newest = keys(await log.latest([bench.topic()], limit=100))

    assert 20 <= len(newest) <= 60
    assert newest[0] >= 290
    assert sum(one < other for one, other in pairwise(newest)) < 15
    assert keys(await log.latest([bench.topic("alerts.*")])) == [7]
    assert await log.expire(0.0) == (0, 0)


async def test_a_token_of_one_replica_is_a_place_in_another(bench: Bench) -> None:
    """Also in one that started later, and in a reader of another process."""
    first = bench.window()
    await first.head()
    await bench.publish(*range(10))
    async with asyncio.timeout(PATIENCE):
        await first.wait(9)
    rows = await first.read(0)
    token = first.token(rows[5].seq)
    second = bench.window()
    await second.head()

    there = await second.read(await second.seek(token))
    assert set(keys(there)) >= set(keys(rows[6:]))
    assert sorted(keys(await drained(bench.reader(token)))) == sorted(keys(rows[6:]))
    with pytest.raises(UsageError):
        await second.seek("bm9uZQ")


async def test_a_reader_goes_on_exactly_where_another_ended(bench: Bench) -> None:
    """However many partitions there are; `end` is what was there when it began."""
    for start in range(0, 60, 5):
        await bench.publish(*range(start, start + 5))
    first = bench.reader()
    rows = list(await first.read(0, limit=23))
    token = first.token(rows[-1].seq)
    rest = await drained(bench.reader(token))
    assert sorted(keys([*rows, *rest])) == list(range(60))

    end = bench.reader("end")
    assert await end.read(0) == []
    await bench.publish(100)
    await end.wait(0)
    assert keys(await end.read(0)) == [100]
    assert keys(await drained(bench.reader("begin", "*.alerts.*"))) == []


async def test_a_reader_fetches_no_more_than_is_read(bench: Bench) -> None:
    """What waits is bounded, and nothing is lost by that."""
    for start in range(0, 1000, 100):
        await bench.publish(*range(start, start + 100))
        await asyncio.sleep(0)
    log = bench.reader(hold=50)
    first = await log.read(0, limit=1)
    assert await log.tail_seq() == 1

    assert sorted(keys([*first, *await drained(log, first[0].seq)])) == list(range(1000))


async def test_no_cluster_is_told_by_a_reader_and_waited_for_by_a_window() -> None:
    """One is a command, the other a service."""
    settings = ClusterSettings(("127.0.0.1:1",), start_timeout=2.0)
    pattern = event_topics(TopicTable())
    reader = KafkaEventLog.reader(settings, lambda: pattern)
    window = KafkaEventLog.window(settings, lambda: pattern)
    try:
        with pytest.raises(Unreachable, match=r"no Kafka at 127\.0\.0\.1:1"):
            await reader.read(0)
        assert await window.read(0) == []
        assert await window.head() == 0
        await until(lambda: window.problem)
        waiting = asyncio.ensure_future(window.wait(0))
        await asyncio.sleep(0)
    finally:
        await reader.close()
        await window.close()
    with pytest.raises(LedgerError, match="closed"):
        await window.read(0)
    with pytest.raises(LedgerError, match="closed"):
        await waiting


async def test_a_sink_goes_on_where_its_group_stands(bench: Bench) -> None:
    """A cursor is the committed offsets; what was given up is counted beside them."""
    await bench.publish(*range(20))
    first = bench.shared()
    async with asyncio.timeout(PATIENCE):
        await first.wait(19)
    assert await first.cursor("capturing") is None
    rows = await first.read(0)
    assert sorted(keys(rows)) == list(range(20))
    await first.advance("capturing", rows[12].seq)
    await first.advance("capturing", rows[4].seq, dead=2)
    with pytest.raises(LedgerError):
        await first.advance("other", 1)
    await first.close()

    second = bench.shared()
    async with asyncio.timeout(PATIENCE):
        await second.wait(6)
    assert sorted(keys(await second.read(0))) == sorted(keys(rows[13:]))
    cursor = await second.cursor("capturing")
    assert cursor is not None
    assert (cursor.seq, cursor.dead) == (0, 2)
    assert list(await second.cursors()) == [cursor]
    await second.advance("capturing", 7)
    assert await lag(bench) == 0


async def lag(bench: Bench, sink: str = "capturing") -> int:
    """How far the group is behind, as Kafka's own tools count."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(bench.settings.bootstrap_servers))
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(f"{bench.name}-sink-{sink}")
    finally:
        await admin.close()
    reader = bench.reader("end")
    await reader.read(0)
    ends = reader._shelf.ring.places(0)
    return sum(ends[part] - one.offset for part, one in offsets.items() if one.offset > 0)


async def test_what_retention_took_from_a_sink_is_reported(bench: Bench) -> None:
    """Counted as given up, and said."""
    await bench.publish(*range(30))
    first = bench.shared()
    async with asyncio.timeout(PATIENCE):
        await first.wait(29)
    rows = await first.read(0)
    await first.advance("capturing", rows[2].seq)
    await first.close()
    await bench.publish(*range(30, 40))
    await cut(bench)

    second = bench.shared()
    async with asyncio.timeout(PATIENCE):
        await second.wait(0)
    found = await second.read(0)
    await second.advance("capturing", found[-1].seq)
    late = sum(note.records for note in bench.notes if isinstance(note, SinkLate))
    cursor = await second.cursor("capturing")
    assert late == 27 + 3
    assert cursor is not None
    assert cursor.dead == late


async def cut(bench: Bench) -> None:
    """Takes away what was in the articles before the last ten, as retention does: 30 records and their marks."""
    reader = bench.reader()
    old = [row for row in await drained(reader) if keys([row])[0] < 30]
    admin = AIOKafkaAdminClient(bootstrap_servers=list(bench.settings.bootstrap_servers))
    await admin.start()
    try:
        ends: dict[int, int] = {}
        for row in old:
            assert row.place is not None
            ends[row.place[0]] = max(ends.get(row.place[0], 0), row.place[1] + 2)
        await admin.delete_records(
            {TopicPartition(bench.topic(), part): RecordsToDelete(end) for part, end in ends.items()}
        )
    finally:
        await admin.close()


async def test_replicas_share_a_sink_and_one_takes_over_from_another(bench: Bench) -> None:
    """Every record at least once; what was passed on before the second came is not passed on again."""
    await bench.publish(*range(30))
    sinks = [CapturingSink(), CapturingSink()]
    logs = [bench.shared(), bench.shared()]
    outboxes = [Outbox(sink, log, LoopClock(), bench.notes.append) for sink, log in zip(sinks, logs, strict=True)]
    async with running(outboxes[0]):
        await until(lambda: len(sinks[0].records) == 30)
        async with running(outboxes[1]):
            await asyncio.sleep(4)
            before = [len(sink.records) for sink in sinks]
            for number in range(30, 90):
                await bench.publish(number)
            await until(lambda: sum(len(sink.records) for sink in sinks) >= 90)
            assert all(len(sink.records) > count for sink, count in zip(sinks, before, strict=True))
        await logs[1].close()
        await bench.publish(*range(90, 100))
        await until(lambda: len({key for sink in sinks for key in keys(sink.records)}) == 100)

    counts = Counter(key for sink in sinks for key in keys(sink.records))
    assert sum(counts.values()) <= 110


async def test_a_full_buffer_does_not_keep_a_member_from_sharing(bench: Bench) -> None:
    """Who waits for a slow target takes part in a rebalance, and its cursor moves after it."""
    for start in range(0, 300, 50):
        await bench.publish(*range(start, start + 50))
    first, second = bench.shared(hold=20), bench.shared(hold=20)
    async with asyncio.timeout(PATIENCE):
        await first.wait(20)
    rows = await first.read(0, limit=10)
    async with asyncio.timeout(30):
        await second.wait(0)
        await first.advance("capturing", rows[-1].seq)
        seen = {*keys(rows), *keys(await drained_of(first, rows[-1].seq)), *keys(await drained_of(second, 0))}
        while len(seen) < 300:
            seen |= {
                *keys(await drained_of(first, await first.head())),
                *keys(await drained_of(second, await second.head())),
            }
            await asyncio.sleep(0.05)


async def drained_of(log: KafkaEventLog, after: int) -> list[Logged]:
    """All that is there of a sink's log, each passed on."""
    found: list[Logged] = []
    while rows := await log.read(after):
        found += rows
        after = rows[-1].seq
        await log.advance("capturing", after)
    return found


async def test_page_and_stream_go_on_at_another_replica(bench: Bench) -> None:
    """Two processes, one cursor: a list is read on, a stream is followed on, and no alert is left out."""
    alerts = TopicTable(bench.table.prefix)
    console = ScriptedConsole(picture(watches=(replace(watch_row("port"), topic=bench.topic("alerts.ukraine")),)))
    first, second = bench.window(), bench.window()
    await asyncio.gather(first.head(), second.head())
    for number in range(1, 7):
        await bench.send(alert_record(number, bench))
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(first.wait(5), second.wait(5))

    def site(log: KafkaEventLog) -> aiohttp.web.Application:
        return Site(console, log, lambda: alerts).application()

    async with served(site(first)) as one, served(site(second)) as other:
        async with one.get("/api/alerts?limit=4") as answer:
            page = await answer.json()
        async with other.get(f"/api/alerts?cursor={page['next']}") as answer:
            rest = await answer.json()
        async with one.get(f"/api/alerts/stream?after={first.token(0)}") as answer:
            third = [await event(answer) for _ in range(3)][-1]
        async with other.get("/api/alerts/stream", headers={"Last-Event-ID": third["id"]}) as answer:
            await bench.send(alert_record(7, bench))
            later = [json.loads((await event(answer))["data"]) for _ in range(4)]

    titles = [item["article"]["title"] for item in (*page["items"], *rest["items"])]
    assert titles == [f"Port number {number}" for number in range(6, 0, -1)]
    assert all({"partition", "offset"} <= item.keys() and "seq" not in item for item in page["items"])
    assert [item["article"]["title"] for item in later] == [f"Port number {number}" for number in range(4, 8)]
    assert rest["next"] is None


def alert_record(number: int, bench: Bench) -> Record:
    """An alert of the desk, in the topic of this bench."""
    made = envelope(alert(number, watch_row("port").watch), TopicTable(bench.table.prefix))
    return replace(made, topic=bench.topic("alerts.ukraine"))


async def event(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """The next alert of a stream, as fields."""
    block: dict[str, str] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            block[name] = value
        elif "data" in block:
            break
    return block


async def test_tail_reads_a_cluster_and_says_where_to_go_on(bench: Bench, tmp_path: Path) -> None:
    """Lines carry partition and offset; the cursor of one run is the beginning of the next."""
    folder = configured(tmp_path, bench)
    await bench.publish(*range(20))
    await bench.publish(20, 21, topic="alerts.ukraine")
    lines, cursor = await tail(folder, "articles", bench, "--from", "begin", "--limit", "7", "--no-follow")
    more, last = await tail(folder, "articles", bench, "--from", cursor, "--no-follow")
    alerts, _ = await tail(folder, "alerts.*", bench, "--from", "begin", "--limit", "2")
    none, end = await tail(folder, "*", bench, "--from", "end", "--no-follow")
    await bench.publish(30)
    news, _ = await tail(folder, "*", bench, "--from", end, "--no-follow")
    same, _ = await tail(folder, "articles", bench, "--from", last, "--no-follow")

    assert len(lines) == 7
    assert sorted(int(line["key"].removeprefix("article-")) for line in (*lines, *more)) == list(range(20))
    assert all({"partition", "offset", "topic"} <= line.keys() and "seq" not in line for line in lines)
    assert [line["key"] for line in sorted(alerts, key=lambda line: line["key"])] == ["article-20", "article-21"]
    assert none == []
    assert [line["key"] for line in news] == [line["key"] for line in same] == ["article-30"]


def configured(folder: Path, bench: Bench) -> Path:
    """A configuration of an installation with this bench's topics."""
    servers = json.dumps(list(bench.settings.bootstrap_servers))
    (folder / "monitor.yaml").write_text(
        f"contact: tests@example.org\napp: {bench.name}\n"
        f"ledger: {{kind: kafka, bootstrap_servers: {servers}}}\n"
        f"topics: {{prefix: {bench.table.prefix}, replication: 1, min_insync_replicas: 1}}\n"
    )
    return folder


async def tail(folder: Path, topics: str, bench: Bench, *options: str) -> tuple[list[dict[str, Any]], str]:
    """Lines, and the cursor that was told."""
    command = ["tail", bench.topic(topics), *options, "--json", "--config", str(folder)]
    done = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.rpartition("cursor: ")[2].strip()


async def test_brokers_that_go_and_come_back(kafka_jars: None, tmp_path: Path) -> None:
    """What is held is shown meanwhile; then it goes on by itself, without gap or double. Closing ends in time."""
    cluster = KafkaCluster(tmp_path)
    try:
        cluster.start()
        async with started(cluster.bootstrap_servers, "x") as bench:
            window, shared = bench.window(), bench.shared()
            await bench.publish(1, 2)
            async with asyncio.timeout(PATIENCE):
                await window.wait(1)
                await shared.wait(1)
            cluster.kill()
            await asyncio.sleep(1)
            assert keys(await window.read(0)) == keys(await shared.read(0)) == [1, 2]
            cluster.restart()
            await bench.producer.stop()
            await bench.start()
            await bench.publish(3)
            async with asyncio.timeout(30):
                await window.wait(2)
                await shared.wait(2)
                await shared.advance("capturing", 3)
            assert keys(await window.read(0)) == [1, 2, 3]
            assert keys(await shared.read(2)) == [3]
            await bench.producer.stop()
            cluster.kill()
            begun = time.monotonic()
            await asyncio.gather(window.close(), shared.close())
            assert time.monotonic() - begun < 8
    finally:
        cluster.stop()
