"""The running service: one task group, signals, and a stop that always returns.

Stop: not ready, no new polls; running polls get 10 s (less where others wait for the shards); what is settled is
committed; the shards are given up; sinks get 5 s for what is in the log; then everything is let go. A second signal
ends the process at once.

What runs beside the polls (sinks, listeners, housekeeping) may fail without ending them: it is begun again. What the
operator has to mend (a port that is taken) or nobody can (a broken disk) ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field

from monitor.app.assignment import Shards
from monitor.app.console import ServiceConsole
from monitor.app.outbox import Outbox
from monitor.app.parts import Parts
from monitor.errors import StorageFailed, UsageError
from monitor.model.notes import Expired, LoopStalled, TaskCrashed
from monitor.ports import EventLog, Ownership

SINKS_DRAIN, CLOSE = 5.0, 3.0
"""Seconds sinks get for what is in the log, and everything together for closing."""
OWNERSHIP = 2.5
"""Seconds for leaving the group that shares the shards out, once ours are closed."""
LEAST = 0.5
"""Seconds each gets for closing, however long the others took."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before a task that failed is begun again; doubled up to the longest."""
HOUSEKEEPING = 300.0
TICK = 0.1
STALL = 0.25
"""Seconds the loop may be late before it is a note."""

Helper = Callable[[], Coroutine[None, None, None]]
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
    helpers: Sequence[Helper] = ()
    """Loops beside the polls: configuration watcher, web servers. Each runs until cancelled, or has an end."""
    closers: Sequence[Closer] = ()
    """In the order in which things are let go."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until `stop`, or until a round is done."""
        try:
            async with asyncio.TaskGroup() as group:
                loops = (*self.helpers, self._keep_house, self._watch_loop)
                beside = [group.create_task(self._keep_going(loop)) for loop in loops]
                sinks = [group.create_task(self._keep_going(outbox.run)) for outbox in self.outboxes]
                polling = group.create_task(self.shards.run(self.ownership.assignments()))
                watching = group.create_task(self._stop_when_told())
                await polling
                # Before sinks drain: other processes wait for our shards.
                await self._let_go(self.ownership.close, OWNERSHIP)
                await self._drain_sinks(sinks)
                for task in (*beside, watching):
                    task.cancel()
        finally:
            await self._close()

    async def _keep_going(self, work: Helper) -> None:
        """Runs something beside the polls to its end, again after every fault that another attempt may mend."""
        clock, wait = self.parts.clock, FIRST_WAIT
        while True:
            started = clock.monotonic()
            try:
                return await work()
            except (UsageError, StorageFailed):
                raise
            except Exception as error:  # noqa: BLE001  no fault of a sink or a page may end the polls
                name = getattr(work, "__qualname__", type(work).__name__)
                wait = FIRST_WAIT if clock.monotonic() - started > LONGEST_WAIT else wait
                self.parts.observe(TaskCrashed(name, type(error).__name__, traceback.format_exc(), wait))
            if self.stopping.is_set():
                return None
            await clock.sleep_until(clock.monotonic() + wait)
            wait = min(wait * 2, LONGEST_WAIT)

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
        """Lets go of everything in order; one that fails or hangs keeps none of the others."""
        clock = self.parts.clock
        end = clock.monotonic() + CLOSE
        for close in self.closers:
            await self._let_go(close, max(end - clock.monotonic(), LEAST))

    async def _let_go(self, close: Closer, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await close()
        except TimeoutError:
            return
        except Exception as error:  # noqa: BLE001  the data directory must be let go whatever else failed
            name = getattr(close, "__qualname__", type(close).__name__)
            self.parts.observe(TaskCrashed(name, type(error).__name__, traceback.format_exc(), 0.0))

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
    reloads: set[asyncio.Task[None]] = set()

    async def read_again() -> None:
        try:
            await reload()
        except Exception as error:  # noqa: BLE001  a fault while reading files must not be lost in a task
            name = type(error).__name__
            service.parts.observe(TaskCrashed("reload", name, traceback.format_exc(), 0.0))

    def stop() -> None:
        die() if service.stopping.is_set() else service.stop()

    def hang_up() -> None:
        task = loop.create_task(read_again())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number, handler in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, hang_up)):
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)
