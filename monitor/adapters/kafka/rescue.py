"""The rescue topic: polls that waited on one process's disk, on their way to the process that has their shard now.

One partition a shard. Whoever hands on writes at least once; whoever has the shard reads from a position that its own
ledger keeps, and states recognise what comes twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence

from monitor.adapters.kafka.client import FAULTS, ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.listing import Listing, listed
from monitor.adapters.kafka.producer import Producer
from monitor.adapters.kafka.restore import Follower, Kept, read_all
from monitor.errors import LedgerError, LedgerTooNew, Unreachable
from monitor.model.event import Record
from monitor.model.ids import ShardId
from monitor.ports import Spooled
from monitor.publish.envelope import weight
from monitor.state.spooling import decode_reading, encode_reading, halves

FRESH = 30.0
"""Seconds for which what the registry said is believed: rows come by the hundred."""


class KafkaRescue:
    """`ports.Rescue`."""

    def __init__(self, settings: ClusterSettings, installation: Installation) -> None:
        self._settings, self._installation = settings, installation
        self._producer: Producer | None = None
        self._turn = asyncio.Lock()
        self._listing: tuple[float, Listing] | None = None

    async def homes(self, row: Spooled) -> frozenset[ShardId]:
        """The partitions of the registry that hold its feed: two while it is moving. Raises LedgerError."""
        async with self._turn:
            listing = await self._listed()
        return frozenset(ShardId(partition) for partition in listing.places.get(row.feed.id, {}))

    async def put(self, rows: Sequence[tuple[ShardId, Spooled]]) -> None:
        """Acknowledged by all replicas in sync on return. Raises LedgerError; some may be written then.

        A reading larger than a record goes in parts; an article that is larger alone could not be published either.
        """
        records = [record for shard, row in rows for record in self._records(shard, row)]
        async with self._turn:
            if records:
                await self._send(records)

    async def rows(self, shard: ShardId, position: int) -> AsyncGenerator[Sequence[tuple[int, Spooled | None]], None]:
        """One after the other; broker trouble only delays them. Ends at one that a later program has written."""
        follower = Follower(self._settings, self._installation.rescue, shard, position)
        try:
            async for kept in follower:
                yield [(kept.offset + 1, _spooled(shard, kept))]
        except LedgerTooNew:
            return
        finally:
            await follower.close()

    async def close(self) -> None:
        """Ends within its limit."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    async def _listed(self) -> Listing:
        now = asyncio.get_running_loop().time()
        if self._listing is None or now - self._listing[0] > FRESH:
            try:
                kept = await read_all(self._settings, self._installation.feeds)
            except Unreachable as error:
                raise LedgerError(str(error)) from error
            self._listing = now, listed(self._installation.feeds, self._installation.shards, kept)
        return self._listing[1]

    def _records(self, shard: ShardId, row: Spooled) -> Iterator[Record]:
        waiting = [row.reading]
        while waiting:
            reading = waiting.pop(0)
            value = encode_reading(row.feed, reading, row.at)
            record = Record(self._installation.rescue, row.feed.id, value, (), "", row.at, shard)
            if weight(record) <= self._settings.max_record:
                yield record
            elif (parts := halves(reading)) is not None:
                waiting[:0] = parts

    async def _send(self, records: Sequence[Record]) -> None:
        """After an outcome that is not good the producer is not used again."""
        try:
            producer = await self._ready()
            faults = [fault for fault in await producer.send(records, stamped=False) if fault is not None]
        except (*FAULTS, Unreachable) as error:
            await self.close()
            raise LedgerError(f"{self._installation.rescue}: {str(error) or type(error).__name__}") from error
        if faults:
            await self.close()
            raise LedgerError(f"{self._installation.rescue}: {str(faults[0]) or type(faults[0]).__name__}")

    async def _ready(self) -> Producer:
        if self._producer is not None and await self._producer.stale():
            await self.close()
        if self._producer is None:
            self._producer = await Producer.open(self._settings)
        topic = self._installation.rescue
        if await self._producer.missing({topic}):
            raise Unreachable("not there, or not ours to see (news-monitor topics ensure creates it)")
        return self._producer


def _spooled(shard: ShardId, kept: Kept) -> Spooled | None:
    """None for what is no reading. Raises LedgerTooNew."""
    try:
        return Spooled(kept.offset, shard, *decode_reading(kept.value or b""))
    except ValueError:
        return None
