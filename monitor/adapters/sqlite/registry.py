"""The registry on the embedded database: which feeds there are, and the memory a renamed feed takes along."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from zlib import crc32

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.ledger import read_specs
from monitor.model.feed import FeedChanges, FeedSpec, Mark
from monitor.model.ids import FeedId
from monitor.state.codec import decode_state, encode_spec, encode_state

INSERT_FEED = (
    "INSERT INTO feeds VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET spec = excluded.spec WHERE spec != excluded.spec"
)
COPY_STATE = (
    "INSERT INTO states (feed, state, crc, due) SELECT ?1, ?2, ?3, due FROM states WHERE feed = ?4 "
    "ON CONFLICT DO NOTHING"
)
PUT_MARK = (
    "INSERT INTO meta VALUES ('configuration read at, ms', ?1) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE excluded.value >= value"
)


class SqliteRegistry:
    """Which feeds there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, changes: FeedChanges, mark: Mark | None = None) -> bool:
        """What changes nothing is not passed on. A renamed feed takes the state of its old name along."""
        effective = await self._database.write(partial(_apply, changes, mark))
        if effective is None:
            return False
        if effective.put or effective.removed:
            for listener in self._database.listeners:
                listener.put_nowait(effective)
        return True

    async def feeds(self) -> Mapping[FeedId, FeedSpec]:
        return await self._database.read(read_specs)


def _apply(changes: FeedChanges, mark: Mark | None, connection: sqlite3.Connection) -> FeedChanges | None:
    if mark is not None and not connection.execute(PUT_MARK, (round(mark.read_at * 1000),)).rowcount:
        return None
    put = [spec for spec in changes.put if _remember(spec, connection)]
    removed = [feed for feed in changes.removed if _forget(feed, connection)]
    return FeedChanges(tuple(put), tuple(removed))


def _forget(feed: FeedId, connection: sqlite3.Connection) -> bool:
    connection.execute("DELETE FROM states WHERE feed = ?", (feed,))
    return bool(connection.execute("DELETE FROM feeds WHERE id = ?", (feed,)).rowcount)


def _remember(spec: FeedSpec, connection: sqlite3.Connection) -> bool:
    if spec.renamed_from is not None:
        _rename(spec.renamed_from, spec.id, connection)
    return bool(connection.execute(INSERT_FEED, (spec.id, encode_spec(spec))).rowcount)


def _rename(old: FeedId, new: FeedId, connection: sqlite3.Connection) -> None:
    """Gives a feed the memory of its former name, unless it has one of its own or that one cannot be read."""
    row = connection.execute("SELECT state FROM states WHERE feed = ?", (old,)).fetchone()
    if row is None or row[0] is None:
        return
    with suppress(ValueError):
        state = encode_state(replace(decode_state(row[0]), feed=new))
        connection.execute(COPY_STATE, (new, state, crc32(state), old))
