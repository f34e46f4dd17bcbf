"""What an operator can say about reading documents."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.model.units import Duration, Size


@dataclass(frozen=True, slots=True)
class ParseSettings:
    """Processes that read documents, and what one document may cost. Durations are seconds, sizes bytes."""

    workers: int = 0
    """Processes for documents; 0 = one per core."""
    lenient_workers: int = 1
    """Processes for what only the slow, tolerant parser can read, so that it never keeps good feeds waiting."""
    timeout: Duration = Duration(10)
    """CPU time of one document, or a third of its wall time; its process is killed then."""
    lenient_timeout: Duration = Duration(2)
    """CPU time of one document in the tolerant parser, which can be quadratic: for each MiB of it that is begun."""
    memory: Size = Size(512 << 20)
    """Address space of a process above what it has when it starts."""
    max_tasks: int = 5000
    """Documents a process reads before a fresh one takes its place."""
