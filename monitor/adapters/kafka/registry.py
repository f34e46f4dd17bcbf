"""The registry on Kafka: which feeds there are, in one compacted topic that every shard follows.

Any replica may write; a transactional id lets only the newest writer go through. What it decides by it reads up to
records of its own, and afterwards it reads again: a feed that moved between two shards meanwhile is put right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.consumer import close_consumer, open_consumer
from monitor.adapters.kafka.hanging import take_over
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.kept import FENCE
from monitor.adapters.kafka.listing import Listing, listed, memories
from monitor.adapters.kafka.restore import Kept, read_all, read_until
from monitor.adapters.kafka.transaction import Entry, Transactional
from monitor.errors import Fenced, LedgerError, Unreachable
from monitor.model.feed import FeedChanges, FeedSpec, Mark
from monitor.model.ids import FeedId

ATTEMPTS = 6
"""How often a writer that is fenced each time tries."""
PAUSE = 0.3
"""Seconds before it does, longer each time: more than the other needs, or the two would fence each other for ever."""
ROUNDS = 4
"""How often what was written is looked at and put right, before whoever disturbs it is blamed."""


class KafkaRegistry:
    """Which feeds there are."""

    def __init__(self, settings: ClusterSettings, installation: Installation) -> None:
        self._settings, self._installation = settings, installation
        self._one_at_a_time = asyncio.Lock()

    async def apply(self, changes: FeedChanges, mark: Mark | None = None) -> bool:
        """Writes the differences only. The owner of a removed feed's shard removes its memory.

        Raises LedgerError; what became of the change is then unknown, and it can be applied again.
        """
        async with self._one_at_a_time:
            attempt = 0
            while True:
                attempt += 1
                try:
                    return await self._apply(changes, mark)
                except Fenced:
                    if attempt == ATTEMPTS:
                        raise
                    await asyncio.sleep(PAUSE * attempt)

    async def feeds(self) -> Mapping[FeedId, FeedSpec]:
        """Those of every shard. Raises LedgerError."""
        return (await self._seen()).feeds()

    async def mark(self) -> Mark | None:
        """The configuration that was applied last. Raises LedgerError."""
        return (await self._seen()).mark

    async def _seen(self) -> Listing:
        """The registry as anybody may read it."""
        try:
            return self._listed(await read_all(self._settings, self._installation.feeds))
        except Unreachable as error:
            raise LedgerError(str(error)) from error

    async def _apply(self, changes: FeedChanges, mark: Mark | None) -> bool:
        await self._require_shards()
        ours = self._installation
        producer = await take_over(self._settings, ours, ours.registry_id)
        try:
            for _ in range(ROUNDS):
                listing = await self._decided_by(producer, changes)
                if mark is not None and listing.mark is not None and mark.read_at < listing.mark.read_at:
                    return False
                entries = listing.entries(changes, mark)
                if not entries:
                    return True
                await producer.commit(entries)
        finally:
            await producer.close()
        raise LedgerError("the registry is changed by others faster than it can be written")

    async def _decided_by(self, producer: Transactional, changes: FeedChanges) -> Listing:
        """The registry, and those memories that a decision needs, with nothing missing that is committed by now."""
        ours = self._installation
        kept = await self._read(producer, ours.feeds, range(ours.shards))
        asked = self._listed(kept).asked(changes)
        return self._listed(kept, await self._read(producer, ours.states, sorted(asked)) if asked else ())

    async def _read(self, producer: Transactional, topic: str, partitions: Iterable[int]) -> list[Kept]:
        """Up to records of our own, for the end that a leader names may be stale."""
        fences = [Entry(topic, FENCE, b"", partition) for partition in partitions]
        return await read_until(self._settings, topic, dict(await producer.commit(fences)))

    def _listed(self, kept: Iterable[Kept], states: Iterable[Kept] = ()) -> Listing:
        return listed(self._installation.feeds, self._installation.shards, kept, memories(states))

    async def _require_shards(self) -> None:
        """With another number of partitions every host would belong to another shard. Raises LedgerError."""
        try:
            consumer = await open_consumer(self._settings)
        except Unreachable as error:
            raise LedgerError(str(error)) from error
        try:
            found = len(consumer.partitions_for_topic(self._installation.feeds) or ())
        finally:
            await close_consumer(consumer)
        topic, wanted = self._installation.feeds, self._installation.shards
        if not found:
            raise LedgerError(f"not there, or not ours to see: {topic} (news-monitor topics ensure creates it)")
        if found != wanted:
            remedy = "the number is fixed once feeds are in it"
            raise LedgerError(f"{topic} has {found} partitions, but ledger.shards is {wanted}: {remedy}")
