"""Filling a ring from Kafka for as long as a process lives: through outages, new topics and what retention took.

A client that fails is closed, and the next one goes on where the ring ends.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiokafka.errors import OffsetOutOfRangeError, TopicAuthorizationFailedError

from monitor.adapters.kafka.client import FAULTS, ClusterSettings
from monitor.adapters.kafka.event_consumer import EventConsumer, Renewed, read_of
from monitor.adapters.kafka.event_places import Part, Places
from monitor.adapters.kafka.event_ring import Read, Ring
from monitor.errors import Unreachable

Topics = Callable[[], re.Pattern[str]]
"""The topics to read, as they are configured now."""
Start = Literal["begin", "end", "recent"] | Places
"""Where reading begins; `recent`: so that about as much lies behind as the ring holds."""
LOOK = 5.0
"""Seconds between two looks at which topics there are."""
PATIENCE, HURRY = 1.0, 0.05
"""Seconds one wait for records may take, in general and until what was there at the start is read."""
DEAF = 30.0
"""Seconds without an answer after which a client is replaced: it may know only addresses that are gone."""
PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before a client is replaced, at first and at most."""


@dataclass(slots=True)
class Shelf:
    """A ring and those who wait for it."""

    ring: Ring
    keeps: bool
    """True: the oldest go for what comes. False: what comes waits until its reader has made room."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    """There is room again, or something else to look at."""

    def put(self, batch: Mapping[Part, list[Read]]) -> None:
        """Numbers what came and wakes who waits."""
        self.ring.append(batch)
        if self.keeps:
            self.ring.evict()
        self.tell()

    def tell(self) -> None:
        """Wakes everybody who waits for records or for a change."""
        news, self.news = self.news, asyncio.Event()
        news.set()


class Intake:
    """Reads every partition of some topics, alone."""

    def __init__(self, settings: ClusterSettings, topics: Topics, start: Start, shelf: Shelf) -> None:
        self._settings, self._topics, self._start, self._shelf = settings, topics, start, shelf
        self.places: dict[Part, int] = {}
        """The next offset of each partition."""
        self.lost = 0
        """Offsets that retention took before they were read."""
        self.problem: Unreachable | None = None
        """Why there is no connection; None while there is one, and before the first try."""
        self.level = asyncio.Event()
        """Set once everything is read that was there at the start."""
        self.tried = asyncio.Event()
        """Set after the first try to connect."""
        self.ended = False
        self._goal: dict[Part, int] | None = None
        self._history: Ring | None = None
        self._denied: dict[str, float] = {}
        self._heard = 0.0

    async def run(self) -> None:
        """Until it is cancelled."""
        pause = PAUSE
        while True:
            try:
                await self._follow()
            except Unreachable as error:
                self.problem = error
            except FAULTS as error:
                pause = PAUSE
                self.problem = Unreachable(f"Kafka does not answer: {error or type(error).__name__}")
            self.tried.set()
            self._shelf.tell()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    @property
    def denied(self) -> Collection[str]:
        """Topics that may not be read; tried again after a time."""
        return self._denied

    async def _open(self) -> EventConsumer:
        return await EventConsumer.open(self._settings)

    async def _follow(self) -> None:
        consumer = await self._open()
        try:
            self._heard, looked = now(), now()
            await self._place(consumer)
            self.problem = None
            self.tried.set()
            while True:
                await self._room()
                if now() - looked > LOOK:
                    looked = now()
                    await self._look(consumer)
                await self._fetch(consumer)
        finally:
            await consumer.close()

    async def _room(self) -> None:
        """Waits while the reader is behind."""
        while self._must_wait():
            self._shelf.stir.clear()
            await self._shelf.stir.wait()

    def _must_wait(self) -> bool:
        return not self._shelf.keeps and self._shelf.ring.full

    async def _look(self, consumer: EventConsumer) -> None:
        """Which topics are there now. A passing silence is waited out."""
        try:
            await consumer.refresh()
            self._heard = now()
        except FAULTS as error:
            if isinstance(error, Renewed) or now() - self._heard > DEAF:
                raise
            return
        await self._place(consumer)

    async def _place(self, consumer: EventConsumer) -> None:
        """Reads on from where we were; what is new is read from the start that was asked for, later from its first."""
        # One that is not told of for a while keeps its place: brokers that start leave out topics.
        self._denied = {topic: at for topic, at in self._denied.items() if now() - at < DEAF}
        wanted = {part for part in consumer.parts(self._topics()) if part.topic not in self._denied}
        new = wanted - self.places.keys()
        if not new and consumer.assigned() == wanted and self._goal is not None:
            return
        first = await consumer.starts(new)
        if self._goal is None:
            await self._begin(consumer, first)
        for part, offset in first.items():
            self.places.setdefault(part, offset)
            self._shelf.ring.adopt(part, self.places[part])
        consumer.assign({part: self.places[part] for part in wanted})

    async def _begin(self, consumer: EventConsumer, first: Places) -> None:
        """Where to start, and what has to be read until we are level with the brokers."""
        ends = await consumer.ends(first.keys())
        for part, oldest in first.items():
            self.places[part] = self._start_of(part, oldest, ends[part])
        if self._start == "recent":
            hold = level_of([ends[part] - oldest for part, oldest in first.items()], self._shelf.ring.hold)
            self.places |= {part: max(oldest, ends[part] - hold) for part, oldest in first.items()}
            self._history = self._shelf.ring.empty()
            for part, offset in self.places.items():
                self._history.adopt(part, offset)
        self._goal = {part: end for part, end in ends.items() if end > self.places[part]}
        self._arrive()

    def _start_of(self, part: Part, oldest: int, end: int) -> int:
        if self._start == "end":
            return end
        if isinstance(self._start, str):
            return oldest
        asked = self._start.get(part, 0)
        if asked > end:  # the topic was deleted and made again
            return oldest
        self.lost += max(0, oldest - asked) if part in self._start else 0
        return max(asked, oldest)

    async def _fetch(self, consumer: EventConsumer) -> None:
        try:
            found = await consumer.fetch(PATIENCE if self.level.is_set() else HURRY)
        except OffsetOutOfRangeError as error:
            await self._skip(consumer, error.args[0].keys())
        except TopicAuthorizationFailedError as error:
            self._denied[str(error.args[0])] = now()
            await asyncio.sleep(PAUSE)
            await self._place(consumer)
        else:
            self._take(found)
        if self._goal and not self.level.is_set():
            reached = await consumer.positions(self._goal.keys() & consumer.assigned())
            self._goal = {part: end for part, end in self._goal.items() if reached.get(part, end) < end}
            self._arrive()

    def _take(self, found: Mapping[Any, Any]) -> None:
        batch = {tuple(part): [read_of(one) for one in records] for part, records in found.items()}
        for part, reads in batch.items():
            if reads:
                self.places[part] = reads[-1][1] + 1
        if self._history is not None:
            self._history.append(batch)
            self._history.evict()
        elif batch:
            self._shelf.put(batch)

    def _arrive(self) -> None:
        """What lies behind is numbered by time, once all of it is there."""
        if self._goal:
            return
        self.level.set()
        if self._history is not None:
            self._shelf.ring.take_over(self._history)
            self._history = None
        self._shelf.tell()

    async def _skip(self, consumer: EventConsumer, parts: Collection[Part]) -> None:
        """Retention took what was to be read, or the topic was made anew: on with what is left."""
        for part, oldest in (await consumer.starts(parts)).items():
            here = self.places.get(part, oldest)
            if oldest < here:
                self._shelf.ring.forget(part)
            self._lose(max(0, oldest - here))
            self.places[part] = oldest
            self._shelf.ring.adopt(part, oldest)
            consumer.seek({part: oldest})

    def _lose(self, count: int) -> None:
        self.lost += count


def level_of(sizes: list[int], room: int) -> int:
    """The most each may give so that all together give about `room`: small ones give all they have."""
    for index, size in enumerate(sorted(sizes)):
        share = room // (len(sizes) - index)
        if size > share:
            return max(1, share)
        room -= size
    return max(sizes, default=0)


def now() -> float:
    """Time of the running loop."""
    return asyncio.get_running_loop().time()
