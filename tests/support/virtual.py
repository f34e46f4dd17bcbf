"""Virtual time: a loop that never sleeps but jumps to the next timer, and a clock that reads it.

For code whose only awaits are timers and other tasks; a thread or a socket would be overtaken by the time.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from monitor.model.units import Instant
from monitor.testing.clock import START


class VirtualLoop(asyncio.SelectorEventLoop):
    """When nothing is ready, the time of the next timer has come."""

    def __init__(self) -> None:
        self.passed = 1000.0
        super().__init__()

    def time(self) -> float:
        return self.passed

    def _run_once(self) -> None:
        timers = [timer.when() for timer in self._scheduled if not timer.cancelled()]
        if not self._ready and timers:
            self.passed = max(self.passed, min(timers))
        super()._run_once()


class LoopClock:
    """`ports.Clock` over the time of the running loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.started = self.loop.time()

    def now(self) -> Instant:
        return START + self.loop.time() - self.started

    def monotonic(self) -> float:
        return self.loop.time()

    async def sleep_until(self, monotonic: float) -> None:
        await asyncio.sleep(max(0.0, monotonic - self.loop.time()))

    def jitter(self) -> float:
        return 0.0


def virtual(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs a test in virtual time, with a limit of a virtual month."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(_limited(test(*arguments, **named)))

    return run


async def _limited(work: Awaitable[None]) -> None:
    async with asyncio.timeout(30 * 86400.0):
        await work
