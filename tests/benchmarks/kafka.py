"""Into Kafka: the kafka sink beside the producer of aiokafka used plainly, on the same broker, in turn.

Both wait for all replicas in sync and compress with zstd. `KAFKA_BOOTSTRAP_SERVERS` names another cluster than the one
started here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from aiokafka import AIOKafkaProducer

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.sink import KafkaSink
from monitor.model.event import Logged
from tests.benchmarks.figures import Bench, Figure, paired_waiting, summed_up
from tests.benchmarks.storing import CHUNK, stream
from tests.support.cluster import make_topic
from tests.support.fixtures import Brokers
from tests.support.kafka import KafkaCluster, missing


def figures(bench: Bench) -> Iterator[Figure]:
    """Records a second, in chunks as an outbox hands them over."""
    reason = missing()
    if reason is not None and not os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield Figure(name="kafka sink", unit="records/s", note=reason)
        return
    with _cluster(bench.folder) as brokers:
        yield asyncio.run(_measured(bench, brokers))


@contextmanager
def _cluster(folder: Path) -> Iterator[Brokers]:
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield Brokers(tuple(given.split(",")))
        return
    cluster = KafkaCluster(folder)
    try:
        cluster.start()
        yield Brokers(cluster.bootstrap_servers)
    finally:
        cluster.stop()


async def _measured(bench: Bench, brokers: Brokers) -> Figure:
    rounds, topic = bench.pick(40, 8), await make_topic(brokers)
    records = (replace(record, topic=topic) for record in stream(bench))
    numbered = map(Logged, count(1), records)
    chunks = [list(islice(numbered, CHUNK)) for _ in range(rounds + 1)]
    sink = KafkaSink("kafka", ClusterSettings(brokers.bootstrap_servers))
    plain = AIOKafkaProducer(
        bootstrap_servers=list(brokers.bootstrap_servers), acks="all", compression_type="zstd", linger_ms=5
    )
    await plain.start()
    try:
        await asyncio.gather(sink.write(chunks[-1]), _send(plain, chunks[-1]))
        taken = await paired_waiting(
            lambda number: sink.write(chunks[number]), lambda number: _send(plain, chunks[number]), rounds
        )
    finally:
        await plain.stop()
        await sink.close()
    size = sum(len(logged.record.value) for chunk in chunks for logged in chunk) / (CHUNK * len(chunks))
    note = f"chunks of {CHUNK}, {size:.0f} bytes a record"
    return Figure.of("kafka sink", "records/s", summed_up(taken).per_second(CHUNK), "plain aiokafka", note=note)


async def _send(producer: AIOKafkaProducer, chunk: Sequence[Logged]) -> None:
    """Everything handed over, then everything waited for."""
    futures = [
        await producer.send(
            one.record.topic,
            one.record.value,
            one.record.key.encode(),
            headers=[(name, value.encode()) for name, value in one.record.headers],
        )
        for one in chunk
    ]
    await asyncio.gather(*futures)
