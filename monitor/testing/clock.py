"""Time that stands still until a test moves it."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count

from monitor.model.units import Instant

START: Instant = 1_800_000_000.0
"""2027-01-15 08:00:00 GMT, a Friday."""


class ManualClock:
    """A clock with verbs: `advance` lets time pass and wakes whoever slept, `jump` sets the wall clock alone."""

    def __init__(self, now: Instant = START, jitter: float = 0.0) -> None:
        self._now, self._monotonic, self._jitter = now, 1000.0, jitter
        self._numbers = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> Instant:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep_until(self, monotonic: float) -> None:
        if monotonic <= self._monotonic:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (monotonic, next(self._numbers), woken))
        await woken

    def jitter(self) -> float:
        return self._jitter

    @property
    def next_wake(self) -> float | None:
        """The monotonic time the first sleeper waits for; None if nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def advance(self, seconds: float) -> None:
        """Both times move on; sleepers whose time has come wake at the loop's next turn, in order."""
        self._now += seconds
        self._monotonic += seconds
        while (at := self.next_wake) is not None and at <= self._monotonic:
            heappop(self._sleepers)[2].set_result(None)

    async def run(self, seconds: float) -> None:
        """Lets time pass from sleeper to sleeper, each with some turns of the loop to do its work."""
        end = self._monotonic + seconds
        while (at := self.next_wake) is not None and at <= end:
            self.advance(at - self._monotonic)
            await settle()
        self.advance(end - self._monotonic)
        await settle()

    def jump(self, seconds: float) -> None:
        """The wall clock is set; `now` never goes back, as with the real one."""
        self._now += max(seconds, 0.0)


async def settle(turns: int = 20) -> None:
    """Gives every task that can go on some turns of the loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
