"""The only reader of the clock and of chance."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from monitor.model.notes import ClockJumped, Note
from monitor.model.units import Instant

TOLERANCE = 2.0
"""Seconds wall time and monotonic time may part before it is called a jump."""


class SystemClock:
    """Wall time at start plus monotonic time since.

    When the machine's clock is set forward, or it was suspended, the new wall time is taken. When it is set back,
    `now` goes on from where it was, for it must never go back; the next start takes the new time. Both are noted.
    """

    def __init__(
        self,
        observe: Callable[[Note], None],
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._observe, self._wall, self._monotonic = observe, wall, monotonic
        self._anchor, self._since = wall(), monotonic()
        self._behind = 0.0
        """How far the machine's clock lies behind ours since it was set back."""
        self._last = self._anchor

    def now(self) -> Instant:
        expected = self._anchor + self._monotonic() - self._since
        jump = self._wall() - expected
        if jump > TOLERANCE:
            self._anchor, self._since, self._behind = self._wall(), self._monotonic(), 0.0
            self._observe(ClockJumped(jump))
            expected = self._anchor
        elif abs(jump + self._behind) > TOLERANCE:
            self._behind, moved = max(-jump, 0.0), jump + self._behind
            self._observe(ClockJumped(moved))
        self._last = max(self._last, expected)
        return self._last

    def monotonic(self) -> float:
        return self._monotonic()

    async def sleep_until(self, monotonic: float) -> None:
        while (left := monotonic - self._monotonic()) > 0:  # noqa: ASYNC110 - a timer may fire a tick early
            await asyncio.sleep(left)

    def jitter(self) -> float:
        return random.random() * 2 - 1  # noqa: S311 - spreads polls, guards nothing
