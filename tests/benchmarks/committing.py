"""Exactly once on Kafka: transactions beside the plain producer of aiokafka, on one broker and on three, in turn.

The peer sends the same events with acks=all and waits; it writes no states, and promises nothing about doubles.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from monitor.adapters.clock import SystemClock
from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.ledger import KafkaLedger
from monitor.adapters.kafka.registry import KafkaRegistry
from monitor.adapters.kafka.topics import ensure
from monitor.app.commits import Commits
from monitor.model.event import Batch, Outcome, Record
from monitor.model.feed import FeedChanges
from monitor.model.ids import ShardId
from monitor.ports import ShardLedger
from monitor.publish.topics import TopicTable
from monitor.state.codec import encode_state
from tests.benchmarks.figures import (
    Bench,
    Figure,
    Pair,
    at_least,
    at_most,
    paired_waiting,
    percentile,
    summed_up,
    times,
)
from tests.benchmarks.material import outcomes, shipped
from tests.benchmarks.storing import batch_of, stream
from tests.support.fleet import Fleet
from tests.support.installation import Installation as Service
from tests.support.kafka import KafkaCluster, missing
from tests.support.site import Site

SHARDS = 6
SIZES = (1, 10, 100, 1000)
SLOW = 0.3
"""Seconds a server takes to answer, where polling is measured: then it is the waiting that costs, not the processor."""
HOSTS = 32


def figures(bench: Bench) -> Iterator[Figure]:
    """Commits of four sizes on both clusters, what one replica sustains, latency, and polls of two replicas."""
    reason = missing()
    if reason is not None:
        yield Figure(name="Kafka ledger", unit="articles/s", note=reason)
        return
    for nodes in (1, 3):
        cluster = KafkaCluster(bench.folder / f"kafka-{nodes}", nodes)
        cluster.start()
        try:
            yield from asyncio.run(_transactions(bench, cluster))
            if nodes == 1:
                yield asyncio.run(_sustained(bench, cluster))
                yield asyncio.run(_latency(bench, cluster))
                yield _scaled(bench, cluster)
        finally:
            cluster.stop()


@asynccontextmanager
async def _ledger(
    bench: Bench, cluster: KafkaCluster, name: str, shards: int = 1
) -> AsyncIterator[tuple[KafkaLedger, str]]:
    """A ledger of its own with the feeds of the material, and the prefix of its topics."""
    prefix, several = f"{name}.", len(cluster.nodes) > 1
    table = TopicTable(prefix)
    copies = (3, 2) if several else (1, 1)
    settings = ClusterSettings(cluster.bootstrap_servers)
    place = Installation(app=name, feeds=table.feeds, states=table.feed_state, shards=shards)
    await ensure(settings, (*table.plan(shipped().rules.watches, *copies), *table.ledger_plan(shards, *copies)))
    await KafkaRegistry(settings, place).apply(FeedChanges(tuple(one.feed for one in outcomes(bench))))
    yield KafkaLedger(settings, place), prefix


def _renamed(records: Sequence[Record], prefix: str) -> tuple[Record, ...]:
    return tuple(replace(record, topic=prefix + record.topic.removeprefix("news.")) for record in records)


async def _transactions(bench: Bench, cluster: KafkaCluster) -> list[Figure]:
    nodes, found, records = len(cluster.nodes), [], stream(bench)
    async with _ledger(bench, cluster, f"commit-{nodes}") as (ledger, prefix):
        shard, plain = await ledger.open(ShardId(0)), await _plain(cluster)
        for size in SIZES:
            rounds = bench.pick(40 if size < SIZES[-1] else 12, 4)
            batches = [batch_of(bench, records, size) for _ in range(rounds + 1)]
            batches = [replace(one, records=_renamed(one.records, prefix)) for one in batches]
            await shard.commit(batches[-1])
            await _send(plain, batches[-1].records)
            taken = await paired_waiting(
                lambda number, batches=batches: shard.commit(batches[number]),
                lambda number, batches=batches: _send(plain, batches[number].records),
                rounds,
            )
            found += _rows(f"Kafka ledger, {nodes} broker{'s' * (nodes > 1)}, commits of {size}", size, taken)
        await plain.stop()
        await shard.close()
    return found


def _rows(name: str, size: int, taken: Sequence[tuple[float, float]]) -> list[Figure]:
    ours, peers = zip(*taken, strict=True)
    spread = [f"p{share * 100:g} {percentile(ours, share) * 1e3:.0f} ms" for share in (0.5, 0.99)]
    plain = [f"p{share * 100:g} {percentile(peers, share) * 1e3:.1f}" for share in (0.5, 0.99)]
    note = f"{', '.join(spread)}; plain {', '.join(plain)}"
    return [Figure.of(name, "articles/s", summed_up(taken).per_second(size), "plain aiokafka", note=note)]


async def _plain(cluster: KafkaCluster) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(
        bootstrap_servers=list(cluster.bootstrap_servers), acks="all", compression_type="zstd", linger_ms=0
    )
    await producer.start()
    return producer


async def _send(producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
    futures = [
        await producer.send(
            one.topic, one.value, one.key.encode(), headers=[(name, value.encode()) for name, value in one.headers]
        )
        for one in records
    ]
    await asyncio.gather(*futures)


async def _sustained(bench: Bench, cluster: KafkaCluster) -> Figure:
    """All shards of one replica, each with feeds whose polls bring news as soon as the last ones are durable."""
    seconds, records = bench.pick(10, 2), stream(bench)
    async with _ledger(bench, cluster, "sustained", SHARDS) as (ledger, prefix):
        shards = [await ledger.open(ShardId(number)) for number in range(SHARDS)]
        polls = [
            replace(one, records=_renamed(batch_of(bench, records, 25).records, prefix))
            for one in outcomes(bench)[: bench.pick(60, 24)]
        ]
        started = time.perf_counter()
        counts = await asyncio.gather(
            *(_feed(shard, [one for one in polls if one.feed.id in shard.specs], started + seconds) for shard in shards)
        )
        rate = sum(counts) / (time.perf_counter() - started)
        for shard in shards:
            await shard.close()
    note = f"{SHARDS} shards, {len(polls)} feeds, 25 articles a poll, states and alerts in the same transactions"
    return Figure(name="Kafka ledger, one replica", unit="articles/s", ours=rate, goal=at_least(5_000), note=note)


async def _feed(shard: ShardLedger, polls: Sequence[Outcome], until: float) -> int:
    """Articles that became durable, through the queue that the service has in front of its ledger."""
    commits = Commits(ShardId(0), shard, SystemClock(lambda _note: None), lambda _note: None)
    committing = asyncio.ensure_future(commits.run())

    async def poll(outcome: Outcome) -> int:
        count = 0
        state = encode_state(outcome.state)
        while time.perf_counter() < until:
            await commits.settle(outcome.feed.id, outcome, state)
            count += sum(record.topic.endswith(".articles") for record in outcome.records)
        return count

    counts = await asyncio.gather(*map(poll, polls))
    commits.close()
    await committing
    return sum(counts)


async def _latency(bench: Bench, cluster: KafkaCluster) -> Figure:
    """From handing over to a `read_committed` consumer, at ten articles a second."""
    wanted, records = bench.pick(200, 30), stream(bench)
    async with _ledger(bench, cluster, "latency") as (ledger, prefix):
        shard = await ledger.open(ShardId(0))
        consumer = AIOKafkaConsumer(
            f"{prefix}articles",
            bootstrap_servers=list(cluster.bootstrap_servers),
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        )
        await consumer.start()
        handed: dict[str, float] = {}
        came: dict[str, float] = {}
        reading = asyncio.ensure_future(_note_arrivals(consumer, came))
        for _ in range(wanted):
            batch = batch_of(bench, records, 1)
            batch = replace(batch, records=_renamed(batch.records, prefix))
            article = next(one for one in batch.records if one.topic.endswith(".articles"))
            handed[article.id] = time.perf_counter()
            await shard.commit(Batch(shard=ShardId(0), states=batch.states, records=batch.records))
            await asyncio.sleep(max(0.0, 0.1 - (time.perf_counter() - handed[article.id])))
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                while len(came) < wanted:
                    await asyncio.sleep(0.01)
        reading.cancel()
        await consumer.stop()
        await shard.close()
    waits = [came[id_] - at for id_, at in handed.items() if id_ in came]
    note = f"{len(waits)} of {wanted} articles came; p50 {percentile(waits, 0.5) * 1e3:.0f} ms"
    worst = percentile(waits, 0.99) * 1e3
    return Figure(name="Kafka ledger, publish to consumer, p99", unit="ms", ours=worst, goal=at_most(300), note=note)


async def _note_arrivals(consumer: AIOKafkaConsumer, came: dict[str, float]) -> None:
    async for message in consumer:
        came[dict(message.headers)["ce_id"].decode()] = time.perf_counter()


def _scaled(bench: Bench, cluster: KafkaCluster) -> Figure:
    """Polls a second of two replicas beside one, where servers are slow and each replica may ask four at a time."""
    body = b'<rss version="2.0"><channel><title>x</title><item><guid>1</guid><title>one</title></item></channel></rss>'

    def page() -> bytes:
        time.sleep(SLOW)
        return body

    seconds = bench.pick(15, 4)
    with Site({f"/{number}.xml": page for number in range(HOSTS)}, "0.0.0.0").running() as site:
        fleet = Fleet(_service(bench.folder / "service", site, cluster))
        try:
            rates = {}
            for replicas in (1, 2):
                fleet.scale(replicas)
                rates[replicas] = _polls(site, seconds)
        finally:
            fleet.close()
    pair = Pair(rates[2], rates[1], rates[2] / rates[1])
    note = f"{HOSTS} hosts that take {SLOW} s to answer, four connections a replica"
    return Figure.of("polls, two replicas", "polls/s", pair, "one replica", times(1.8), note)


def _service(folder: Path, site: Site, cluster: KafkaCluster) -> Service:
    ledger = {"kind": "kafka", "bootstrap_servers": list(cluster.bootstrap_servers), "shards": 16}
    made = Service(
        folder,
        site.port,
        ledger=ledger,
        app="scaled",
        topics={"prefix": "scaled.", "replication": 1, "min_insync_replicas": 1},
        hosts={"spacing": "0s"},
        fetch={"concurrency": 4, "allow_cidrs": ["127.0.0.0/8"], "allow_ports": [site.port]},
        parse={"workers": 1, "lenient_workers": 1},
    )
    often = {"min": "500ms", "max": "500ms"}
    made.feeds(
        {"id": f"feed-{number}", "url": site.url(f"/{number}.xml", f"127.0.0.{number + 2}"), "interval": often}
        for number in range(HOSTS)
    )
    return made


def _polls(site: Site, seconds: float) -> float:
    """Polls a second, once polls have been coming for a while: shards have to be shared out and opened first."""
    time.sleep(max(8.0, seconds / 2))
    before, started = len(site.requests), time.perf_counter()
    time.sleep(seconds)
    return (len(site.requests) - before) / (time.perf_counter() - started)
