"""A process that fills its disk: commits until refused, then frees space, and commits again. Prints what happened."""

import asyncio
import json
import sys
from pathlib import Path

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.events import Retention, SqliteEventLog
from monitor.adapters.sqlite.ledger import SqliteLedger
from monitor.errors import LedgerError
from monitor.model.event import Batch
from monitor.model.ids import ShardId
from monitor.testing.builders import record
from monitor.testing.clock import START, ManualClock

SHARD = ShardId(0)
RESERVE = 6 << 20


async def fill(ledger: SqliteLedger, number: int) -> tuple[int, str]:
    """Commits until it is refused; the number of the last record that was kept, and the refusal."""
    shard = await ledger.open(SHARD)
    while True:
        try:
            await shard.commit(Batch(SHARD, records=(record(number + 1, value=b"x" * 20_000),)))
        except LedgerError as error:
            return number, str(error)
        number += 1


async def crowd_out(folder: Path, log: SqliteEventLog) -> bool:
    """Somebody else fills the disk to the last byte: cursors move all the same. True if that took the reserve."""
    junk = folder / "junk"
    try:
        with junk.open("wb") as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        await log.advance("sink", 1)
    junk.unlink()
    return not (folder / "reserve").exists()


async def main(folder: Path) -> None:
    """Full, still full, emptied by retention, going on."""
    database = await Database.open(folder, reserve=RESERVE)
    ledger, log = SqliteLedger(database), SqliteEventLog(database, ManualClock(), Retention(size=2_000_000))
    crowded = await crowd_out(folder, log)
    kept, refusal = await fill(ledger, 0)
    reserve_freed = not (folder / "reserve").exists()
    again, _ = await fill(ledger, kept)
    rows, _ = await log.expire(START)
    recovered, _ = await fill(ledger, again)
    result = {
        "crowded": crowded,
        "kept": kept,
        "refusal": refusal,
        "reserve_freed": reserve_freed,
        "again": again,
        "expired": rows,
        "recovered": recovered,
        "head": await log.head(),
        "cursor": (await log.cursors())[0].sink,
    }
    await database.close()
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
