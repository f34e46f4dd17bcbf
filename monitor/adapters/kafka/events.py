"""EventLog on Kafka: all topics of events as one log, numbered by arrival in this process.

Numbers mean nothing elsewhere; what other processes understand is a token. One that shows (`window`) holds what is
newest and lets go of the oldest; one that passes on (`reader`) holds what its reader has not had yet and fetches no
more than that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.event_group import Group, SharedIntake
from monitor.adapters.kafka.event_intake import Intake, Shelf, Start, Topics
from monitor.adapters.kafka.event_places import places_of, token_of
from monitor.adapters.kafka.event_ring import Ring
from monitor.errors import LedgerError
from monitor.model.event import Logged
from monitor.model.units import Instant
from monitor.ports import SinkCursor

HOLD, SIZE = 20_000, 64 << 20
"""Records and bytes a window holds."""
WAITING, WAITING_SIZE = 2_000, 16 << 20
"""Records and bytes that wait for a reader; one answer of the brokers may come on top."""
MAX_BYTES = 16 << 20
"""Of the values one read returns: a bound on memory, whatever `limit` says."""
CATCH_UP = 2.0
"""Seconds a question for the head, or for a place, waits for a window that is still filling."""
CLOSE_LIMIT = 8.0


class KafkaEventLog:
    """`ports.EventLog`. Connects with the first question; brokers that are away are waited for in the background."""

    def __init__(self, intake: Intake, shelf: Shelf, topics: Topics, group: Group | None = None) -> None:
        self._intake, self._shelf, self._topics, self._group = intake, shelf, topics, group
        self._task: asyncio.Task[None] | None = None
        self._insist = False

    @classmethod
    def window(cls, settings: ClusterSettings, topics: Topics, *, hold: int = HOLD, size: int = SIZE) -> KafkaEventLog:
        """Shows about the newest `hold` records or `size` bytes, and what comes."""
        shelf = Shelf(Ring(hold, size), keeps=True)
        return cls(Intake(settings, topics, "recent", shelf), shelf, topics)

    @classmethod
    def reader(
        cls,
        settings: ClusterSettings,
        topics: Topics,
        start: str = "begin",
        *,
        hold: int = WAITING,
        size: int = WAITING_SIZE,
    ) -> KafkaEventLog:
        """Reads once through, from `begin`, `end` or a token. Raises UsageError for what is none of these.

        The first question raises Unreachable if there is no cluster, or LedgerError for a topic that may not be read.
        Nothing is empty before all is read that was there at the start.
        """
        shelf = Shelf(Ring(hold, size), keeps=False)
        begin: Start = start if start in ("begin", "end") else places_of(start, topics())  # type: ignore[assignment]
        self = cls(Intake(settings, topics, begin, shelf), shelf, topics)
        self._insist = True
        return self

    @classmethod
    def shared(
        cls,
        settings: ClusterSettings,
        topics: Topics,
        group: Group,
        *,
        hold: int = WAITING,
        size: int = WAITING_SIZE,
    ) -> KafkaEventLog:
        """What a sink passes on: the replicas share the partitions, the group's offsets are the cursor."""
        shelf = Shelf(Ring(hold, size), keeps=False)
        return cls(SharedIntake(settings, topics, "begin", shelf, group), shelf, topics, group)

    @property
    def problem(self) -> str:
        """Why nothing comes, or not all of it; empty while all is well."""
        if self._intake.problem is not None:
            return str(self._intake.problem)
        return f"no right to read {', '.join(sorted(self._intake.denied))}" if self._intake.denied else ""

    @property
    def lost(self) -> int:
        """Offsets that retention took before they were read here: records, and marks of transactions."""
        return self._intake.lost

    async def read(self, after: int, topics: Sequence[str] = (), limit: int = 500) -> Sequence[Logged]:
        await self._begin()
        ring = self._shelf.ring
        if not self._shelf.keeps:
            ring.drop(after)
            self._shelf.stir.set()
        while True:
            news = self._shelf.news
            found = ring.read(after, topics, limit, MAX_BYTES)
            if found or not self._insist or self._intake.level.is_set() or ring.head > after:
                return found
            await self._heard(news)

    async def latest(
        self,
        topics: Sequence[str] = (),
        before: int | None = None,
        limit: int = 50,
        filters: Mapping[str, str] | None = None,
    ) -> Sequence[Logged]:
        await self._begin()
        return list(islice(self._shelf.ring.latest(topics, before, filters or {}), limit))

    async def wait(self, after: int) -> int:
        await self._begin()
        while self._shelf.ring.head <= after:
            await self._heard(self._shelf.news)
        return self._shelf.ring.head

    async def head(self) -> int:
        await self._begin()
        await self._caught_up()
        return self._shelf.ring.head

    async def tail_seq(self) -> int:
        """From this number on nothing is missing; of topics with few records older ones may be held too."""
        return self._shelf.ring.whole

    async def topics(self) -> Sequence[str]:
        await self._begin()
        await self._caught_up()
        return self._shelf.ring.topics()

    async def found(self) -> Sequence[str]:
        """The topics that are read, with records or without. Raises Unreachable if there is no cluster."""
        await self._begin()
        return sorted({topic for topic, _ in self._intake.places})

    async def cursor(self, sink: str) -> SinkCursor | None:
        """Where this sink stood when it began here, with number 0; None before it is known, and of other sinks."""
        await self._begin()
        if self._group is None or self._group.sink != sink:
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP):
                await self._intake.level.wait()
        return self._sharing.cursor

    async def cursors(self) -> Sequence[SinkCursor]:
        found = await self.cursor(self._group.sink) if self._group else None
        return [found] if found else []

    async def advance(self, sink: str, seq: int, dead: int = 0) -> None:
        """Commits for the group; waits for brokers that are away, and for the end of a rebalance."""
        await self._begin()
        if self._group is None or self._group.sink != sink:
            raise LedgerError(f"this log is not read for the sink {sink}")
        await self._sharing.advance(seq, dead)

    async def expire(self, now: Instant) -> tuple[int, int]:  # noqa: ARG002  brokers have clocks of their own
        """Brokers see to it."""
        return 0, 0

    def token(self, seq: int) -> str:
        return token_of(self._shelf.ring.places(seq))

    async def seek(self, token: str) -> int:
        """What is older than what is held gives its beginning."""
        places = places_of(token, self._topics())
        await self._begin()
        await self._caught_up()
        return self._shelf.ring.seek(places)

    async def close(self) -> None:
        """Ends within its limit, whatever the brokers do."""
        self._intake.ended = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=CLOSE_LIMIT)

    @property
    def _sharing(self) -> SharedIntake:
        assert isinstance(self._intake, SharedIntake)
        return self._intake

    async def _begin(self) -> None:
        """Starts reading with the first question. Raises what only an operator can mend."""
        if self._intake.ended:
            raise LedgerError("the log is closed")
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._intake.run(), name="events of Kafka")
            # Whoever waits learns of the end too, whatever ended it.
            self._task.add_done_callback(lambda _: self._shelf.tell())
        if self._task.done():
            self._task.result()
        if not self._insist:
            return
        await self._intake.tried.wait()
        if self._intake.problem is not None and not self._intake.places:
            raise self._intake.problem
        if self._intake.denied:
            raise LedgerError(f"no right to read {', '.join(sorted(self._intake.denied))}")

    async def _caught_up(self) -> None:
        if self._shelf.keeps and not self._intake.level.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(CATCH_UP):
                    await self._intake.level.wait()

    async def _heard(self, news: asyncio.Event) -> None:
        """Waits for records, or for the end of who brings them."""
        await news.wait()
        await self._begin()
