"""Whose turn is it at a host: awaits what `schedule/hosts.py` decides, for every hop of every request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from math import inf

from monitor.model.ids import HostKey
from monitor.model.poll import Failed, Response, Throttled
from monitor.ports import Clock
from monitor.schedule.hosts import HostBook

Ticket = object
LONGEST_TURN = 60.0
"""Seconds a request waits for its host, or as long as the host's own spacing; who would wait longer comes back."""


class HostShut(Exception):
    """The host is not asked now: the operator denies it (`seconds` is infinite), or it told us to stay away."""

    def __init__(self, host: HostKey, seconds: float) -> None:
        self.host, self.seconds = host, seconds
        super().__init__(f"{host} is not asked")

    def verdict(self, response: Response) -> Failed | Throttled:
        """What this makes of a poll; nobody was asked, so nobody has answered."""
        if self.seconds == inf:
            return Failed("blocked_url", "denied", f"{self.host} is denied by hosts.deny", response)
        return Throttled(response, self.seconds, reason="host_throttled")


class HostPacer:
    """One queue per host, first come first served; a turn is held until the block ends."""

    def __init__(self, book: HostBook, clock: Clock) -> None:
        self.book = book
        self._clock = clock
        self._queues: dict[HostKey, deque[Ticket]] = {}
        self._ended = asyncio.Event()

    @asynccontextmanager
    async def turn(self, host: HostKey) -> AsyncIterator[None]:
        """Waits for this host's budget. A request that is cancelled while it waits leaves no trace.

        Raises HostShut instead of waiting for ever, or for hours.
        """
        await self._wait(host)
        self.book.begin(host, self._clock.monotonic())
        try:
            yield
        finally:
            self.book.end(host, self._clock.monotonic())
            self._announce()

    def free(self, host: HostKey) -> bool:
        """Whether a request could start now, or would be told at once that the operator denies the host."""
        now = self._clock.monotonic()
        ready = self.book.ready_at(host, now)
        return host not in self._queues and ready is not None and (ready <= now or ready == inf)

    def shut(self, host: HostKey) -> bool:
        """Whether a request would be told to come back instead of waiting for its turn."""
        now = self._clock.monotonic()
        ready = self.book.ready_at(host, now)
        return ready is not None and self._too_far(host, ready - now)

    def _too_far(self, host: HostKey, seconds: float) -> bool:
        return seconds > max(LONGEST_TURN, self.book.spacing(host))

    async def _wait(self, host: HostKey) -> None:
        ticket = object()
        queue = self._queues.setdefault(host, deque())
        queue.append(ticket)
        try:
            while (seconds := self._seconds(host, ticket)) != 0:
                await self._pause(seconds)
        finally:
            queue.remove(ticket)
            if not queue:
                del self._queues[host]
            self._announce()

    def _seconds(self, host: HostKey, ticket: Ticket) -> float | None:
        """Until this ticket may start; None = not before another request has ended. Raises HostShut."""
        now = self._clock.monotonic()
        ready = self.book.ready_at(host, now)
        if ready is not None and self._too_far(host, ready - now):
            raise HostShut(host, ready - now)
        return None if ready is None or self._queues[host][0] is not ticket else ready - now

    async def _pause(self, seconds: float | None) -> None:
        """Until a request has ended anywhere, at most `seconds`."""
        ended = self._ended
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()

    def _announce(self) -> None:
        """Wakes whoever waits; each looks again whether it is his turn."""
        self._ended.set()
        self._ended = asyncio.Event()
