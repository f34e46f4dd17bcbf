"""The spool's file: kills, a full disk, damage of every kind, files of others."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.adapters.sqlite.spool import FILE, SqliteSpool
from monitor.errors import LedgerError, LedgerLocked, LedgerTooNew
from monitor.model.article import Reading
from monitor.model.ids import ShardId
from monitor.model.notes import Note, SpoolDamaged
from monitor.model.poll import Fetched, Response, Validators
from monitor.testing.builders import article, feed
from monitor.testing.clock import START

SHARD = ShardId(3)
WRITER = """
import asyncio, sys
from pathlib import Path
from monitor.adapters.sqlite.spool import SqliteSpool
from monitor.model.poll import Failed
from monitor.testing.builders import feed

async def main():
    spool = await SqliteSpool.open(Path(sys.argv[1]), 1 << 24)
    for number in range(10_000):
        assert await spool.append(3, feed(f"f{number}"), Failed("timeout"), float(number))
        print(number, flush=True)

asyncio.run(main())
"""


def reading(title: str) -> Reading:
    """What was read of a document with one item."""
    verdict = Fetched(Response("https://example.example/rss", 200), b"", "hash", Validators())
    return Reading(verdict, articles=(article(title),), entries=1)


async def filled(folder: Path, rows: int = 5) -> None:
    """A spool with rows, closed."""
    spool = await SqliteSpool.open(folder, 1 << 20)
    for number in range(rows):
        assert await spool.append(SHARD, feed(f"f{number}"), reading(f"Story {number}"), START)
    await spool.close()


def edited(folder: Path, *statements: str) -> None:
    """The file after somebody has been at it."""
    connection = sqlite3.connect(folder / FILE)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


async def test_kill_9_loses_no_row_that_was_acknowledged(tmp_path: Path) -> None:
    """The writer is killed in the middle; what it was told is kept is there, in order."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [int(writer.stdout.readline()) for _ in range(50)]
    writer.send_signal(signal.SIGKILL)
    told += [int(line) for line in writer.stdout.read().split()]
    writer.stdout.close()
    writer.wait()

    spool = await SqliteSpool.open(tmp_path, 1 << 24)
    rows = await spool.replay(SHARD, limit=20_000)
    await spool.close()

    assert [row.at for row in rows][: len(told)] == [float(number) for number in told]
    assert len(rows) - len(told) in (0, 1)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE readings SET value = X'01' || substr(value, 3) || X'00' WHERE number = 2",
        "UPDATE readings SET crc = crc + 1 WHERE number = 2",
        "UPDATE readings SET value = X'', crc = 0 WHERE number = 2",
        "UPDATE readings SET value = X'0102', crc = 3056980735 WHERE number = 2",
    ],
    ids=["bytes", "checksum", "empty", "nonsense"],
)
async def test_k13_a_damaged_row_is_set_aside_and_told_and_stops_no_other(tmp_path: Path, damage: str) -> None:
    """The others come as if it had never been, also when it is the only one that was asked for."""
    await filled(tmp_path)
    edited(tmp_path, damage)
    notes: list[Note] = []
    spool = await SqliteSpool.open(tmp_path, 1 << 20, notes.append)

    rows = await spool.replay(SHARD, limit=2)
    await spool.forget([rows[0].number])
    again = await spool.replay(SHARD)

    assert [row.feed.id for row in rows] == ["f0", "f2"]
    assert [row.feed.id for row in again] == ["f2", "f3", "f4"]
    assert [note.rows for note in notes if isinstance(note, SpoolDamaged)] == [1]
    assert await spool.shards() == {SHARD: 3}
    await spool.close()
    connection = sqlite3.connect(tmp_path / FILE)
    assert connection.execute("SELECT number, shard FROM set_aside").fetchall() == [(2, SHARD)]
    connection.close()


@pytest.mark.parametrize("content", [b"no database at all" * 200, b"SQLite format 3\x00" + b"\xff" * 5000])
async def test_k13_a_file_that_cannot_be_read_is_set_aside_as_a_whole(tmp_path: Path, content: bytes) -> None:
    """The service starts with an empty spool, and the file is kept for whoever wants to look."""
    (tmp_path / FILE).write_bytes(content)
    notes: list[Note] = []

    spool = await SqliteSpool.open(tmp_path, 1 << 20, notes.append)

    assert await spool.append(SHARD, feed(), reading("Story"), START)
    await spool.close()
    assert (tmp_path / f"{FILE}.damaged").read_bytes() == content
    assert len(notes) == 1


async def test_an_empty_file_is_a_new_spool(tmp_path: Path) -> None:
    """As a process that was killed at its first start leaves it."""
    (tmp_path / FILE).touch()

    spool = await SqliteSpool.open(tmp_path, 1 << 20)

    assert await spool.append(SHARD, feed(), reading("Story"), START)
    await spool.close()


async def test_a_torn_log_ends_with_the_last_whole_row(tmp_path: Path) -> None:
    """Whatever was not wholly written was not acknowledged."""
    spool = await SqliteSpool.open(tmp_path, 1 << 20)
    for number in range(5):
        await spool.append(SHARD, feed(f"f{number}"), reading(f"Story {number}"), START)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (FILE, f"{FILE}-wal"):
        data = (tmp_path / name).read_bytes()
        (copy / name).write_bytes(data[:-100] if name.endswith("wal") else data)
    await spool.close()

    torn = await SqliteSpool.open(copy, 1 << 20)

    assert [row.feed.id for row in await torn.replay(SHARD)] == ["f0", "f1", "f2", "f3"]
    await torn.close()


async def test_a_file_of_others_or_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """With what to do; it stays as it is."""
    (tmp_path / "foreign").mkdir()
    edited(tmp_path / "foreign", "CREATE TABLE theirs (x)")
    await filled(tmp_path / "later")
    edited(tmp_path / "later", "PRAGMA user_version = 99")

    with pytest.raises(LedgerError, match="another program"):
        await SqliteSpool.open(tmp_path / "foreign", 1 << 20)
    with pytest.raises(LedgerTooNew, match="version 99"):
        await SqliteSpool.open(tmp_path / "later", 1 << 20)


async def test_d05_two_processes_do_not_share_a_spool(tmp_path: Path) -> None:
    """The second is told who has it; the first goes on."""
    spool = await SqliteSpool.open(tmp_path, 1 << 20)

    with pytest.raises(LedgerLocked):
        await SqliteSpool.open(tmp_path, 1 << 20)

    assert await spool.append(SHARD, feed(), reading("Story"), START)
    await spool.close()
    with pytest.raises(LedgerError, match="closed"):
        await spool.shards()


async def test_d01_a_disk_without_room_refuses_and_still_forgets(tmp_path: Path) -> None:
    """SQLite's own bound stands for the disk: appends are refused, rows can go, and then it goes on."""
    spool = await SqliteSpool.open(tmp_path, 1 << 24)
    await spool._run(lambda: spool._open.execute("PRAGMA max_page_count = 40").fetchall())
    kept = 0
    while await spool.append(SHARD, feed(f"f{kept}"), reading("Story " * 50 + str(kept)), START):
        kept += 1
        assert kept < 10_000

    rows = await spool.replay(SHARD, limit=10_000)
    assert len(rows) == kept > 10
    await spool.forget([row.number for row in rows])

    assert await spool.shards() == {}
    assert await spool.append(SHARD, feed(), reading("Story"), START)
    await spool.close()
