"""The embedded database on a real disk: lock, kills, damage, full disk, other versions."""

import asyncio
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.sqlite.database import Database, Reader
from monitor.adapters.sqlite.events import Retention, SqliteEventLog
from monitor.adapters.sqlite.file import FILE
from monitor.adapters.sqlite.ledger import SqliteLedger, SqliteView
from monitor.adapters.sqlite.registry import SqliteRegistry
from monitor.errors import LedgerError, LedgerLocked, LedgerTooNew, StorageFailed
from monitor.model.event import Batch
from monitor.model.feed import FeedChanges
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import Note, OperatorTold, SinkRejected
from monitor.testing.builders import feed, record
from monitor.testing.clock import ManualClock
from monitor.testing.crash import PassedPoints

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SHARD, FEED = ShardId(0), FeedId("a")
SMALL = 1 << 16


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An open database."""
    opened = await Database.open(tmp_path, reserve=SMALL)
    yield opened
    await opened.close()


def run(script: str, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """A script of this folder in a process of its own."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=15, check=False, **options)  # type: ignore[call-overload, no-any-return]


async def commit(database: Database, *numbers: int) -> None:
    """One batch with these records."""
    shard = await SqliteLedger(database).open(SHARD)
    await shard.commit(Batch(SHARD, records=tuple(record(number) for number in numbers)))


@pytest.mark.parametrize("point", ["sqlite.begin", "sqlite.before_commit", "sqlite.after_commit"])
async def test_k05_k09_killed_in_a_commit(tmp_path: Path, point: str) -> None:
    """The batch that was cut is wholly there or wholly absent, every acknowledged one is there, and none is twice."""
    acknowledged = 0
    for _ in range(2):
        process = run("committer.py", tmp_path, point, 3)
        assert process.returncode == -signal.SIGKILL, process.stderr
        acknowledged = int(process.stdout.split()[-1])

    database = await Database.open(tmp_path, reserve=SMALL)
    shard = await SqliteLedger(database).open(SHARD)
    events = await SqliteEventLog(database, ManualClock()).read(0)
    await database.close()

    number = int(shard.states[FEED])
    assert number == acknowledged + (point == "sqlite.after_commit")
    assert [one.record.key for one in events] == [f"article-{n}" for n in range(3, 3 * number + 3)]


async def test_k11_killed_at_any_moment(tmp_path: Path) -> None:
    """Four rounds from a seed: what was acknowledged is there, batches are whole, numbers have no gap."""
    chance = random.Random(20261126)
    acknowledged = 0
    for _ in range(4):
        acknowledged = kill_after(tmp_path, chance.randint(1, 40), chance.random() / 50) or acknowledged
        database = await Database.open(tmp_path, reserve=SMALL)
        shard = await SqliteLedger(database).open(SHARD)
        events = await SqliteEventLog(database, ManualClock()).read(0, limit=10_000)
        await database.close()
        number = int(shard.states[FEED])

        assert number - acknowledged in (0, 1)
        assert [one.seq for one in events] == list(range(1, 3 * number + 1))
        assert [one.record.key for one in events] == [f"article-{n}" for n in range(3, 3 * number + 3)]


def kill_after(folder: Path, batches: int, seconds: float) -> int:
    """Kills the committer some time after so many batches; the last number it acknowledged."""
    command = [sys.executable, str(HERE / "committer.py"), str(folder), "never", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(batches)]
        time.sleep(seconds)
        process.kill()
        lines += process.stdout.read().splitlines()
    return int(lines[-1])


async def test_points_are_passed_in_order(database: Database) -> None:
    """Names a test may kill at."""
    points = PassedPoints()
    shard = await SqliteLedger(database, points).open(SHARD)
    await shard.commit(Batch(SHARD))

    assert points.names == ["sqlite.begin", "sqlite.before_commit", "sqlite.after_commit"]


async def test_d05_b28_directory_held_by_another_process(database: Database, tmp_path: Path) -> None:
    """The second one is told who holds it and what to do."""
    with pytest.raises(LedgerLocked, match=rf"lock is held by process {os.getpid()}: .*data_dir"):
        await Database.open(tmp_path)
    await database.close()

    again = await Database.open(tmp_path, reserve=SMALL)
    await again.close()


async def test_d02_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """Path and user are named."""
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(LedgerError, match=rf"file/data: cannot be written as user {os.getuid()}"):
        await Database.open(tmp_path / "file" / "data")


async def test_r03_newer_file_is_refused(database: Database, tmp_path: Path) -> None:
    """With a text that says what to run; nothing is changed."""
    await database.close()
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(LedgerTooNew, match="version 99, this program reads up to 1"):
        await Database.open(tmp_path)
    with pytest.raises(LedgerTooNew):
        await SqliteView(Reader(tmp_path)).specs()


async def test_file_of_another_program_is_refused(tmp_path: Path) -> None:
    """A database with tables of somebody else is left alone."""
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()

    with pytest.raises(LedgerError, match="database of another program"):
        await Database.open(tmp_path)


def zero_the_middle(path: Path) -> None:
    """Blanks three pages."""
    data = bytearray(path.read_bytes())
    data[8192:20480] = bytes(12288)
    path.write_bytes(data)


def cut_the_end(path: Path) -> None:
    """Loses the last pages."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def overwrite(path: Path) -> None:
    """Is no database at all."""
    path.write_bytes(b"once upon a time " * 500)


@pytest.mark.parametrize("damage", [zero_the_middle, cut_the_end, overwrite])
async def test_k13_damaged_file_is_named_with_its_remedy(tmp_path: Path, damage: object) -> None:
    """Refused at start, and given free again."""
    database = await Database.open(tmp_path, reserve=SMALL)
    await commit(database, *range(1, 400))
    await database.close()
    damage(tmp_path / FILE)  # type: ignore[operator]

    for _ in range(2):
        with pytest.raises(LedgerError, match=r"ledger\.db is damaged .*restore ledger\.db from a backup"):
            await Database.open(tmp_path, reserve=SMALL)


async def test_k13_damaged_state_is_set_aside_and_named(tmp_path: Path) -> None:
    """A flipped bit that no structure shows: the feed starts anew, the operator is told, the bytes are kept."""
    database = await Database.open(tmp_path, reserve=SMALL)
    await SqliteRegistry(database).apply(FeedChanges(put=(feed("a"), feed("b"))))
    shard = await SqliteLedger(database).open(SHARD)
    await shard.commit(Batch(SHARD, states=((FEED, b"good"), (FeedId("b"), b"fine"))))
    await database.write(lambda one: one.execute("UPDATE states SET state = x'00' WHERE feed = 'a'"))
    notes: list[Note] = []
    database.observe = notes.append

    again = await SqliteLedger(database).open(SHARD)

    assert again.states == {"b": b"fine"}
    assert [(note.feed, note.kind) for note in notes if isinstance(note, OperatorTold)] == [("a", "ledger")]
    kept = await database.read(lambda one: one.execute("SELECT feed, state FROM quarantine").fetchall())
    assert kept == [("a", b"\x00")]
    await database.close()


async def test_k13_damaged_event_is_left_out_and_named_once(database: Database) -> None:
    """The others are read as if nothing was, whatever the limit."""
    await commit(database, 1, 2, 3)
    await database.write(lambda one: one.execute("UPDATE events SET value = x'7b7d' WHERE seq = 2"))
    notes: list[Note] = []
    database.observe = notes.append
    log = SqliteEventLog(database, ManualClock())

    assert [one.seq for one in await log.read(1, limit=1)] == [3]
    assert [one.seq for one in await log.latest(limit=2)] == [3, 1]
    assert notes == [SinkRejected("log", 2, "damaged on disk")]


async def test_k12_torn_write_ahead_log_is_cut(tmp_path: Path) -> None:
    """Half of the last transaction on disk: the store opens with what was whole."""
    database = await Database.open(tmp_path / "live", reserve=SMALL)
    await commit(database, 1)
    await commit(database, 2)
    shutil.copytree(tmp_path / "live", tmp_path / "copy")
    await database.close()
    log = tmp_path / "copy" / f"{FILE}-wal"
    log.write_bytes(log.read_bytes()[:-3000])

    torn = await Database.open(tmp_path / "copy", reserve=SMALL)
    events = await SqliteEventLog(torn, ManualClock()).read(0)
    await commit(torn, 1, 2, 3)
    head = await SqliteEventLog(torn, ManualClock()).head()
    await torn.close()

    assert [one.record.key for one in events] == ["article-1"]
    assert head == 3


async def test_d01_full_disk_refuses_batches_and_recovers(tmp_path: Path) -> None:
    """The reserve is freed, nothing that was acknowledged is lost, retention makes room, batches go on."""
    small = "mount -t tmpfs -o size=24m none $0 && exec $1 $2 $0"
    command = ["unshare", "-m", "sh", "-c", small, str(tmp_path), sys.executable, str(HERE / "filler.py")]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    process = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=15, check=False
    )
    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout)

    assert "ledger.db: the disk is full; free some space" in result["refusal"]
    assert result["crowded"]
    assert result["reserve_freed"]
    assert result["kept"] > 20
    assert result["again"] >= result["kept"]
    assert result["expired"] > 5
    assert result["recovered"] > result["again"] + 5
    assert result["head"] == result["recovered"]
    assert result["cursor"] == "sink"


async def test_d03_failing_disk_is_no_ledger_error(tmp_path: Path) -> None:
    """The process has to stop: opening the shard again would not help. A file size limit plays the failing disk."""
    database = await Database.open(tmp_path, reserve=SMALL)
    shard = await SqliteLedger(database).open(SHARD)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, limits[1]))
    try:
        with pytest.raises(StorageFailed, match="the disk failed"):
            await shard.commit(Batch(SHARD, records=(record(1, value=b"x" * (1 << 20)),)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)

    with pytest.raises(StorageFailed):
        await SqliteLedger(database).open(SHARD)
    await database.close()


async def test_d04_slow_disk_does_not_block_the_loop(database: Database) -> None:
    """While a transaction takes its time the loop turns."""
    held = asyncio.ensure_future(database.write(lambda connection: slow_statement(connection)))
    turns = 0
    while not held.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 10


def slow_statement(connection: sqlite3.Connection) -> int:
    """Counts for a tenth of a second or so."""
    query = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600000) SELECT count(*) FROM n"
    (count,) = connection.execute(query).fetchone()
    return int(count)


async def test_other_processes_read_beside_the_owner(database: Database, tmp_path: Path) -> None:
    """Specifications, states and events, without a lock; what is written meanwhile ends their waiting."""
    await SqliteRegistry(database).apply(FeedChanges(put=(feed("a"),)))
    await commit(database, 1)
    reader = Reader(tmp_path)
    log = SqliteEventLog(reader, ManualClock())

    assert await SqliteView(reader).specs() == {FEED: feed("a")}
    assert [one.record for one in await log.read(0)] == [record(1)]
    waiting = asyncio.ensure_future(log.wait(1))
    await commit(database, 2)
    assert await asyncio.wait_for(waiting, 5) == 2
    with pytest.raises(LedgerError, match="can only be read"):
        await log.advance("sink", 1)


async def test_reading_where_nothing_ran(tmp_path: Path) -> None:
    """The question is asked back."""
    with pytest.raises(LedgerError, match=r"does not exist: has the service run"):
        await SqliteView(Reader(tmp_path)).specs()


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    """A mistake of ours in the middle rolls back and the next transaction is fine."""

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO meta VALUES ('half', 1)")
        connection.execute("INSERT INTO meta VALUES ('head', 1)")

    with pytest.raises(sqlite3.IntegrityError):
        await database.write(half)

    rows = await database.read(lambda connection: connection.execute("SELECT key FROM meta").fetchall())
    assert ("half",) not in rows


async def test_a_closed_database_says_so(database: Database) -> None:
    """Twice closed is closed."""
    await database.close()
    await database.close()

    with pytest.raises(LedgerError, match="was closed"):
        await database.read(lambda connection: None)


async def test_expired_rows_give_their_pages_back(tmp_path: Path) -> None:
    """The file shrinks, so that retention is what the disk sees."""
    database = await Database.open(tmp_path, reserve=SMALL)
    shard = await SqliteLedger(database).open(SHARD)
    await shard.commit(Batch(SHARD, records=tuple(record(n, value=b"x" * 10_000) for n in range(300))))
    log = SqliteEventLog(database, ManualClock(), Retention(size=100_000))
    await log.expire(ManualClock().now())
    await database.close()

    assert (tmp_path / FILE).stat().st_size < 1_000_000
