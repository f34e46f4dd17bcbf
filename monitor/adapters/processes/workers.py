"""`Workers` in processes that can be killed: documents are hostile, and parsers neither always end nor always return.

Two pools, so that a slow document cannot keep good feeds waiting: one for the strict routes, a small one for what
needs feedparser. A process has a limit of memory and of time, is replaced when it dies and after some thousand
documents, and dies with the process that started it.
"""

from __future__ import annotations

import asyncio
import multiprocessing.resource_tracker
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

from pebble import ProcessExpired, ProcessPool

from monitor.adapters.processes.work import OUT_OF_CPU, OUT_OF_MEMORY, Answer, Read, initialise, work
from monitor.model.article import Reading, ReadTask
from monitor.model.notes import Note, WorkerReplaced
from monitor.model.poll import Failed
from monitor.parse.reader import NeedsLenient
from monitor.parse.settings import ParseSettings

_WALL = 3
"""Times a task's CPU time that it may take by the clock: a busy machine is no fault of the document."""
_PATIENCE = 3
"""Times that again before a pool is taken for dead: one task running, one waiting before it."""


class ProcessWorkers:
    """Reads documents in processes, by `read(task, lenient)`, which has to be importable by name. Usable at once."""

    def __init__(
        self,
        read: Read,
        settings: ParseSettings | None = None,
        observe: Callable[[Note], None] = lambda _: None,
    ) -> None:
        self._settings = settings or ParseSettings()
        self._read = read
        self._observe = observe
        workers = self._settings.workers or multiprocessing.cpu_count()
        self._main = _Pool(workers, self._settings, read.__module__)
        self._lenient = _Pool(self._settings.lenient_workers, self._settings, read.__module__)

    async def start(self) -> None:
        """Starts the processes of both pools; returns when they run."""
        await asyncio.gather(asyncio.shield(self._main.start()), asyncio.shield(self._lenient.start()))

    async def read(self, task: ReadTask) -> Reading:
        """What the document of a task says; every fault of it or of its process is `Reading.failed`.

        Cancelling ends the work in the process too.
        """
        answer = await self._run(self._main, task, lenient=False)
        if isinstance(answer, NeedsLenient):
            answer = await self._run(self._lenient, task, lenient=True)
        if isinstance(answer, NeedsLenient):
            answer = Failed("parse", "unrecognised", answer.reason)
        return answer if isinstance(answer, Reading) else failed_reading(task, answer)

    async def close(self) -> None:
        """Ends every process; reads still under way come back as failed."""
        await asyncio.gather(self._main.close(), self._lenient.close())

    async def _run(self, pool: _Pool, task: ReadTask, *, lenient: bool) -> Answer:
        """One task in one pool. A pool that broke under it is replaced and asked once more."""
        limit = self._settings.lenient_timeout * (1 + (len(task.verdict.body) >> 20)) if lenient else 0.0
        async with pool.slots:
            for _ in range(2):
                answer = await pool.call(work, (self._read, task, lenient, limit, float(self._settings.timeout)))
                if isinstance(answer, Failed) and answer.reason in ("killed", "died", "limit"):
                    self._observe(WorkerReplaced(answer.kind))
                if answer is not None:
                    return answer
                self._observe(WorkerReplaced("pool"))
        return Failed("parse", "pool", "no process could be started")


_BREAKDOWNS = (BrokenProcessPool, ProcessExpired, RuntimeError, TimeoutError, OSError)
"""What a pool raises when it cannot be started or cannot go on."""


class _Pool:
    """A pebble pool that is started off the event loop, and started anew when it is broken."""

    def __init__(self, size: int, settings: ParseSettings, preload: str) -> None:
        self._size = size
        self._settings = settings
        self._preload = preload
        self._starting: asyncio.Future[ProcessPool] | None = None
        self._pending: set[Future[Answer]] = set()
        self._closed = False
        self._limit = _WALL * float(settings.timeout)
        self.slots = asyncio.Semaphore(2 * size)

    def start(self) -> asyncio.Future[ProcessPool]:
        """The pool, once it runs. To be shielded: who is cancelled meanwhile must not lose it for the others."""
        if self._starting is None:
            self._starting = asyncio.ensure_future(asyncio.to_thread(self._started))
        return self._starting

    async def call(self, function: Callable[..., Answer], args: tuple[Any, ...]) -> Answer | None:
        """The function's result, `Failed` if its process had to be killed or died, None if the whole pool did."""
        if self._closed:
            return Failed("parse", "closed", "the workers are closed")
        starting = self.start()
        try:
            pool = await asyncio.shield(starting)
            future: Future[Answer] = pool.schedule(function, args=args, timeout=self._limit)
            self._pending.add(future)
            future.add_done_callback(self._pending.discard)
            return await self._result(future)
        except _BREAKDOWNS:
            await self._discard(starting)
            return None

    async def close(self) -> None:
        self._closed = True
        for future in tuple(self._pending):
            future.cancel()
        if self._starting is not None:
            await asyncio.wait([self._starting])
            await self._discard(self._starting)

    async def _result(self, future: Future[Answer]) -> Answer:
        try:
            async with asyncio.timeout(_PATIENCE * self._limit) as patience:
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if patience.expired():
                raise RuntimeError("the pool does not answer") from None
            return Failed("parse_timeout", "killed", f"reading was not done in {self._limit:.1f} s")
        except ProcessExpired as death:
            if death.exitcode == OUT_OF_CPU:
                return Failed("parse_timeout", "killed", f"reading took more than {self._settings.timeout} of CPU time")
            if death.exitcode == OUT_OF_MEMORY:
                return Failed("parse_memory", "limit", "reading needed more memory than a process may have")
            return Failed("parse", "died", f"the process ended with code {death.exitcode}")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._closed or (task is not None and task.cancelling()):
                raise
            return Failed("parse", "closed", "the workers were closed")

    async def _discard(self, started: asyncio.Future[ProcessPool]) -> None:
        """Ends a pool, unless somebody else has; a new one takes its place with the next call."""
        if self._starting is not started:
            return
        self._starting = None
        if started.exception() is None:
            await asyncio.to_thread(_end, started.result())

    def _started(self) -> ProcessPool:
        multiprocessing.resource_tracker.ensure_running()  # which would open the mask again if it started later
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what this thread starts never hears Ctrl-C
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([work.__module__, self._preload, "monitor.parse.formats.lenient"])
        pool = ProcessPool(
            self._size,
            max_tasks=self._settings.max_tasks,
            initializer=initialise,
            initargs=(int(self._settings.memory),),
            context=context,
        )
        try:
            pool.schedule(os.getpid).result(timeout=_PATIENCE * self._limit)
        except BaseException:
            _end(pool)
            raise
        return pool


def failed_reading(task: ReadTask, failed: Failed) -> Reading:
    """A reading that says only why there is none; the body's hash stays, so that it is not tried again at once."""
    verdict = replace(task.verdict, body=b"")
    return Reading(verdict, replace(failed, response=verdict.response, body_hash=verdict.body_hash))


def _end(pool: ProcessPool) -> None:
    """Ends the processes before their channel is closed: one that only starts would miss it, and complain on stderr."""
    pool.stop()  # type: ignore[no-untyped-call]
    if pool._pool_manager_loop is not None:
        pool._pool_manager_loop.join()
    pool._pool_manager.worker_manager.force_stop_workers()  # type: ignore[no-untyped-call]
    pool.join()
