"""Filling a ring as one of a group: the replicas of an installation share the partitions of a sink.

The committed offsets of the group are the cursor of the sink; beside each stands when it was moved and how many
records were given up. What another one takes over is dropped here: it sends it again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from aiokafka.errors import NoOffsetForPartitionError

from monitor.adapters.kafka.client import FAULTS, ClusterSettings
from monitor.adapters.kafka.event_consumer import EventConsumer
from monitor.adapters.kafka.event_intake import Intake, Shelf, Start, Topics
from monitor.adapters.kafka.event_places import Part
from monitor.errors import LedgerError
from monitor.model.notes import Note, SinkLate
from monitor.model.units import Instant
from monitor.ports import Clock, SinkCursor

AGAIN = 0.2
"""Seconds between two tries to commit."""
_BESIDE = re.compile(r"dead=(\d{1,18});at=(\d{1,12}(?:\.\d{1,6})?)")


@dataclass(frozen=True, slots=True)
class Sunk:
    """How far a sink is in one partition."""

    offset: int
    dead: int = 0
    at: Instant = 0.0

    @classmethod
    def of(cls, offset: int, beside: str) -> Sunk:
        """As it is stored; text of other tools means nothing."""
        found = _BESIDE.fullmatch(beside)
        return cls(offset, int(found[1]), float(found[2])) if found else cls(offset)

    @property
    def stored(self) -> tuple[int, str]:
        """What is committed."""
        return self.offset, f"dead={self.dead};at={self.at:.3f}"


@dataclass(frozen=True, slots=True)
class Group:
    """A sink and the group that stands for it. Durations are seconds."""

    sink: str
    id: str
    clock: Clock
    observe: Callable[[Note], None]
    """Is told what retention took before the sink had it."""
    session_timeout: float = 10.0


class SharedIntake(Intake):
    """Reads the partitions that are this member's."""

    def __init__(self, settings: ClusterSettings, topics: Topics, start: Start, shelf: Shelf, group: Group) -> None:
        super().__init__(settings, topics, start, shelf)
        self._group = group
        self._consumer: EventConsumer | None = None
        self._sunk: dict[Part, Sunk] = {}
        self._reached: dict[Part, int] = {}
        """The next offset of each partition, marks of transactions included."""
        self._owed = self._given_up = 0
        """Given up and not told to the brokers yet; given up by this process."""
        self._changed, self._joined = True, False
        self._fetched: frozenset[Part] = frozenset()
        self._subscribed: re.Pattern[str] | None = None
        self._cursor: SinkCursor | None = None

    @property
    def cursor(self) -> SinkCursor | None:
        """Where the sink was when we began, and how far it has come since; None if nobody ever sank anything."""
        return self._cursor and replace(self._cursor, dead=self._cursor.dead + self._given_up)

    async def advance(self, seq: int, dead: int) -> None:
        """Durable on return, or not ours any more. Waits for brokers that are away."""
        self._give_up(dead)
        while True:
            if self.ended:
                raise LedgerError("the log was closed before the sink's cursor could move")
            moved = self._moved(seq)
            if not moved and not self._owed:
                break
            if moved and self._consumer is not None and not self._changed:
                with suppress(*FAULTS):
                    await self._consumer.commit({part: sunk.stored for part, sunk in moved.items()})
                    self._owed -= sum(sunk.dead - self._sunk[part].dead for part, sunk in moved.items())
                    self._sunk |= {part: sunk for part, sunk in moved.items() if part in self._sunk}
                    break
            elif not moved and not self.places:
                # Nothing is ours, so nothing can be said; the count is told with the next partition.
                break
            await asyncio.sleep(AGAIN)
        now = self._group.clock.now()
        known = self._cursor or SinkCursor(self._group.sink, 0, now)
        self._cursor = replace(known, seq=seq, at=now) if seq > known.seq else known

    def _moved(self, seq: int) -> dict[Part, Sunk]:
        """What to commit: never back, and of partitions that are ours."""
        places, at = self._delivered(seq), self._group.clock.now()
        moved = {
            part: Sunk(places[part], sunk.dead, at)
            for part, sunk in self._sunk.items()
            if places.get(part, 0) > sunk.offset
        }
        if self._owed and self._sunk:
            part = min(moved or self._sunk)
            moved[part] = replace(moved.get(part, self._sunk[part]), dead=self._sunk[part].dead + self._owed, at=at)
        return moved

    def _delivered(self, seq: int) -> dict[Part, int]:
        """The next offset of each partition, behind the marks of transactions where nothing waits."""
        return {
            part: max(offset, self._reached.get(part, 0)) if offset == self.places.get(part) else offset
            for part, offset in self._shelf.ring.places(seq).items()
        }

    async def _open(self) -> EventConsumer:
        consumer = await EventConsumer.open(self._settings, self._group.id, self._group.session_timeout)
        self._subscribed, self._joined = None, False
        return consumer

    async def _follow(self) -> None:
        try:
            await super()._follow()
        finally:
            self._consumer, self._changed = None, True

    async def _place(self, consumer: EventConsumer) -> None:
        """The members share what there is; where each goes on stands in the group."""
        topics = self._topics()
        if topics != self._subscribed:
            self._subscribed = topics
            consumer.subscribe(topics, self._stir)
        if not (self._changed and self._joined):
            return
        self._changed = False
        ours = consumer.assigned()
        for part in self.places.keys() - ours:
            self._shelf.ring.forget(part)
            self.places.pop(part)
            self._sunk.pop(part, None)
            self._reached.pop(part, None)
        await self._resume(consumer, frozenset(ours))

    async def _resume(self, consumer: EventConsumer, ours: frozenset[Part]) -> None:
        stored = await consumer.committed(ours)
        first = await consumer.starts(ours)
        last = await consumer.ends(ours) if self._start == "end" else first
        for part in ours:
            self._settle(part, first[part], last[part], stored.get(part))
        if not self._changed:
            with suppress(*FAULTS):  # the library may know of a change that it is about to tell
                consumer.seek({part: self.places[part] for part in ours})
            self._consumer = consumer
            self.level.set()
        if self._cursor is None and stored:
            at = max(sunk.at for sunk in self._sunk.values())
            self._cursor = SinkCursor(self._group.sink, 0, at, sum(sunk.dead for sunk in self._sunk.values()))

    def _settle(self, part: Part, oldest: int, last: int, stored: tuple[int, str] | None) -> None:
        """Where to read on: behind what was committed, by whomever, and behind what waits here already."""
        sunk = Sunk.of(*stored) if stored else Sunk(-1)
        begin = sunk.offset if stored else last
        here = self.places.get(part)
        if max(begin, here or 0) < oldest:
            self._lose(oldest - max(begin, here or 0))
            begin = oldest
        if here is None or here < begin:
            self._shelf.ring.forget(part)
            self._shelf.ring.adopt(part, begin)
            self.places[part] = begin
        self._sunk[part] = sunk

    async def _fetch(self, consumer: EventConsumer) -> None:
        if self._changed:
            await self._place(consumer)
        with suppress(TimeoutError, NoOffsetForPartitionError):  # a rebalance that takes its time
            await super()._fetch(consumer)
        with suppress(*FAULTS):
            self._reached |= await consumer.positions(self._fetched & consumer.assigned())
        self._fetched = frozenset()

    async def _skip(self, consumer: EventConsumer, parts: Collection[Part]) -> None:
        # During a change the library reads from where the group stands; where we go on is found out at its end.
        if not self._changed:
            await super()._skip(consumer, parts)

    def _take(self, found: Mapping[Any, Any]) -> None:
        if not self._changed:
            super()._take(found)
            self._fetched = frozenset(found)

    def _lose(self, count: int) -> None:
        super()._lose(count)
        if count:
            self._give_up(count)
            self._group.observe(SinkLate(self._group.sink, count))

    def _give_up(self, count: int) -> None:
        self._owed, self._given_up = self._owed + count, self._given_up + count

    def _stir(self, joined: bool) -> None:
        self._changed, self._joined = True, self._joined or joined
        self._shelf.stir.set()

    def _must_wait(self) -> bool:
        # Where to go on is found out however full it is: without that no cursor moves, and nothing makes room.
        return super()._must_wait() and not self._changed
