"""Polls that wait on a disk for a ledger that is away: a file of its own, WAL, `synchronous=FULL`.

A row is on the disk when `append` returns. One that is not what was written is set aside and told, and stops no other;
a file that cannot be read at all is set aside as a whole: nothing in it has been acknowledged anywhere.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from monitor.adapters.sqlite.database import ignore
from monitor.adapters.sqlite.faults import DAMAGED
from monitor.adapters.sqlite.file import MAX_WAL, connect
from monitor.adapters.sqlite.folder import Lock, Reserve
from monitor.errors import LedgerError, LedgerTooNew, StorageFailed
from monitor.model.feed import FeedSpec
from monitor.model.ids import ShardId
from monitor.model.notes import Note, SpoolDamaged
from monitor.model.units import Instant
from monitor.ports import Spooled
from monitor.state.spooling import decode_reading, encode_reading

if TYPE_CHECKING:
    from monitor.pipeline import Polled

FILE = "spool.db"
APPLICATION, VERSION = 0x4E53504C, 1
"""Mark the file as ours (`NSPL`) and of this form."""
RESERVE = 1 << 20
"""Bytes kept back on the disk: even a row that goes needs room."""
OVERHEAD = 120
"""Bytes a row costs on the disk besides its own, index included."""
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE readings (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    shard  INTEGER NOT NULL,
    value  BLOB NOT NULL,
    crc    INTEGER NOT NULL
);
CREATE INDEX readings_shard ON readings (shard, number);
CREATE TABLE set_aside (number INTEGER PRIMARY KEY, shard INTEGER NOT NULL, value BLOB);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""
OLDEST = "SELECT number, CAST(value AS BLOB), crc FROM readings WHERE shard = ? AND number > ? ORDER BY number LIMIT ?"
T = TypeVar("T")
Row = tuple[int, bytes, int]


class SqliteSpool:
    """`ports.Spool` on a volume, held by this process. All calls run in one thread."""

    def __init__(self, folder: Path, size: int, observe: Callable[[Note], None]) -> None:
        self.path, self._size, self._observe = folder / FILE, size, observe
        self._folder, self._reserve = folder, Reserve(folder, RESERVE)
        self._thread = ThreadPoolExecutor(1, "spool")
        self._lock: Lock | None = None
        self._connection: sqlite3.Connection | None = None
        self._held = 0

    @classmethod
    async def open(cls, folder: Path, size: int, observe: Callable[[Note], None] = ignore) -> SqliteSpool:
        """Takes the lock and opens the file, or a new one. `size`: bytes of all rows together.

        Raises LedgerLocked, LedgerTooNew, or LedgerError for a directory or file that is not to be used.
        """
        spool = cls(folder, size, observe)
        try:
            await spool._run(spool._start)
        except BaseException:
            await spool.close()
            raise
        return spool

    async def append(self, shard: ShardId, feed: FeedSpec, reading: Polled, at: Instant) -> bool:
        """On the disk on return. False: beyond the bound, or the disk has no room or does not take it."""
        return await self._run(partial(self._append, shard, encode_reading(feed, reading, at)))

    async def replay(self, shard: ShardId, limit: int = 50) -> Sequence[Spooled]:
        """The oldest of this shard that can be read. Raises StorageFailed when the disk fails."""
        found: list[Spooled] = []
        while len(found) < limit:
            rows = await self._run(partial(self._read, shard, limit - len(found), found[-1].number if found else 0))
            good = [spooled async for spooled in _readable(shard, rows)]
            if not rows:
                break
            found += good
            if damaged := {row[0] for row in rows} - {one.number for one in good}:
                await self._run(partial(self._set_aside, sorted(damaged)))
                self._observe(SpoolDamaged(len(damaged), "kept in the table `set_aside`"))
        return found

    async def forget(self, numbers: Sequence[int]) -> None:
        """Raises StorageFailed when the disk fails. On a disk that is full the reserve is given up for it."""
        await self._run(partial(self._forget, tuple(numbers)))

    async def shards(self) -> Mapping[ShardId, int]:
        return await self._run(self._count)

    async def close(self) -> None:
        """Twice is no mistake."""
        with suppress(LedgerError):
            await self._run(self._end)
        self._thread.shutdown(wait=False)

    async def _run(self, job: Callable[[], T]) -> T:
        try:
            future = self._thread.submit(job)
        except RuntimeError as error:
            raise LedgerError(f"{self.path} was closed") from error
        return await asyncio.wrap_future(future)

    def _start(self) -> None:
        self._lock = Lock(self._folder)
        self._reserve.fill()
        try:
            self._connection = prepared(self.path)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in DAMAGED:
                raise LedgerError(f"{self.path}: {error}") from error
            kept = set_aside(self.path)
            self._observe(SpoolDamaged(0, f"the file ({error}), kept as {kept.name}"))
            self._connection = prepared(self.path)
        query = "SELECT coalesce(sum(length(value) + ?), 0) FROM readings"
        (self._held,) = self._connection.execute(query, (OVERHEAD,)).fetchone()

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LedgerError(f"{self.path} was closed")
        return self._connection

    def _append(self, shard: ShardId, data: bytes) -> bool:
        cost = len(data) + OVERHEAD
        if self._held + cost > self._size:
            return False
        try:
            self._open.execute("INSERT INTO readings (shard, value, crc) VALUES (?, ?, ?)", (shard, data, crc32(data)))
        except sqlite3.OperationalError:
            return False
        self._held += cost
        return True

    def _read(self, shard: ShardId, limit: int, after: int) -> list[Row]:
        with self._explained():
            return self._open.execute(OLDEST, (shard, after, limit)).fetchall()

    def _set_aside(self, numbers: Sequence[int]) -> None:
        query = "INSERT OR REPLACE INTO set_aside SELECT number, shard, value FROM readings WHERE number = ?"
        with self._explained():
            self._open.executemany(query, ((number,) for number in numbers))
        self._forget(numbers)

    def _forget(self, numbers: Sequence[int]) -> None:
        try:
            self._delete(numbers)
        except sqlite3.OperationalError:
            self._reserve.free()
            with self._explained():
                self._open.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                self._delete(numbers)
        self._reserve.fill()

    def _delete(self, numbers: Sequence[int]) -> None:
        query = "DELETE FROM readings WHERE number = ? RETURNING length(value)"
        self._open.execute("BEGIN IMMEDIATE")
        try:
            gone = [self._open.execute(query, (number,)).fetchall() for number in numbers]
            self._open.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._open.execute("ROLLBACK")
            raise
        self._held -= sum(size + OVERHEAD for found in gone for (size,) in found)

    def _count(self) -> Mapping[ShardId, int]:
        with self._explained():
            rows = self._open.execute("SELECT shard, count(*) FROM readings GROUP BY shard").fetchall()
        return {ShardId(shard): count for shard, count in rows}

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StorageFailed(
                f"{self.path}: {error}; mend the disk or move the file away, then start again"
            ) from error

    def _end(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.release()


def prepared(path: Path) -> sqlite3.Connection:
    """The file with its tables. Raises sqlite3.DatabaseError for a damaged one, LedgerTooNew, LedgerError."""
    connection = connect(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != APPLICATION:
            raise LedgerError(f"{path} is a database of another program; name another directory in `ledger.spool.dir`")
        if version > VERSION:
            raise LedgerTooNew(f"{path} has version {version}, this program reads up to {VERSION}: run the newer one")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {MAX_WAL}").fetchall()
        if not tables:
            connection.executescript(SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def set_aside(path: Path) -> Path:
    """Renames a file that cannot be read, with what belongs to it; one that was set aside before goes."""
    kept = path.with_name(f"{path.name}.damaged")
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(kept.with_name(kept.name + suffix))
    return kept


async def _readable(shard: ShardId, rows: Sequence[Row]) -> AsyncIterator[Spooled]:
    """One takes milliseconds, and whoever else waits for the loop has its turn in between."""
    for number, value, crc in rows:
        if crc32(value) == crc:
            with suppress(ValueError):
                yield Spooled(number, shard, *decode_reading(value))
        await asyncio.sleep(0)
