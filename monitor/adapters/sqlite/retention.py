"""How far the log reaches, how far sinks have come in it, and what goes when."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import NamedTuple

from monitor.model.units import Instant
from monitor.ports import SinkCursor

EXPIRED_AT_ONCE = 5_000
"""Rows removed by one transaction, so that commits get their turn."""
FREED_AT_ONCE = 2_000
"""Pages given back to the disk by one transaction."""


class Retention(NamedTuple):
    """What is beyond either bound goes: seconds, and bytes of keys, headers and values."""

    age: float = 30 * 86400.0
    size: int = 2 << 30


def head(connection: sqlite3.Connection) -> int:
    """Number of the newest event there ever was, 0 before the first."""
    (newest,) = connection.execute("SELECT value FROM meta WHERE key = 'head'").fetchone()
    return int(newest)


def tail(connection: sqlite3.Connection) -> int:
    """Number of the oldest event held; one above the head if none is."""
    (oldest,) = connection.execute("SELECT min(seq) FROM events").fetchone()
    return head(connection) + 1 if oldest is None else int(oldest)


def cursors(connection: sqlite3.Connection) -> list[SinkCursor]:
    """How far every sink has come, by name."""
    rows = connection.execute("SELECT sink, seq, at, dead FROM cursors ORDER BY sink")
    return [SinkCursor(*row) for row in rows]


def advance(to: SinkCursor, connection: sqlite3.Connection) -> None:
    """Moves a cursor forward and adds what was given up."""
    connection.execute(
        "INSERT INTO cursors (sink, seq, at, dead) VALUES (?, ?, ?, ?) ON CONFLICT (sink) DO UPDATE SET "
        "at = CASE WHEN excluded.seq > seq THEN excluded.at ELSE at END, "
        "seq = max(seq, excluded.seq), dead = dead + excluded.dead",
        (to.sink, to.seq, to.at, to.dead),
    )


def expire(now: Instant, retention: Retention, connection: sqlite3.Connection) -> tuple[int, int]:
    """Removes some of what is beyond the bounds: rows, and how many of them the slowest sink had not passed on."""
    upto, size = _beyond(now, retention, connection)
    first = tail(connection)
    if upto < first:
        return 0, 0
    behind = [max(cursor.seq, first - 1) for cursor in cursors(connection)]
    connection.execute(
        "UPDATE cursors SET dead = dead + ?1 - max(seq, ?2 - 1), seq = ?1, at = ?3 WHERE seq < ?1", (upto, first, now)
    )
    connection.execute("DELETE FROM events WHERE seq <= ?", (upto,))
    connection.execute("UPDATE meta SET value = value - ? WHERE key = 'bytes'", (size,))
    return upto - first + 1, max(0, upto - min(behind, default=upto))


def give_back(connection: sqlite3.Connection) -> bool:
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
