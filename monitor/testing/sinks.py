"""A sink that keeps what it is given, and fails when it is told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.errors import Reject, Retry
from monitor.model.event import Logged, Record


class CapturingSink:
    """Delivered records stand in `records`, each once. `remembers`: whether it can be asked how far it has come."""

    def __init__(self, name: str = "capturing", *, remembers: bool = False) -> None:
        self.name, self.records = name, list[Logged]()
        self.writes = 0
        self.closed = False
        self._remembers = remembers
        self._failures: list[float] = []
        self._rejected: set[int] = set()

    def fail(self, times: int = 1, after: float = 0.0) -> None:
        """The next writes raise Retry."""
        self._failures += [after] * times

    def reject(self, *seqs: int) -> None:
        """These records are never taken."""
        self._rejected |= set(seqs)

    def of(self, topic: str) -> list[Record]:
        """Delivered records of one topic."""
        return [logged.record for logged in self.records if logged.record.topic == topic]

    async def resume(self) -> Mapping[str, int] | None:
        if not self._remembers:
            return None
        return {logged.record.topic: logged.seq for logged in self.records}

    async def write(self, records: Sequence[Logged]) -> None:
        self.writes += 1
        if self._failures:
            raise Retry("told to fail", self._failures.pop(0))
        for logged in records:
            if logged.seq in self._rejected:
                raise Reject("told to reject", logged.seq)
        known = {logged.seq for logged in self.records}
        self.records += [logged for logged in records if logged.seq not in known]

    async def close(self) -> None:
        self.closed = True
