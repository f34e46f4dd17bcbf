"""`Workers` without processes: the same answers, for tests whose documents are known to be harmless."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from monitor.model.article import Reading, ReadTask
from monitor.model.poll import Failed
from monitor.parse.reader import NeedsLenient

_MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What code raises that is wrong; the port promises a value for it."""


class InlineWorkers:
    """Reads in the caller's own process. `read` is called with (task, lenient), as by the real workers.

    What raises or is killed there is a failed reading here too; what never ends cannot be stopped.
    """

    def __init__(self, read: Callable[[ReadTask, bool], Reading | NeedsLenient]) -> None:
        self._read = read
        self._closed = False

    async def start(self) -> None:
        """Nothing has to be started."""

    async def read(self, task: ReadTask) -> Reading:
        """What the document of a task says; every fault is `Reading.failed`."""
        await asyncio.sleep(0)
        if self._closed:
            return _failed(task, Failed("parse", "closed", "the workers are closed"))
        answer = self._answer(task, lenient=False)
        if isinstance(answer, NeedsLenient):
            answer = self._answer(task, lenient=True)
        return answer if isinstance(answer, Reading) else _failed(task, Failed("parse", "pool", answer.reason))

    async def close(self) -> None:
        """Nothing is read from now on."""
        self._closed = True

    def _answer(self, task: ReadTask, *, lenient: bool) -> Reading | NeedsLenient:
        try:
            return self._read(task, lenient)
        except MemoryError:
            return _failed(task, Failed("parse_memory", "limit", "reading needed more memory than there is"))
        except _MISTAKES as error:
            return _failed(task, Failed("parse", "crashed", f"{type(error).__name__}: {error}"[:500]))


def _failed(task: ReadTask, failed: Failed) -> Reading:
    verdict = replace(task.verdict, body=b"")
    return Reading(verdict, replace(failed, response=verdict.response, body_hash=verdict.body_hash))
