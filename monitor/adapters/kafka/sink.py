"""The kafka sink: records of the event log into topics, at least once, in order per key, each with its event id.

The log keeps the cursor. What was acknowledged before a call failed is remembered until the call has succeeded, so a
repeated call sends only the rest; only an outcome that is not clear can give a second copy, with the same `ce_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from aiokafka.codec import has_zstd
from aiokafka.errors import InvalidTimestampError, TopicAuthorizationFailedError

from monitor.adapters.kafka.client import FAULTS, ClusterSettings
from monitor.adapters.kafka.producer import REFUSED, Producer
from monitor.adapters.kafka.survey import cluster_id
from monitor.adapters.kafka.topics import Tool, ensure
from monitor.errors import Reject, Retry, Unreachable, UsageError
from monitor.model.event import Logged
from monitor.publish.topics import TopicSpec

BUDGET = 512 << 10
"""Bytes handed over at once: the bound on memory, and less than brokers take as one batch by default."""
SMALLEST_BUDGET = 16 << 10
OVERHEAD = 100
"""Bytes of framing a record may need besides key, value and headers."""
WAIT, LONG_WAIT = 1.0, 5.0
"""Seconds until the next try: for what mends itself, and for what an operator mends."""


async def echo_of(name: str, settings: ClusterSettings, source: ClusterSettings) -> str:
    """Why a sink must not write to a cluster: its records come from there. Empty if not. Raises Unreachable."""
    if await cluster_id(settings) != await cluster_id(source):
        return ""
    servers = ", ".join(settings.bootstrap_servers)
    why = f"{servers} is the cluster of the Kafka ledger, which writes these topics itself"
    return f"{why}; leave the sink {name} out, or give it another cluster"


class KafkaSink:
    """`ports.Sink`. A topic that is missing is made from the one table of topics, or waited for; never by use."""

    def __init__(
        self,
        name: str,
        settings: ClusterSettings,
        plan: Callable[[], Sequence[TopicSpec]] | None = None,
        *,
        source: ClusterSettings | None = None,
    ) -> None:
        """`plan` tells how missing topics are made (`topics.ensure`); None = somebody else makes them.

        `source`: the cluster that the records come from, which is no place to write them to.
        """
        require_codec()
        self.name = name
        self._settings, self._plan, self._source = settings, plan, source
        self._producer: Producer | None = None
        self._clear = True
        self._budget = BUDGET
        self._done: set[int] = set()

    async def resume(self) -> None:
        """Makes the topics that are missing. Kafka is not asked what it holds: the log keeps the cursor.

        Raises Retry while the cluster is away, or with the remedy for a topic that cannot be made.
        """
        if self._source is not None:
            await self._require_another(self._source)
        if self._plan is not None:
            await self._make(self._plan())

    async def write(self, records: Sequence[Logged]) -> None:
        """All acknowledged by every replica in sync on return.

        Raises Retry, or, once all others are delivered, Reject for the first record that is refused.
        """
        refused: dict[int, str] = {}
        for chunk in chunks([logged for logged in records if logged.seq not in self._done], self._budget):
            refused |= await self._deliver(chunk)
        if refused:
            seq = min(refused)
            raise Reject(refused[seq], seq)
        last = max((logged.seq for logged in records), default=0)
        self._done = {seq for seq in self._done if seq > last}

    async def _require_another(self, source: ClusterSettings) -> None:
        """One cluster has many addresses; into the topics it is read from, a record would come back without end."""
        try:
            echo = await echo_of(self.name, self._settings, source)
        except Unreachable as error:
            raise Retry(str(error), WAIT) from error
        if echo:
            raise Retry(echo, LONG_WAIT)
        self._source = None

    async def close(self) -> None:
        """Ends within 3 s, also with all brokers gone."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    async def _deliver(self, chunk: Sequence[Logged], *, stamped: bool = True) -> dict[int, str]:
        """Reasons of what is refused for good, by `seq`."""
        faults = await self._send(chunk, stamped)
        ahead = [logged for logged, fault in faults if isinstance(fault, InvalidTimestampError)]
        refused = await self._deliver(ahead, stamped=False) if ahead else {}
        failed = [(logged, fault) for logged, fault in faults if not isinstance(fault, InvalidTimestampError)]
        return refused | await self._part(chunk, failed, stamped)

    async def _part(
        self, chunk: Sequence[Logged], failed: Sequence[tuple[Logged, BaseException]], stamped: bool
    ) -> dict[int, str]:
        """One record spoils its whole batch, so what was refused together is tried one by one."""
        if len(chunk) == 1:
            return {logged.seq: f"{logged.record.topic}: {spell(fault)}" for logged, fault in failed}
        refused: dict[int, str] = {}
        for logged, _ in failed:
            refused |= await self._deliver([logged], stamped=stamped)
        if failed and not refused:
            # Each fits alone: this topic takes smaller batches than brokers do by default.
            self._budget = max(self._budget // 2, SMALLEST_BUDGET)
        return refused

    async def _send(self, chunk: Sequence[Logged], stamped: bool) -> list[tuple[Logged, BaseException]]:
        """What the broker refused. Raises Retry when something else went wrong.

        `stamped`: with the time of the event; brokers refuse what lies over an hour ahead of them, as it does when it
        was made before our clock was set right. Then the time of sending stands there; `ce_time` keeps the event's.
        """
        producer = await self._opened()
        self._clear = False
        try:
            await self._require_topics(producer, {logged.record.topic for logged in chunk})
            outcomes = await producer.send([logged.record for logged in chunk], stamped=stamped)
        except FAULTS as error:
            await self.close()
            raise Retry(f"Kafka does not answer: {spell(error)}", WAIT) from error
        self._done.update(logged.seq for logged, fault in zip(chunk, outcomes, strict=True) if fault is None)
        faults = [(logged, fault) for logged, fault in zip(chunk, outcomes, strict=True) if fault is not None]
        self._clear = not faults
        answers = (*REFUSED, InvalidTimestampError) if stamped else REFUSED
        for logged, fault in faults:
            if not isinstance(fault, answers):
                await self.close()
                raise self._explained(logged.record.topic, fault)
        return faults

    async def _opened(self) -> Producer:
        """A producer whose past outcomes are all clear: one that was cut off, or refused, does not count on."""
        if self._producer is not None and (not self._clear or await self._producer.stale()):
            await self.close()
        if self._producer is None:
            try:
                self._producer = await Producer.open(self._settings)
            except Unreachable as error:
                raise Retry(str(error), WAIT) from error
        return self._producer

    async def _require_topics(self, producer: Producer, topics: set[str]) -> None:
        missing = sorted(await producer.missing(topics))
        if missing and self._plan is not None:
            await self._make([spec for spec in self._plan() if spec.name in missing])
            missing = sorted(await producer.missing(topics))
        if missing:
            self._clear = True
            names = ", ".join(missing)
            raise Retry(f"not there, or not ours to see: {names} (news-monitor topics ensure creates them)", LONG_WAIT)

    async def _make(self, plan: Sequence[TopicSpec]) -> None:
        """Makes what of this is missing. Raises Retry with the remedy for a topic that cannot be made."""
        for row in await ensure(self._settings, plan):
            if not row.usable:
                self._clear = True
                raise Retry(f"{row.topic}: {row.problem}; {row.remedy}".rstrip("; "), LONG_WAIT)

    def _explained(self, topic: str, fault: BaseException) -> Retry:
        if isinstance(fault, TopicAuthorizationFailedError):
            remedy = Tool(self._settings).grant(topic, "Write")
            return Retry(f"no right to write to {topic}: {remedy}", LONG_WAIT)
        if isinstance(fault, InvalidTimestampError):
            return Retry(
                f"our clock is over an hour ahead of the brokers' of {topic}: set one of them right", LONG_WAIT
            )
        return Retry(f"{topic}: {spell(fault)}", WAIT)


def require_codec() -> None:
    """A codec that is not installed would show only at the first record. Raises UsageError."""
    if not has_zstd():
        raise UsageError("the kafka sink needs the zstd codec: install aiokafka[zstd]")


def chunks(records: Sequence[Logged], budget: int) -> Iterator[list[Logged]]:
    """Runs of records of at most `budget` bytes together; a larger one stands alone."""
    chunk: list[Logged] = []
    size = 0
    for logged in records:
        record = logged.record
        own = (
            len(record.key)
            + len(record.value)
            + OVERHEAD
            + sum(len(name) + len(value) for name, value in record.headers)
        )
        if chunk and size + own > budget:
            yield chunk
            chunk, size = [], 0
        chunk.append(logged)
        size += own
    if chunk:
        yield chunk


def spell(fault: BaseException) -> str:
    """A fault in words; some have none of their own."""
    return str(fault) or type(fault).__name__
