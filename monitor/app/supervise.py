"""The running service: one task group, signals, and a stop that always returns.

Stop: not ready, no new polls; running polls get 10 s; what is settled is committed; sinks get 5 s for what is in the
log; then everything is let go. A second signal ends the process at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field

from monitor.app.console import ServiceConsole
from monitor.app.outbox import Outbox
from monitor.app.parts import Parts
from monitor.app.shards import Shards
from monitor.model.notes import Expired, LoopStalled
from monitor.ports import EventLog, Ownership

SINKS_DRAIN = 5.0
CLOSE = 5.0
"""Seconds sinks get for what is in the log, and everything for closing."""
HOUSEKEEPING = 300.0
TICK = 0.1
STALL = 0.25
"""Seconds the loop may be late before it is a note."""

Closer = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Service:
    """Everything that runs, assembled by `build`."""

    parts: Parts
    shards: Shards
    ownership: Ownership
    log: EventLog
    outboxes: Sequence[Outbox]
    console: ServiceConsole
    helpers: Sequence[Callable[[], Coroutine[None, None, None]]] = ()
    """Loops beside the polls: configuration watcher, web servers. Each runs until cancelled."""
    closers: Sequence[Closer] = ()
    """In the order in which things are let go."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until `stop`, or until a round is done."""
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(helper()) for helper in self.helpers]
                beside += [group.create_task(self._keep_house()), group.create_task(self._watch_loop())]
                sinks = [group.create_task(outbox.run()) for outbox in self.outboxes]
                polling = group.create_task(self.shards.run(self.ownership.assignments()))
                watching = group.create_task(self._stop_when_told())
                await polling
                await self._drain_sinks(sinks)
                for task in (*beside, watching):
                    task.cancel()
        finally:
            await self._close()

    def stop(self) -> None:
        """Begins the end; `run` returns when it is over."""
        self.console.stopping = True
        self.stopping.set()

    async def _stop_when_told(self) -> None:
        await self.stopping.wait()
        self.shards.stop()

    async def _drain_sinks(self, sinks: Sequence[asyncio.Task[None]]) -> None:
        for outbox in self.outboxes:
            outbox.stop()
        if sinks:
            _, late = await asyncio.wait(sinks, timeout=SINKS_DRAIN)
            for task in late:
                task.cancel()

    async def _close(self) -> None:
        for close in self.closers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(close(), CLOSE)

    async def _keep_house(self) -> None:
        """Retention, and the head of the log for pictures."""
        clock, last = self.parts.clock, -HOUSEKEEPING
        while True:
            self.console.head = await self.log.head()
            if clock.monotonic() - last >= HOUSEKEEPING:
                last = clock.monotonic()
                rows, undelivered = await self.log.expire(clock.now())
                if rows:
                    self.parts.observe(Expired(rows, undelivered))
            await clock.sleep_until(clock.monotonic() + 1.0)

    async def _watch_loop(self) -> None:
        """Notes when the event loop did not run: whatever blocks it delays every feed."""
        clock = self.parts.clock
        while True:
            wanted = clock.monotonic() + TICK
            await clock.sleep_until(wanted)
            if (late := clock.monotonic() - wanted) >= STALL:
                self.parts.observe(LoopStalled(round(late, 3)))


@contextlib.contextmanager
def signals(service: Service, reload: Callable[[], Awaitable[object]], die: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and SIGINT stop the service, a second one ends the process; SIGHUP reloads."""
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Future[object]] = set()

    def stop() -> None:
        die() if service.stopping.is_set() else service.stop()

    def hang_up() -> None:
        reloads.add(asyncio.ensure_future(reload()))

    for number, handler in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, hang_up)):
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)
