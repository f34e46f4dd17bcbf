"""How many polls run at once. Hosts that were slow share a small lane, so that drips cannot take all the places."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SLOW_AFTER = 5.0
SLOW_LANE = 32
REMEMBERED = 65536


class Lanes:
    """`concurrency` places in all; hosts whose last request took more than 5 s have 32 of them."""

    def __init__(self, concurrency: int) -> None:
        self._all = asyncio.Semaphore(concurrency)
        self._slow = asyncio.Semaphore(min(SLOW_LANE, max(1, concurrency // 2)))
        self._hosts: OrderedDict[str, None] = OrderedDict()

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Waits for a place and holds it."""
        if host not in self._hosts:
            async with self._all:
                yield
            return
        async with self._slow, self._all:
            yield

    def note(self, host: str, seconds: float) -> None:
        """How long the last request to this host took."""
        self._hosts.pop(host, None)
        if seconds > SLOW_AFTER:
            self._hosts[host] = None
        if len(self._hosts) > REMEMBERED:
            self._hosts.popitem(last=False)
