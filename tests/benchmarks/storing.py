"""Durable writes: the ledger beside bare sqlite3 with the same bytes, the jsonl sink beside a plain file.

Wall time, for it is the disk that is waited for; both sides write to the same one, in turn.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count, cycle, islice
from pathlib import Path

from monitor.adapters.sinks.jsonl import JsonlSink
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.ledger import SqliteLedger, SqliteShard
from monitor.adapters.sqlite.registry import SqliteRegistry
from monitor.model.event import Batch, Logged, Record
from monitor.model.feed import FeedChanges
from monitor.model.ids import EventId, ShardId
from monitor.publish.line import line
from monitor.state.codec import encode_state
from tests.benchmarks.figures import Bench, Figure, Pair, paired_waiting, percentile, summed_up
from tests.benchmarks.material import origin, outcomes

SHARD = ShardId(0)
CHUNK = 500
"""Records a sink is handed at once."""


def figures(bench: Bench) -> Iterator[Figure]:
    """Commits of three sizes, the latency of the smallest, and lines of the jsonl sink."""
    yield from asyncio.run(_ledger(bench))
    yield asyncio.run(_jsonl(bench))


def stream(bench: Bench) -> Iterator[Record]:
    """Records of real articles and their alerts, again and again, each time with ids of their own."""
    numbers = count()
    for record in cycle([record for outcome in outcomes(bench) for record in outcome.records]):
        id_ = EventId(f"{next(numbers):032x}")
        headers = tuple((name, id_ if name == "ce_id" else value) for name, value in record.headers)
        yield replace(record, id=id_, headers=headers)


class Bare:
    """What one would write without this project: two tables, the same journal, one transaction a batch."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, id, topic, key, headers, value)")
        self._connection.execute("CREATE TABLE states (feed PRIMARY KEY, state)")

    def commit(self, batch: Batch) -> None:
        """The records and states of a batch."""
        rows = [(one.id, one.topic, one.key, repr(one.headers), one.value) for one in batch.records]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO events (id, topic, key, headers, value) VALUES (?, ?, ?, ?, ?)", rows)
        self._connection.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", batch.states)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


@asynccontextmanager
async def _shard(bench: Bench) -> AsyncIterator[SqliteShard]:
    """The ledger as a service has it open, with the feeds of the material."""
    database = await Database.open(bench.folder / "ledger", reserve=1 << 16)
    try:
        await SqliteRegistry(database).apply(FeedChanges(tuple(one.feed for one in outcomes(bench))))
        yield await SqliteLedger(database).open(SHARD)
    finally:
        await database.close()


async def _ledger(bench: Bench) -> list[Figure]:
    records, found = stream(bench), []
    async with _shard(bench) as shard:
        bare = Bare(bench.folder / "bare.db")
        for size, rounds in ((1, bench.pick(400, 60)), (100, bench.pick(40, 8)), (1000, bench.pick(10, 3))):
            batches = [batch_of(bench, records, size) for _ in range(rounds)]
            taken = await _in_turn(shard, bare, batches)
            found.append(_rate(bench, size, batches, taken))
            found += _latency(taken) if size == 1 else []
        bare.close()
    return found


async def _in_turn(shard: SqliteShard, bare: Bare, batches: Sequence[Batch]) -> list[tuple[float, float]]:
    """Seconds of every commit of both; the bare one in a thread as well, for no service may wait on its loop."""
    return await paired_waiting(
        lambda number: shard.commit(batches[number]),
        lambda number: asyncio.to_thread(bare.commit, batches[number]),
        len(batches),
    )


def batch_of(bench: Bench, records: Iterator[Record], articles: int) -> Batch:
    """So many articles with the alerts among them, and the states of a tenth as many feeds."""
    taken: list[Record] = []
    missing = articles
    while missing:
        taken.append(next(records))
        missing -= taken[-1].topic == "news.articles"
    polled = islice(cycle(outcomes(bench)), max(1, articles // 10))
    states = {one.feed.id: encode_state(one.state) for one in polled}
    return Batch(SHARD, tuple(states.items()), tuple(taken))


def _rate(bench: Bench, size: int, batches: Sequence[Batch], taken: Sequence[tuple[float, float]]) -> Figure:
    one = batches[0]
    kilobytes = sum(len(record.value) for record in one.records) / 1e3, sum(len(state) for _, state in one.states) / 1e3
    note = (
        f"e.g. {len(one.records)} records of {kilobytes[0]:.0f} kB and {len(one.states)} states of {kilobytes[1]:.0f}"
    )
    note = "; ".join(filter(None, (note, origin(bench))))
    pair = summed_up(taken).per_second(size)
    return Figure.of(f"ledger, commits of {size}", "articles/s", pair, "bare sqlite3", note=note)


def _latency(taken: Sequence[tuple[float, float]]) -> list[Figure]:
    """Of a commit with one article and the state of its feed."""
    ours, peers = zip(*taken, strict=True)
    found = []
    for share in (0.5, 0.99):
        mine, theirs = percentile(ours, share) * 1e3, percentile(peers, share) * 1e3
        pair = Pair(mine, theirs, theirs / mine)
        found.append(Figure.of(f"ledger, latency of a commit, p{share * 100:g}", "ms", pair, "bare sqlite3"))
    return found


async def _jsonl(bench: Bench) -> Figure:
    """Chunks of records as an outbox hands them over; the plain file is given its lines ready made."""
    rounds = bench.pick(20, 4)
    numbered = map(Logged, count(1), stream(bench))
    chunks = [list(islice(numbered, CHUNK)) for _ in range(rounds)]
    ready = [b"".join(line(logged) + b"\n" for logged in chunk) for chunk in chunks]
    sink, path = JsonlSink("jsonl", bench.folder / "events"), bench.folder / "plain.jsonl"
    taken = await paired_waiting(
        lambda number: sink.write(chunks[number]),
        lambda number: asyncio.to_thread(_append, path, ready[number]),
        rounds,
    )
    pair = summed_up(taken).per_second(CHUNK)
    return Figure.of("jsonl sink", "lines/s", pair, "appending ready lines to one file", note=origin(bench))


def _append(path: Path, lines: bytes) -> None:
    with path.open("ab") as file:
        file.write(lines)
        file.flush()
        os.fdatasync(file.fileno())
