"""A producer with a transactional id: opening it fences its predecessor, and each commit is all or nothing.

Any fault makes it useless, for the library goes on with wrong sequence numbers after one. Hence the rule for its users:
after an exception it is closed, a new one opened, and what became of the batch is read, never guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidProducerEpoch,
    InvalidTxnState,
    KafkaError,
    ProducerFenced,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from monitor.adapters.kafka.client import FAULTS, ClusterSettings, Freshness, connection, overhearing
from monitor.adapters.kafka.producer import CODEC, REFUSED, end_producer, missing_topics, start_bounded
from monitor.adapters.kafka.rights import lacking
from monitor.errors import Fenced, LedgerError, Refused, Unreachable

BATCH = 128 << 10
"""Bytes of records that share a batch; a larger record has one of its own."""
LONG_ENOUGH = 15.0
"""Seconds a commit may take at least: brokers need up to 9 to give up one of their own."""
FENCED = (ProducerFenced, InvalidProducerEpoch)
DENIED = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError, TransactionalIdAuthorizationFailed)
"""When one topic is denied, the records of the others fail too, with a word that accuses them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to write; the time it carries is that of writing."""

    topic: str
    key: bytes
    value: bytes | None
    """None = a tombstone."""
    partition: int | None = None
    """None = by the key, as Kafka's own partitioner has it."""
    headers: tuple[tuple[str, bytes], ...] = ()
    id: str = ""
    """Names the record to whoever has to take it out of a batch."""

    @property
    def size(self) -> int:
        """Bytes as the library counts them against `max_record`."""
        return int(DefaultRecordBatchBuilder.estimate_size_in_bytes(self.key, self.value, list(self.headers)))


class Transactional:
    """A producer that is used until its first fault, and then closed."""

    def __init__(
        self, inner: AIOKafkaProducer, settings: ClusterSettings, limit: float, freshness: Freshness, *, alone: bool
    ) -> None:
        """`limit`: seconds a commit may take. `alone`: no two records share a batch."""
        self._inner, self._settings, self._limit, self._freshness = inner, settings, limit, freshness
        self._alone, self._dead = alone, False
        self.crowded = False
        """Brokers refused a batch of several records: the next producer should send each alone, to know which it is."""

    @classmethod
    async def open(
        cls, settings: ClusterSettings, transactional_id: str, abort_after: float, *, alone: bool = False
    ) -> Transactional:
        """Fences whoever had this id and ends its transaction. Raises LedgerError with the cause.

        `abort_after`: seconds after which brokers abort a transaction that was left open.
        """
        try:
            freshness = await Freshness.begin(settings)
            inner = AIOKafkaProducer(
                **await connection(settings),
                acks="all",
                transactional_id=transactional_id,
                transaction_timeout_ms=round(abort_after * 1000),
                compression_type=CODEC,
                max_request_size=settings.max_record,
                max_batch_size=1 if alone else BATCH,
            )
            await start_bounded(inner, settings)
        except Unreachable as error:
            raise LedgerError(lacking(settings, error.__cause__) or str(error)) from error
        limit = max(abort_after / 2, min(LONG_ENOUGH, abort_after * 0.75))
        return cls(inner, settings, limit, freshness, alone=alone)

    @property
    def dead(self) -> bool:
        """Whether a commit failed or is under way, or it was closed."""
        return self._dead

    @property
    def id(self) -> int:
        """The number by which brokers know the producer; it goes with the transactional id."""
        return int(self._inner._txn_manager.producer_id)

    async def end_open(self, places: Iterable[TopicPartition], *, commit: bool) -> None:
        """Ends what is open under our number in these partitions, without a record. Raises Fenced, LedgerError."""
        self._dead = True
        with overhearing() as words:
            try:
                async with asyncio.timeout(self._limit):
                    await self._inner.begin_transaction()
                    for place in places:
                        self._inner._txn_manager.maybe_add_partition_to_txn(place)
                    await (self._inner.commit_transaction() if commit else self._inner.abort_transaction())
            except FAULTS as error:
                raise self._judge(error, (), [], words) from error
        self._dead = False

    async def commit(self, entries: Sequence[Entry], sent: Callable[[], None] | None = None) -> list[tuple[int, int]]:
        """Writes all or nothing; returns partition and offset of each. Nothing to write is no transaction.

        `sent` is called when all are acknowledged and none is committed yet. Raises Fenced, Refused with the ids of
        records that are too large, or LedgerError; what became of the batch is then not known.
        """
        if self._dead:
            raise LedgerError("the producer was closed, or a commit failed: open it again")
        if not entries:
            return []
        self._dead = True
        self._refuse_larger(entries)
        futures: list[asyncio.Future[Any]] = []
        with overhearing() as words:
            try:
                async with asyncio.timeout(self._limit):
                    await self._require({entry.topic for entry in entries})
                    places = await self._transact(entries, futures, sent)
            except FAULTS as error:
                raise self._judge(error, entries, futures, words) from error
            finally:
                _let_go(futures)
        self._dead = False
        return places

    async def stale(self) -> bool:
        """Whether it is time for a new one: after a day, or when a certificate or password was replaced."""
        return await self._freshness.over()

    async def close(self) -> None:
        """Ends within its limit, whatever the brokers do. An open transaction is left to its successor."""
        self._dead = True
        await end_producer(self._inner)

    def _refuse_larger(self, entries: Sequence[Entry]) -> None:
        larger = [entry.id for entry in entries if entry.size > self._settings.max_record]
        if larger:
            raise Refused(f"larger than the {self._settings.max_record} bytes of a record", larger)

    async def _require(self, topics: set[str]) -> None:
        missing = await missing_topics(self._inner, topics, self._settings.request_timeout * 2)
        if missing:
            names = ", ".join(sorted(missing))
            raise LedgerError(f"not there, or not ours to see: {names} (news-monitor topics ensure creates them)")

    async def _transact(
        self, entries: Sequence[Entry], futures: list[asyncio.Future[Any]], sent: Callable[[], None] | None
    ) -> list[tuple[int, int]]:
        """Every record is waited for: committing would publish the rest of a batch that lacks one."""
        await self._inner.begin_transaction()
        for entry in entries:
            await self._send(entry, futures)
        await asyncio.wait(futures)
        places = [_place(future) for future in futures]
        if sent is not None:
            sent()
        await self._inner.commit_transaction()
        return places

    async def _send(self, entry: Entry, futures: list[asyncio.Future[Any]]) -> None:
        headers = list(entry.headers)
        future = await self._inner.send(entry.topic, entry.value, entry.key, entry.partition, headers=headers)
        futures.append(future)

    def _judge(
        self,
        error: BaseException,
        entries: Sequence[Entry],
        futures: Sequence[asyncio.Future[Any]],
        words: Sequence[str],
    ) -> LedgerError:
        """The fault to tell of: one record's may be but the echo of another's."""
        failed = [(entry, fault) for entry, future in zip(entries, futures, strict=False) if (fault := _fault(future))]
        faults = [fault for _, fault in failed]
        if (ending := self._inner._txn_manager.wait_for_transaction_end()) is not None and (fault := _fault(ending)):
            faults.append(fault)
        faults.append(error)
        refused = [entry for entry, fault in failed if isinstance(fault, REFUSED)]
        if denied := next((fault for fault in faults if isinstance(fault, DENIED)), None):
            unnamed = f"no right to write: {type(denied).__name__} {denied}"
            return LedgerError(lacking(self._settings, denied, "Write") or unnamed)
        if any(isinstance(fault, FENCED) for fault in faults):
            return Fenced("somebody else has opened this with the same id")
        if refused:
            return self._refusal(refused)
        guilty = next((fault for fault in faults if not isinstance(fault, InvalidTxnState)), error)
        return LedgerError(self._describe(guilty, words))

    def _describe(self, error: BaseException, words: Sequence[str]) -> str:
        """What took too long names no cause itself: the library tries again and only logs why."""
        if not isinstance(error, TimeoutError):
            return f"the transaction failed: {str(error) or type(error).__name__}"
        heard = f" (last heard: {words[-1]})" if words else ""
        return f"the transaction was not done in {self._limit:.1f} s{heard}; look at the brokers"

    def _refusal(self, refused: Sequence[Entry]) -> LedgerError:
        """One record alone was too large itself; of several that shared a batch nobody knows which it was."""
        topics = ", ".join(sorted({entry.topic for entry in refused}))
        if self._alone or len(refused) == 1:
            return Refused(f"larger than {topics} takes", [entry.id for entry in refused])
        self.crowded = True
        return LedgerError(f"a batch is larger than {topics} takes")


def _place(future: asyncio.Future[Any]) -> tuple[int, int]:
    """Where a record lies. Raises its fault; brokers that remember a repetition only dimly name no offset."""
    written = future.result()
    if written is None or written.offset < 0:
        raise KafkaError("a record was acknowledged without its offset")
    return written.partition, written.offset


def _fault(future: asyncio.Future[Any]) -> BaseException | None:
    return future.exception() if future.done() and not future.cancelled() else None


def _let_go(futures: Sequence[asyncio.Future[Any]]) -> None:
    """Nobody will ask any more what became of these."""
    for future in futures:
        if not future.done():
            future.cancel()
        else:
            _fault(future)
