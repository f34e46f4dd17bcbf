"""What a worker process does: its limits when it starts, one document after the other, plain values back."""

from __future__ import annotations

import math
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from monitor.model.article import Reading, ReadTask
from monitor.model.poll import Failed
from monitor.parse.reader import NeedsLenient

Answer = Reading | NeedsLenient | Failed
Read = Callable[[ReadTask, bool], Reading | NeedsLenient]

OUT_OF_MEMORY = 77
"""Exit code at the limit: what is left of a process is not trusted with another document."""
OUT_OF_CPU = -signal.SIGXCPU
"""The same for time, by the kernel."""


class _OutOfTime(BaseException):
    """Raised by the timer in the middle of a parser; no `except Exception` on the way may stop it."""


def initialise(memory: int) -> None:
    """Sets the limits of a new worker process; `memory` is bytes above what it has now."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python would wait for a loop in C
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a process out of time is no crash to be kept
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as statm:
            base = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (base + memory, base + memory))


def _end_with_parent() -> None:
    """An idle worker sees its pipe close, a busy one would go on for ever. The fork server ends after the last one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)


def work(read: Read, task: ReadTask, lenient: bool, limit: float, most: float) -> Answer:
    """One document, in the worker. Only plain values go back: an exception might not pickle.

    After `most` seconds of CPU the kernel ends the process, also in a loop of C that no timer gets out of.
    """
    started = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(started + most), resource.RLIM_INFINITY))
    try:
        with _cpu_limit(limit):
            answer = read(task, lenient)
    except _OutOfTime:
        return Failed("parse_timeout", "lenient", f"reading took more than {limit} s of CPU time")
    except (MemoryError, SystemError):  # libxml2 and expat run out of memory in other words
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one document must not cost the process
        return Failed("parse", "crashed", f"{type(error).__name__}: {error}"[:500])
    if isinstance(answer, Reading):
        return replace(answer, cpu_seconds=time.process_time() - started)
    return answer


@contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    """Interrupts what runs inside after so many seconds of CPU; 0 = never. Main thread only."""
    if not seconds:
        yield
        return
    signal.signal(signal.SIGPROF, _interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _interrupt(*_: object) -> None:
    raise _OutOfTime
