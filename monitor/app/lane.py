"""One poll's rules at a time, in slices: judging 2,000 articles must not stop the loop for seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator

from monitor.model.event import Outcome

SLICE = 0.008
"""Seconds of work between two turns of the event loop."""


class Turns:
    """Lets the event loop run from time to time while something long is done."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._started = monotonic()

    def begin(self) -> None:
        """The loop has just run."""
        self._started = self._monotonic()

    async def take(self) -> None:
        """Gives the loop a turn if it has been waiting for a slice."""
        if self._monotonic() - self._started >= SLICE:
            await asyncio.sleep(0)
            self.begin()


class Lane:
    """The one place where rules run in this process. Two polls in one tick would add up to a stall."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._one_at_a_time = asyncio.Lock()

    async def run(self, steps: Generator[None, None, Outcome]) -> Outcome:
        """Steps through `pipeline.processing` to its end."""
        async with self._one_at_a_time:
            turns = Turns(self._monotonic)
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    outcome: Outcome = end.value
                    return outcome
                await turns.take()
