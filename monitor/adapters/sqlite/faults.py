"""What SQLite says when something is wrong, in our words, with the file and the remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from monitor.errors import LedgerError, MonitorError, StorageFailed

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class DiskFull(LedgerError):
    """There is no room for a batch; nothing of it was kept."""

    id = "MON-RUN-015"


def explain(path: Path, error: sqlite3.DatabaseError, *, disk_is_full: bool, opening: bool = False) -> MonitorError:
    """The error to raise for what SQLite raised; one of our own mistakes is not explained away."""
    code = getattr(error, "sqlite_errorcode", None)
    kind = code & 0xFF if code is not None else None
    if kind == sqlite3.SQLITE_FULL or (kind == sqlite3.SQLITE_IOERR and disk_is_full):
        return disk_full(path)
    if kind in DAMAGED:
        text = f"{path} is damaged ({error}); {remedy(path)}"
        return LedgerError(text) if opening else StorageFailed(text)
    if kind == sqlite3.SQLITE_IOERR:
        return StorageFailed(f"{path}: the disk failed ({error}); mend it and start again, what was committed is kept")
    return LedgerError(f"{path}: {error}")


def disk_full(path: Path) -> DiskFull:
    """The refusal of a batch there is no room for."""
    return DiskFull(f"{path}: the disk is full; free some space or shorten `retention`, then it goes on by itself")


def remedy(path: Path) -> str:
    """What to do with a file that cannot be used."""
    return (
        f"restore {path.name} from a backup, or move it and its -wal file away: the service then starts with an empty "
        "log and reads every feed anew as a baseline"
    )
