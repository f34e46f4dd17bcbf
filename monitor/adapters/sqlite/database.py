"""The file everything embedded lives in: one owner, one writer thread, one thread that reads beside it.

Ordinary WAL with `synchronous=FULL`: a commit is on the disk when it returns, and other processes read meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from monitor.adapters.sqlite.faults import DiskFull, disk_full, explain
from monitor.adapters.sqlite.file import FILE, check_version, connect, prepare
from monitor.adapters.sqlite.folder import RESERVE_BYTES, Lock, Reserve
from monitor.errors import LedgerError, MonitorError, StorageFailed
from monitor.model.feed import FeedChanges
from monitor.model.notes import Note
from monitor.ports import Point, pass_by

POLL = 0.2
"""Seconds between two looks at a file another process writes."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


def ignore(_note: Note, /) -> None:
    """The observer while nobody listens."""


class Waiter(Protocol):
    """Something that ends when the file may have changed."""

    async def wait(self) -> object: ...


class Source(Protocol):
    """Where the log and the registry can be read."""

    observe: Callable[[Note], None]

    async def read(self, work: Work[T]) -> T: ...

    def changed(self) -> Waiter: ...


class Database:
    """The ledger's file, held by this process."""

    def __init__(self, folder: Path, reserve: int) -> None:
        self.path = folder / FILE
        self.observe: Callable[[Note], None] = ignore
        """Told of what was found damaged; the service sets it."""
        self.listeners: set[asyncio.Queue[FeedChanges | None]] = set()
        """Open shards that want to know of registry changes; None ends them."""
        self._folder, self._reserve = folder, Reserve(folder, reserve)
        self._writer, self._reader = ThreadPoolExecutor(1, "ledger"), ThreadPoolExecutor(1, "ledger-read")
        self._lock: Lock | None = None
        self._connection: sqlite3.Connection | None = None
        self._reading: sqlite3.Connection | None = None
        self._news = asyncio.Event()
        self._full = False
        self._broken: StorageFailed | None = None

    @classmethod
    async def open(cls, folder: Path, *, reserve: int = RESERVE_BYTES) -> Database:
        """Takes the lock, then opens, checks and migrates the file.

        Raises LedgerLocked, LedgerTooNew, or LedgerError for a directory or file that cannot be used.
        """
        database = cls(folder, reserve)
        try:
            await database._run(database._writer, database._start)
        except BaseException:
            await database.close()
            raise
        return database

    async def write(self, work: Work[T], *, point: Point = pass_by, intake: bool = False) -> T:
        """Runs `work` as one transaction, durable on return. `intake`: refused while the disk is full."""
        return await self._run(self._writer, partial(self._transact, work, point, intake), rings=True)

    async def read(self, work: Work[T]) -> T:
        """Runs `work` beside the writer."""
        return await self._run(self._reader, partial(self._look, work))

    def changed(self) -> asyncio.Event:
        """Set by the next write after this call."""
        return self._news

    async def close(self) -> None:
        """Ends both threads, then gives the lock back. Twice is no mistake."""
        for listener in self.listeners:
            listener.put_nowait(None)
        for executor, end in ((self._reader, self._end_reading), (self._writer, self._end_writing)):
            with suppress(LedgerError):
                await self._run(executor, end)
            executor.shutdown(wait=False)
        self._ring()

    async def _run(self, executor: ThreadPoolExecutor, job: Callable[[], T], *, rings: bool = False) -> T:
        """Waits for a job of a thread; one that was begun is finished although its caller is cancelled."""
        loop = asyncio.get_running_loop()
        try:
            future = executor.submit(job)
        except RuntimeError as error:
            raise LedgerError(f"{self.path} was closed") from error
        if rings:
            future.add_done_callback(lambda _: loop.is_closed() or loop.call_soon_threadsafe(self._ring))
        return await asyncio.wrap_future(future)

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _start(self) -> None:
        self._lock = Lock(self._folder)
        self._reserve.fill()
        with self._explained(opening=True):
            self._connection = connect(self.path)
            prepare(self._connection, self.path)

    def _transact(self, work: Work[T], point: Point, intake: bool) -> T:
        if self._broken is not None:
            raise self._broken
        connection = self._connection
        assert connection is not None, "the database is closed"
        if self._full:
            self._make_room(connection, intake)
        try:
            with self._explained(), _transaction(connection, point):
                return work(connection)
        except DiskFull:
            if intake:
                raise
        # The reserve was freed for just this: cursors, the registry and retention go on while batches are refused.
        self._make_room(connection, intake)
        with self._explained(), _transaction(connection, point):
            return work(connection)

    def _make_room(self, connection: sqlite3.Connection, intake: bool) -> None:
        """Empties the write-ahead log; batches are taken again once the disk has room for the reserve as well."""
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if intake:
            self._full = not self._reserve.fill()
            if self._full:
                raise disk_full(self.path)

    def _look(self, work: Work[T]) -> T:
        with self._explained():
            if self._reading is None:
                self._reading = connect(self.path)
                self._reading.execute("PRAGMA query_only = 1")
            return work(self._reading)

    @contextmanager
    def _explained(self, *, opening: bool = False) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
                raise
            ours = explain(self.path, error, disk_is_full=self._reserve.disk_is_full(), opening=opening)
            self._note(ours)
            raise ours from error

    def _note(self, error: MonitorError) -> None:
        if isinstance(error, StorageFailed):
            self._broken = error
        elif isinstance(error, DiskFull):
            self._full = True
            self._reserve.free()

    def _end_reading(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _end_writing(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.release()


class Reader:
    """The file of a running daemon, read by another process; takes no lock and changes nothing."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.observe: Callable[[Note], None] = ignore

    async def read(self, work: Work[T]) -> T:
        """Opens, runs `work`, closes. Raises LedgerError if there is no ledger."""
        return await asyncio.to_thread(self._look, work)

    def changed(self) -> Waiter:
        """Ends after a moment: another process does not say when it writes."""
        return _Pause()

    def _look(self, work: Work[T]) -> T:
        if not self.path.exists():
            raise LedgerError(f"{self.path} does not exist: has the service run with this `data_dir`?")
        try:
            connection = connect(self.path, "?mode=ro")
            try:
                connection.execute("PRAGMA query_only = 1")
                check_version(connection, self.path)
                return work(connection)
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            raise explain(self.path, error, disk_is_full=False, opening=True) from error


class _Pause:
    async def wait(self) -> None:
        await asyncio.sleep(POLL)


@contextmanager
def _transaction(connection: sqlite3.Connection, point: Point) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        point("sqlite.begin")
        yield
        point("sqlite.before_commit")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
    point("sqlite.after_commit")
