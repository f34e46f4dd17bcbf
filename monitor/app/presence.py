"""Says once that the ledger's cluster has gone, and once that it is back, without waiting for a commit to fail.

Idle shards ask it for nothing, so they learn of it late; whoever is a member of a group hears from it every second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from monitor.app.parts import Parts
from monitor.model.notes import LedgerAway, LedgerBack

LOOK = 1.0
"""Seconds between two looks."""


class Presence:
    """Watches what the group that shares the shards out says."""

    def __init__(self, absence: Callable[[], str], stopping: asyncio.Event, parts: Parts) -> None:
        """`absence`: why the group does not count us in; empty if it does, and where nothing is shared."""
        self._absence, self._stopping, self._parts = absence, stopping, parts
        self._since: float | None = None

    async def run(self) -> None:
        """Until the service stops: whoever leaves the group is not back."""
        clock = self._parts.clock
        while not self._stopping.is_set():
            self._look(clock.monotonic())
            await clock.sleep_until(clock.monotonic() + LOOK)

    def _look(self, now: float) -> None:
        error = self._absence()
        if error and self._since is None:
            self._since = now
            self._parts.observe(LedgerAway(error))
        elif not error and self._since is not None:
            self._parts.observe(LedgerBack(round(now - self._since, 1)))
            self._since = None
