"""Finished polls become durable together: polls queue up, one batch at a time is committed, then they are released.

Batches form by themselves: while one is being written, and until the pace of the ledger allows another, the next
gathers. An idle shard commits at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from monitor.errors import LedgerError
from monitor.model.event import Batch, Moved, Outcome, Record
from monitor.model.ids import FeedId, ShardId
from monitor.model.notes import Committed, Note
from monitor.model.units import Instant
from monitor.ports import Clock, ShardLedger

MAX_RECORDS = 2_000
MAX_BYTES = 8 << 20
"""Of one batch; the next one follows at once."""

Position = tuple[str, int]
Fit = Callable[[FeedId, tuple[Record, ...]], tuple[Record, ...]]
"""What a ledger is given in place of the records of one poll."""


def as_they_are(_feed: FeedId, records: tuple[Record, ...]) -> tuple[Record, ...]:
    """For a ledger that takes everything."""
    return records


@dataclass(frozen=True, slots=True)
class Settled:
    """One poll on its way into the ledger. `state` is None if nothing of it is worth writing but the due time."""

    feed: FeedId
    outcome: Outcome
    state: bytes | None
    done: asyncio.Future[None] = field(compare=False)
    position: Position | None = None
    """What the poll was read from, and up to where that is read then."""


class Commits:
    """The queue in front of one shard's ledger, and the loop that empties it."""

    def __init__(
        self,
        shard: ShardId,
        ledger: ShardLedger,
        clock: Clock,
        observe: Callable[[Note], None],
        fit: Fit = as_they_are,
    ) -> None:
        self._shard, self._ledger, self._clock, self._observe, self._fit = shard, ledger, clock, observe, fit
        self._queue: list[Settled] = []
        self._dues: dict[FeedId, Instant] = {}
        self._moving: dict[FeedId, tuple[Moved, Callable[[], None]]] = {}
        self._positions: dict[str, int] = {}
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()
        self._began = float("-inf")
        self._records = self._bytes = 0
        self.fruitful = False
        """A batch of polls has become durable."""
        self._closed = self._flushing = False
        self._failed: LedgerError | None = None
        self._lost: tuple[Outcome, ...] = ()

    async def settle(
        self, feed: FeedId, outcome: Outcome, state: bytes | None, position: Position | None = None
    ) -> None:
        """Returns when the outcome is durable. Raises LedgerError when the shard has to be opened again."""
        if self._failed is not None:
            self._lost += (outcome,)
            raise self._failed
        outcome = replace(outcome, records=self._fit(feed, outcome.records))
        if state is None and not outcome.records and position is None:
            self._dues[feed] = outcome.state.cadence.due
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(Settled(feed, outcome, state, done, position))
        self._wake.set()
        self._weigh(self._queue[-1:])
        await done

    async def run(self) -> None:
        """Commits until `close` and an empty queue. Raises LedgerError; every waiting poll gets the same.

        The only one who writes: a batch that is cancelled half-way would cost the shard.
        """
        try:
            while not (self._closed and not self._queue):
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    await self._keep_pace()
                    await self._commit(self._take())
                    await self._write_what_waits()
                await self._write_what_waits()
            await self._write_rest()
            self._fail(LedgerError("the shard was closed"))
        except LedgerError as error:
            self._fail(error)
            raise

    def flush(self) -> None:
        """Has the due times of polls that changed nothing else written, so that a restart asks nobody early."""
        self._flushing = True
        self._wake.set()

    def passed(self, position: Position) -> None:
        """Has it written how far something is read of which nothing was kept here."""
        self._positions |= (position,)
        self.flush()

    def move(self, moved: Moved, gone: Callable[[], None]) -> None:
        """Has a feed handed over to the shard of its host; `gone` is called when that is durable."""
        self._moving[moved.feed.id] = moved, gone
        self._wake.set()

    def stay(self, feed: FeedId) -> None:
        """It has been edited in time: its host is one of ours."""
        self._moving.pop(feed, None)

    async def _write_what_waits(self) -> None:
        """Also between batches: in a busy shard one follows the other for ever, and who leaves is polled by nobody."""
        if self._flushing or self._moving:
            await self._write_rest()

    async def _write_rest(self) -> None:
        """Due times, and feeds that leave, after everything they led to."""
        self._flushing = False
        if not self._dues and not self._moving and not self._positions:
            return
        await self._keep_pace()
        moving, self._moving = self._moving, {}
        dues, self._dues = tuple(one for one in self._dues.items() if one[0] not in moving), {}
        positions, self._positions = tuple(self._positions.items()), {}
        moved = tuple(moved for moved, _ in moving.values())
        self._began = self._clock.monotonic()
        await self._ledger.commit(Batch(self._shard, dues=dues, moved=moved, positions=positions))
        for _, gone in moving.values():
            gone()

    async def _keep_pace(self) -> None:
        """Waits until another commit may begin; a full batch and the last ones do not wait."""
        left = self._began + self._ledger.pace - self._clock.monotonic()
        if left > 0 and not self._closed:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._hurry.wait()

    def _weigh(self, more: list[Settled]) -> None:
        """A queue that is more than one batch need not wait for its turn."""
        records = tuple(record for one in more for record in one.outcome.records)
        self._records += len(records)
        self._bytes += sum(len(record.value) for record in records)
        if self._closed or self._records > MAX_RECORDS or self._bytes > MAX_BYTES:
            self._hurry.set()

    def close(self) -> None:
        """Lets `run` end when the queue is empty."""
        self._closed = True
        self._wake.set()
        self._hurry.set()

    def _take(self) -> list[Settled]:
        records = size = count = 0
        for one in self._queue:
            records += len(one.outcome.records)
            size += sum(len(record.value) for record in one.outcome.records)
            if count and (records > MAX_RECORDS or size > MAX_BYTES):
                break
            count += 1
        taken, self._queue = self._queue[:count], self._queue[count:]
        self._hurry.clear()
        self._records = self._bytes = 0
        self._weigh(self._queue)
        return taken

    async def _commit(self, taken: list[Settled]) -> None:
        started = self._began = self._clock.monotonic()
        batch = Batch(
            self._shard,
            states=tuple((one.feed, one.state) for one in taken if one.state is not None),
            records=tuple(record for one in taken for record in one.outcome.records),
            dues=tuple((one.feed, one.outcome.state.cadence.due) for one in taken if one.state is None),
            positions=tuple(one.position for one in taken if one.position is not None),
        )
        try:
            await self._ledger.commit(batch)
        except BaseException:
            self._queue = taken + self._queue
            raise
        self.fruitful = True
        for one in taken:
            self._dues.pop(one.feed, None)
            if not one.done.done():
                one.done.set_result(None)
        self._observe(self._note(batch, taken, self._clock.monotonic() - started))

    def _note(self, batch: Batch, taken: list[Settled], duration: float) -> Committed:
        now = self._clock.now()
        latencies = tuple(max(0.0, now - event.time) for one in taken for event in one.outcome.events)
        return Committed(len(batch.records), len(batch.states), duration, latencies)

    @property
    def unsettled(self) -> tuple[Outcome, ...]:
        """What was handed over and is not known to be durable, oldest first."""
        return (*self._lost, *(one.outcome for one in self._queue))

    def _fail(self, error: LedgerError) -> None:
        self._failed, self._lost = error, self.unsettled
        for one in self._queue:
            if not one.done.done():
                one.done.set_exception(error)
        self._queue.clear()
