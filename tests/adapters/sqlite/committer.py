"""A process that commits batch after batch until it is killed: `committer.py FOLDER POINT COUNT`.

Every batch is three records and one state that names them, so that half a batch would show.
"""

import asyncio
import sys
from pathlib import Path

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.ledger import SqliteLedger
from monitor.adapters.sqlite.registry import SqliteRegistry
from monitor.model.event import Batch
from monitor.model.feed import FeedChanges
from monitor.model.ids import FeedId, ShardId
from monitor.testing.builders import feed, record
from monitor.testing.crash import CrashPoints

SHARD, FEED = ShardId(0), FeedId("a")


async def main(folder: Path, point: str, count: int) -> None:
    """Goes on from the number the state holds."""
    database = await Database.open(folder)
    await SqliteRegistry(database).apply(FeedChanges(put=(feed("a"),)))
    shard = await SqliteLedger(database, CrashPoints(point, count)).open(SHARD)
    number = int(shard.states.get(FEED, b"0"))
    while True:
        number += 1
        records = tuple(record(number * 3 + part) for part in range(3))
        await shard.commit(Batch(SHARD, ((FEED, b"%d" % number),), records))
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
