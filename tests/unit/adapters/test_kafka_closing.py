"""The end of a client whose brokers are away."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.adapters.kafka.client import ClusterSettings, ended
from monitor.adapters.kafka.event_consumer import EventConsumer
from tests.support.virtual import virtual


class CutFetches:
    """A consumer of the library in the middle of a fetch: both ways to end it raise what it does to its own task."""

    def __init__(self) -> None:
        self._coordinator = self._group_id = None
        self._fetcher, self.client_closed = self, False
        self._client = SimpleNamespace(close=self._close_client)

    async def stop(self) -> None:
        raise asyncio.CancelledError

    close = stop

    async def _close_client(self) -> None:
        self.client_closed = True


@virtual
async def test_a_fetch_that_is_cut_by_closing_ends_nobody_else() -> None:
    """Else whoever reads the log through an outage would be over, and every page after it empty."""
    inner: Any = CutFetches()
    await EventConsumer(inner, ClusterSettings(("nowhere:9092",)), ()).close()
    assert inner.client_closed


@virtual
async def test_an_end_is_good_late_or_faulty() -> None:
    """What is late is cancelled, and what it raises is nobody's."""

    async def well() -> None:
        await asyncio.sleep(1)

    async def badly() -> None:
        raise OSError("gone")

    assert await ended(well(), 2)
    assert not await ended(well(), 0.5)
    assert not await ended(badly(), 1)


@virtual
async def test_a_cancellation_of_our_own_goes_through() -> None:
    """Whoever closes may be told to stop."""

    async def never() -> None:
        await asyncio.Event().wait()

    task = asyncio.ensure_future(ended(never(), 60))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
