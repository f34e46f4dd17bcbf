"""EventLog on the embedded database: the events table read from a cursor, retention, and the cursors of sinks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from fnmatch import fnmatchcase
from functools import partial
from heapq import merge
from itertools import islice
from typing import NamedTuple

from monitor.adapters.sqlite.database import Database, Source
from monitor.errors import LedgerError
from monitor.model.event import Logged, Record
from monitor.model.units import Instant
from monitor.ports import Clock, SinkCursor

EXPIRED_AT_ONCE = 5_000
"""Rows removed by one transaction, so that commits get their turn."""
MAX_BYTES = 16 << 20
"""Of the values one read returns: a bound on memory, whatever `limit` says."""
FREED_AT_ONCE = 2_000
"""Pages given back to the disk by one transaction."""


class Retention(NamedTuple):
    """What is beyond either bound goes: seconds, and bytes of keys, headers and values."""

    age: float = 30 * 86400.0
    size: int = 2 << 30


DEFAULT_RETENTION = Retention()


class SqliteEventLog:
    """The log of the embedded ledger. On a `Reader` (another process's file) cursors cannot be moved."""

    def __init__(self, source: Source, clock: Clock, retention: Retention = DEFAULT_RETENTION) -> None:
        self._source, self._clock, self.retention = source, clock, retention

    async def read(self, after: int, topics: Sequence[str] = (), limit: int = 500) -> Sequence[Logged]:
        return await self._source.read(partial(_read, after, tuple(topics), limit))

    async def latest(
        self,
        topics: Sequence[str] = (),
        before: int | None = None,
        limit: int = 50,
        filters: Mapping[str, str] | None = None,
    ) -> Sequence[Logged]:
        wanted = dict(filters or {})
        if (feed := wanted.pop("feed", None)) is not None:
            wanted["ce_source"] = f"/feeds/{feed}"
        return await self._source.read(partial(_latest, tuple(topics), before, limit, wanted))

    async def wait(self, after: int) -> int:
        while True:
            changed = self._source.changed()
            if (head := await self.head()) > after:
                return head
            await changed.wait()

    async def head(self) -> int:
        return await self._source.read(_head)

    async def tail_seq(self) -> int:
        return await self._source.read(_tail)

    async def topics(self) -> Sequence[str]:
        return await self._source.read(_topics)

    async def cursor(self, sink: str) -> SinkCursor | None:
        return next((cursor for cursor in await self.cursors() if cursor.sink == sink), None)

    async def cursors(self) -> Sequence[SinkCursor]:
        return await self._source.read(_cursors)

    async def advance(self, sink: str, seq: int, dead: int = 0) -> None:
        await self._owner.write(partial(_advance, SinkCursor(sink, seq, self._clock.now(), dead)))

    async def expire(self, now: Instant) -> tuple[int, int]:
        """Sinks that had not passed on what goes have it counted as dead and are moved behind it."""
        rows = undelivered = 0
        while True:
            gone, missed = await self._owner.write(partial(_expire, now, self.retention))
            rows, undelivered = rows + gone, undelivered + missed
            if gone < EXPIRED_AT_ONCE:
                break
        while rows and await self._owner.write(_give_back):
            pass
        return rows, undelivered

    @property
    def _owner(self) -> Database:
        if not isinstance(self._source, Database):
            raise LedgerError("the log belongs to another process here and can only be read")
        return self._source


def _head(connection: sqlite3.Connection) -> int:
    (head,) = connection.execute("SELECT value FROM meta WHERE key = 'head'").fetchone()
    return int(head)


def _tail(connection: sqlite3.Connection) -> int:
    (tail,) = connection.execute("SELECT min(seq) FROM events").fetchone()
    return _head(connection) + 1 if tail is None else int(tail)


def _topics(connection: sqlite3.Connection) -> tuple[str, ...]:
    """One look into the index per topic, not one per row."""
    rows = connection.execute(
        "WITH RECURSIVE found (topic) AS (SELECT min(topic) FROM events UNION ALL "
        "SELECT (SELECT min(topic) FROM events WHERE topic > found.topic) FROM found WHERE found.topic IS NOT NULL) "
        "SELECT topic FROM found WHERE topic IS NOT NULL"
    )
    return tuple(topic for (topic,) in rows)


def _matching(patterns: Iterable[str], connection: sqlite3.Connection) -> list[str]:
    return [topic for topic in _topics(connection) if any(fnmatchcase(topic, pattern) for pattern in patterns)]


def _read(after: int, topics: tuple[str, ...], limit: int, connection: sqlite3.Connection) -> list[Logged]:
    with ExitStack() as stack:
        if topics:
            query = "SELECT seq FROM events WHERE topic = ? AND seq > ? ORDER BY seq"
            runs = [_numbers(query, (topic, after), connection, stack) for topic in _matching(topics, connection)]
        else:
            runs = [_numbers("SELECT seq FROM events WHERE seq > ? ORDER BY seq", (after,), connection, stack)]
        return _up_to(MAX_BYTES, (_row_at(seq, connection) for seq in islice(merge(*runs), limit)))


def _up_to(size: int, records: Iterator[Logged]) -> list[Logged]:
    """The first record whatever its size, and what follows while there is room."""
    taken: list[Logged] = []
    for logged in records:
        taken.append(logged)
        size -= len(logged.record.value)
        if size <= 0:
            break
    return taken


def _latest(
    topics: tuple[str, ...],
    before: int | None,
    limit: int,
    filters: Mapping[str, str],
    connection: sqlite3.Connection,
) -> list[Logged]:
    with ExitStack() as stack:
        found = _newest(topics, before if before is not None else 1 << 62, filters, connection, stack)
        return list(islice((logged for logged in found if _fits(logged.record, topics, filters)), limit))


def _newest(
    topics: tuple[str, ...],
    before: int,
    filters: Mapping[str, str],
    connection: sqlite3.Connection,
    stack: ExitStack,
) -> Iterator[Logged]:
    """Records from the newest on, found by the narrowest index there is; none is read before it is asked for."""
    if "ce_source" in filters:
        query = "SELECT seq FROM events WHERE source = ? AND seq < ? ORDER BY seq DESC"
        runs = [_numbers(query, (filters["ce_source"], before), connection, stack)]
    elif topics:
        query = "SELECT seq FROM events WHERE topic = ? AND seq < ? ORDER BY seq DESC"
        runs = [_numbers(query, (topic, before), connection, stack) for topic in _matching(topics, connection)]
    else:
        runs = [_numbers("SELECT seq FROM events WHERE seq < ? ORDER BY seq DESC", (before,), connection, stack)]
    return (_row_at(seq, connection) for seq in merge(*runs, reverse=True))


def _numbers(query: str, values: Sequence[object], connection: sqlite3.Connection, stack: ExitStack) -> Iterator[int]:
    """An open statement would keep the write-ahead log from being emptied, so the stack closes it."""
    cursor = stack.enter_context(closing(connection.cursor()))
    return (seq for (seq,) in cursor.execute(query, tuple(values)))


def _fits(record: Record, topics: tuple[str, ...], filters: Mapping[str, str]) -> bool:
    if topics and not any(fnmatchcase(record.topic, pattern) for pattern in topics):
        return False
    return filters.items() <= dict(record.headers).items()


def _row_at(seq: int, connection: sqlite3.Connection) -> Logged:
    return _logged(connection.execute("SELECT * FROM events WHERE seq = ?", (seq,)).fetchone())


def _logged(row: tuple[int, str, str, str, str | None, float, int | None, int, str, bytes]) -> Logged:
    seq, id_, topic, key, _, at, partition, _, headers, value = row
    pairs = tuple((name, text) for name, text in json.loads(headers))
    return Logged(seq, Record(topic, key, value, pairs, id_, at, partition))


def _cursors(connection: sqlite3.Connection) -> list[SinkCursor]:
    rows = connection.execute("SELECT sink, seq, at, dead FROM cursors ORDER BY sink")
    return [SinkCursor(*row) for row in rows]


def _advance(to: SinkCursor, connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO cursors (sink, seq, at, dead) VALUES (?, ?, ?, ?) ON CONFLICT (sink) DO UPDATE SET "
        "at = CASE WHEN excluded.seq > seq THEN excluded.at ELSE at END, "
        "seq = max(seq, excluded.seq), dead = dead + excluded.dead",
        (to.sink, to.seq, to.at, to.dead),
    )


def _expire(now: Instant, retention: Retention, connection: sqlite3.Connection) -> tuple[int, int]:
    upto, size = _beyond(now, retention, connection)
    tail = _tail(connection)
    if upto < tail:
        return 0, 0
    behind = [max(cursor.seq, tail - 1) for cursor in _cursors(connection)]
    connection.execute(
        "UPDATE cursors SET dead = dead + ?1 - max(seq, ?2 - 1), seq = ?1, at = ?3 WHERE seq < ?1", (upto, tail, now)
    )
    connection.execute("DELETE FROM events WHERE seq <= ?", (upto,))
    connection.execute("UPDATE meta SET value = value - ? WHERE key = 'bytes'", (size,))
    return upto - tail + 1, max(0, upto - min(behind, default=upto))


def _give_back(connection: sqlite3.Connection) -> bool:
    """Shortens the file by some pages; True if there are more."""
    connection.execute(f"PRAGMA incremental_vacuum({FREED_AT_ONCE})").fetchall()
    (left,) = connection.execute("PRAGMA freelist_count").fetchone()
    return bool(left)


def _beyond(now: Instant, retention: Retention, connection: sqlite3.Connection) -> tuple[int, int]:
    """The number up to which rows go, and their bytes: the oldest, until neither age nor size is too much."""
    (held,) = connection.execute("SELECT value FROM meta WHERE key = 'bytes'").fetchone()
    upto = size = 0
    with closing(connection.cursor()) as rows:
        rows.execute("SELECT seq, at, bytes FROM events ORDER BY seq LIMIT ?", (EXPIRED_AT_ONCE,))
        for seq, at, length in rows:
            if at >= now - retention.age and held - size <= retention.size:
                break
            upto, size = seq, size + length
    return upto, size
