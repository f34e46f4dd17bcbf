"""Ledger and its view on the embedded database: one transaction over events, states and due times."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple
from zlib import crc32

from monitor.adapters.sqlite.database import Database, Source
from monitor.adapters.sqlite.events import EventRow, checksum
from monitor.errors import Fenced, LedgerError
from monitor.model.event import Batch, Record
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import OperatorTold
from monitor.model.units import Instant
from monitor.ports import Point, pass_by
from monitor.state.codec import decode_spec

INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, topic) DO NOTHING"


PUT_STATE = (
    "INSERT INTO states (feed, state, crc, due) SELECT ?1, ?2, ?3, NULL FROM feeds WHERE id = ?1 "
    "ON CONFLICT (feed) DO UPDATE SET state = excluded.state, crc = excluded.crc, due = NULL"
)
PUT_DUE = (
    "INSERT INTO states (feed, due) SELECT ?1, ?2 FROM feeds WHERE id = ?1 "
    "ON CONFLICT (feed) DO UPDATE SET due = excluded.due"
)
POSITION = "position:"
PUT_POSITION = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class _Restored(NamedTuple):
    epoch: int
    specs: Mapping[FeedId, FeedSpec]
    states: Mapping[FeedId, bytes]
    dues: Mapping[FeedId, Instant]
    positions: Mapping[str, int]
    damaged: tuple[FeedId, ...]


class SqliteLedger:
    """The embedded ledger. It has one shard with every feed, whatever number is asked for."""

    def __init__(self, database: Database, point: Point = pass_by) -> None:
        self._database, self._point = database, point

    async def open(self, shard: ShardId) -> SqliteShard:
        """Raises the epoch, which fences whoever opened the shard before, and then reads."""
        changes: asyncio.Queue[FeedChanges | None] = asyncio.Queue()
        self._database.listeners.add(changes)
        try:
            restored = await self._database.write(partial(_take_over, shard))
        except BaseException:
            self._database.listeners.discard(changes)
            raise
        for feed in restored.damaged:
            self._database.observe(OperatorTold(feed, "ledger", "state damaged on disk: set aside, read as a baseline"))
        return SqliteShard(self._database, shard, restored, changes, self._point)


class SqliteShard:
    """The opened shard. Commits run one after the other; after one that failed or was cancelled it is dead."""

    def __init__(
        self,
        database: Database,
        shard: ShardId,
        restored: _Restored,
        changes: asyncio.Queue[FeedChanges | None],
        point: Point,
    ) -> None:
        self._database, self._shard, self._epoch = database, shard, restored.epoch
        self.specs, self.states, self.dues = restored.specs, restored.states, restored.dues
        self.positions = restored.positions
        self._changes, self._point = changes, point
        self._turn, self._alive = asyncio.Lock(), True
        self.pace, self.max_record = 0.0, None

    async def changes(self) -> AsyncIterator[FeedChanges]:
        """Ends when the shard is closed."""
        while (change := await self._changes.get()) is not None:
            yield change

    async def commit(self, batch: Batch) -> None:
        """Raises Fenced, or LedgerError if the batch is not kept; a record whose id is there already is skipped.

        States and due times of feeds that are not in the registry any more are not kept.
        """
        async with self._turn:
            if not self._alive:
                raise LedgerError("the shard was closed, or a commit failed: open it again")
            self._alive = False
            work = partial(_commit, self._shard, self._epoch, batch)
            await self._database.write(work, point=self._point, intake=True)
            self._alive = True

    async def close(self) -> None:
        """Nothing is held that could be lost."""
        self._alive = False
        self._database.listeners.discard(self._changes)
        self._changes.put_nowait(None)


class SqliteView:
    """Specifications and states, read without fencing anybody."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def specs(self) -> Mapping[FeedId, FeedSpec]:
        return await self._source.read(read_specs)

    async def states(self) -> Mapping[FeedId, bytes]:
        return await self._source.read(_states)

    async def dues(self) -> Mapping[FeedId, Instant]:
        return await self._source.read(_dues)


def _take_over(shard: ShardId, connection: sqlite3.Connection) -> _Restored:
    connection.execute(
        "INSERT INTO meta VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET value = value + 1", (f"epoch:{shard}",)
    )
    damaged, epoch = _quarantine(connection), _epoch(shard, connection)
    positions = _positions(connection)
    return _Restored(epoch, read_specs(connection), _states(connection), _dues(connection), positions, damaged)


def _quarantine(connection: sqlite3.Connection) -> tuple[FeedId, ...]:
    """Sets aside states that are not what was written; their feeds start with a baseline."""
    rows = connection.execute("SELECT feed, state, crc FROM states WHERE state IS NOT NULL")
    damaged = [(FeedId(feed),) for feed, state, crc in rows if crc32(state) != crc]
    connection.executemany("INSERT INTO quarantine SELECT feed, state FROM states WHERE feed = ?", damaged)
    connection.executemany("DELETE FROM states WHERE feed = ?", damaged)
    return tuple(feed for (feed,) in damaged)


def _epoch(shard: ShardId, connection: sqlite3.Connection) -> int:
    (epoch,) = connection.execute("SELECT value FROM meta WHERE key = ?", (f"epoch:{shard}",)).fetchone()
    return int(epoch)


def read_specs(connection: sqlite3.Connection) -> Mapping[FeedId, FeedSpec]:
    """Every feed of the registry, by id."""
    rows = connection.execute("SELECT id, spec FROM feeds ORDER BY id")
    return MappingProxyType({FeedId(feed): decode_spec(spec) for feed, spec in rows})


def _states(connection: sqlite3.Connection) -> Mapping[FeedId, bytes]:
    rows = connection.execute("SELECT feed, state, crc FROM states WHERE state IS NOT NULL")
    return MappingProxyType({FeedId(feed): state for feed, state, crc in rows if crc32(state) == crc})


def _dues(connection: sqlite3.Connection) -> Mapping[FeedId, Instant]:
    rows = connection.execute("SELECT feed, due FROM states WHERE due IS NOT NULL")
    return MappingProxyType({FeedId(feed): due for feed, due in rows})


def _positions(connection: sqlite3.Connection) -> Mapping[str, int]:
    rows = connection.execute("SELECT key, value FROM meta WHERE key GLOB ?", (f"{POSITION}*",))
    return MappingProxyType({key.removeprefix(POSITION): value for key, value in rows})


def _commit(shard: ShardId, epoch: int, batch: Batch, connection: sqlite3.Connection) -> None:
    if _epoch(shard, connection) != epoch:
        raise Fenced(f"shard {shard} was opened again by somebody else")
    _append(batch.records, connection)
    # A new state holds its own due time, so an older separate one must not outlive it.
    connection.executemany(PUT_STATE, ((feed, state, crc32(state)) for feed, state in batch.states))
    connection.executemany(PUT_DUE, batch.dues)
    connection.executemany(PUT_POSITION, ((f"{POSITION}{name}", value) for name, value in batch.positions))


def _append(records: tuple[Record, ...], connection: sqlite3.Connection) -> None:
    """Numbers run without a gap, so that counting what a reader has not seen is a subtraction."""
    if not records:
        return
    (head,) = connection.execute("SELECT value FROM meta WHERE key = 'head'").fetchone()
    size = 0
    for record in records:
        row = _row(head + 1, record)
        added = connection.execute(INSERT_EVENT, row)
        if added.rowcount:
            head, size = head + 1, size + row[7]
    connection.execute("UPDATE meta SET value = ? WHERE key = 'head'", (head,))
    connection.execute("UPDATE meta SET value = value + ? WHERE key = 'bytes'", (size,))


def _row(seq: int, record: Record) -> EventRow:
    headers = json.dumps(record.headers, ensure_ascii=False, separators=(",", ":"))
    source = dict(record.headers).get("ce_source")
    size, crc = len(headers) + len(record.value) + len(record.key), checksum(headers, record.value)
    place = (seq, record.id, record.topic, record.key, source, record.at, record.partition)
    return (*place, size, headers, record.value, crc)
