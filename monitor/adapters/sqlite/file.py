"""The file itself: how it is opened, checked, recognised and brought to the newest version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from monitor.adapters.sqlite.faults import remedy
from monitor.errors import LedgerError, LedgerTooNew

FILE = "ledger.db"
APPLICATION = 0x4E4D4F4E
"""Marks the file as ours (`NMON`)."""
MIGRATIONS = (Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"),)
"""Step n brings a file from version n to n + 1. Published steps never change."""
CHECKED_UP_TO = 256 << 20
"""Bytes; a file up to this size is checked page by page at start."""
MAX_WAL = 64 << 20
"""Bytes the write-ahead log keeps on the disk once it has been emptied."""
PATIENCE = 10.0
"""Seconds a statement waits for another process's lock."""


def connect(path: Path, options: str = "") -> sqlite3.Connection:
    """Opens the file in autocommit: transactions are begun by name."""
    where = path.absolute().as_uri() + options
    return sqlite3.connect(where, uri=True, timeout=PATIENCE, isolation_level=None)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Settings of the writer's connection, the check, and the migrations the file still needs."""
    version = check_version(connection, path)
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Overwriting what retention removes would cost as much room as it holds: too much on a full disk.
    connection.execute("PRAGMA secure_delete = 0").fetchall()
    connection.execute(f"PRAGMA journal_size_limit = {MAX_WAL}")
    if path.stat().st_size <= CHECKED_UP_TO:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise LedgerError(f"{path} is damaged ({' '.join(answer.split())}); {remedy(path)}")
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        marks = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {number};"
        connection.executescript(f"BEGIN IMMEDIATE; {step}; {marks} COMMIT;")


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the file, 0 for an empty one. Raises LedgerTooNew, or LedgerError for a foreign file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION:
        raise LedgerError(f"{path} is a database of another program; {remedy(path)}")
    if version > len(MIGRATIONS):
        raise LedgerTooNew(
            f"{path} has version {version}, this program reads up to {len(MIGRATIONS)}: run the newer one again"
        )
    return int(version)
