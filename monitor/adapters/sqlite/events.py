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
from zlib import crc32

from monitor.adapters.sqlite.database import Database, Source
from monitor.adapters.sqlite.retention import (
    EXPIRED_AT_ONCE,
    Retention,
    advance,
    cursors,
    expire,
    give_back,
    head,
    tail,
)
from monitor.errors import LedgerError
from monitor.model.event import Logged, Record
from monitor.model.notes import SinkRejected
from monitor.model.units import Instant
from monitor.ports import Clock, SinkCursor
from monitor.publish.line import numbered

MAX_BYTES = 16 << 20
"""Of the values one read returns: a bound on memory, whatever `limit` says."""
EventRow = tuple[int, str, str, str, str | None, float, int | None, int, str, bytes, int]
"""seq, id, topic, key, source, at, partition, bytes, headers, value, crc."""
_Found = tuple[list[Logged], list[int]]
"""Records, and the numbers of those that are damaged."""
DEFAULT_RETENTION = Retention()


def checksum(headers: str, value: bytes) -> int:
    """What the row of a record must give when it is read back."""
    return crc32(value, crc32(headers.encode("utf-8", "surrogatepass")))


class SqliteEventLog:
    """The log of the embedded ledger. On a `Reader` (another process's file) cursors cannot be moved."""

    def __init__(self, source: Source, clock: Clock, retention: Retention = DEFAULT_RETENTION) -> None:
        self._source, self._clock, self.retention = source, clock, retention
        self._damaged: set[int] = set()

    async def read(self, after: int, topics: Sequence[str] = (), limit: int = 500) -> Sequence[Logged]:
        return self._told(await self._source.read(partial(_read, after, tuple(topics), limit)))

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
        return self._told(await self._source.read(partial(_latest, tuple(topics), before, limit, wanted)))

    async def wait(self, after: int) -> int:
        while True:
            changed = self._source.changed()
            if (head := await self.head()) > after:
                return head
            await changed.wait()

    async def head(self) -> int:
        return await self._source.read(head)

    async def tail_seq(self) -> int:
        return await self._source.read(tail)

    async def topics(self) -> Sequence[str]:
        return await self._source.read(_topics)

    async def cursor(self, sink: str) -> SinkCursor | None:
        return next((cursor for cursor in await self.cursors() if cursor.sink == sink), None)

    async def cursors(self) -> Sequence[SinkCursor]:
        return await self._source.read(cursors)

    async def advance(self, sink: str, seq: int, dead: int = 0) -> None:
        await self._owner.write(partial(advance, SinkCursor(sink, seq, self._clock.now(), dead)))

    async def expire(self, now: Instant) -> tuple[int, int]:
        """Sinks that had not passed on what goes have it counted as dead and are moved behind it."""
        rows = undelivered = 0
        while True:
            gone, missed = await self._owner.write(partial(expire, now, self.retention))
            rows, undelivered = rows + gone, undelivered + missed
            if gone < EXPIRED_AT_ONCE:
                break
        while rows and await self._owner.write(give_back):
            pass
        return rows, undelivered

    def token(self, seq: int) -> str:
        return str(seq)

    async def seek(self, token: str) -> int:
        return numbered(token)

    def _told(self, found: _Found) -> list[Logged]:
        """Damaged records are left out and named, each once."""
        for seq in set(found[1]) - self._damaged:
            self._damaged.add(seq)
            self._source.observe(SinkRejected("log", seq, "damaged on disk"))
        return found[0]

    @property
    def _owner(self) -> Database:
        if not isinstance(self._source, Database):
            raise LedgerError("the log belongs to another process here and can only be read")
        return self._source


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


def _read(after: int, topics: tuple[str, ...], limit: int, connection: sqlite3.Connection) -> _Found:
    damaged: list[int] = []
    with ExitStack() as stack:
        if topics:
            query = "SELECT seq FROM events WHERE topic = ? AND seq > ? ORDER BY seq"
            runs = [_numbers(query, (topic, after), connection, stack) for topic in _matching(topics, connection)]
        else:
            runs = [_numbers("SELECT seq FROM events WHERE seq > ? ORDER BY seq", (after,), connection, stack)]
        return _up_to(MAX_BYTES, islice(_whole(merge(*runs), connection, damaged), limit)), damaged


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
) -> _Found:
    damaged: list[int] = []
    with ExitStack() as stack:
        newest = _newest(topics, before if before is not None else 1 << 62, filters, connection, stack)
        found = (one for one in _whole(newest, connection, damaged) if _fits(one.record, topics, filters))
        return list(islice(found, limit)), damaged


def _newest(
    topics: tuple[str, ...],
    before: int,
    filters: Mapping[str, str],
    connection: sqlite3.Connection,
    stack: ExitStack,
) -> Iterator[int]:
    """Numbers from the newest on, found by the narrowest index there is; none is read before it is asked for."""
    if "ce_source" in filters:
        query = "SELECT seq FROM events WHERE source = ? AND seq < ? ORDER BY seq DESC"
        runs = [_numbers(query, (filters["ce_source"], before), connection, stack)]
    elif topics:
        query = "SELECT seq FROM events WHERE topic = ? AND seq < ? ORDER BY seq DESC"
        runs = [_numbers(query, (topic, before), connection, stack) for topic in _matching(topics, connection)]
    else:
        runs = [_numbers("SELECT seq FROM events WHERE seq < ? ORDER BY seq DESC", (before,), connection, stack)]
    return merge(*runs, reverse=True)


def _numbers(query: str, values: Sequence[object], connection: sqlite3.Connection, stack: ExitStack) -> Iterator[int]:
    """An open statement would keep the write-ahead log from being emptied, so the stack closes it."""
    cursor = stack.enter_context(closing(connection.cursor()))
    return (seq for (seq,) in cursor.execute(query, tuple(values)))


def _fits(record: Record, topics: tuple[str, ...], filters: Mapping[str, str]) -> bool:
    if topics and not any(fnmatchcase(record.topic, pattern) for pattern in topics):
        return False
    return filters.items() <= dict(record.headers).items()


def _whole(seqs: Iterator[int], connection: sqlite3.Connection, damaged: list[int]) -> Iterator[Logged]:
    """Records that are what was written; the numbers of the others are noted."""
    for seq in seqs:
        row: EventRow = connection.execute("SELECT * FROM events WHERE seq = ?", (seq,)).fetchone()
        if checksum(row[8], row[9]) == row[10]:
            yield _logged(row)
        else:
            damaged.append(seq)


def _logged(row: EventRow) -> Logged:
    seq, id_, topic, key, _, at, partition, _, headers, value, _ = row
    pairs = tuple((name, text) for name, text in json.loads(headers))
    return Logged(seq, Record(topic, key, value, pairs, id_, at, partition))
