"""The articles the ledger still holds, read from the beginning: before a watch that is tried, or to count words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from monitor.model.units import Instant
from monitor.ports import EventLog
from monitor.publish.recall import Recalled, recall

CHUNK = 500
"""Events read at once."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which events are judged: made from `since` on and up to `until`, at most so many; `chunk` are held at once."""

    since: Instant
    until: Instant
    limit: int | None = None
    chunk: int = CHUNK


class Hearing(Protocol):
    """What articles are put before: a trial, or a count."""

    unreadable: int

    @property
    def total(self) -> int:
        """Revisions that were heard."""

    def hear(self, said: Recalled) -> object:
        """One revision."""


async def backtest(log: EventLog, topic: str, after: int, hearing: Hearing, span: Span) -> None:
    """Puts the article events of a log before a trial, in their order, until there is no more. Holds a chunk of them.

    What is published meanwhile is left out, so two trials at one moment judge the same.
    """
    at = after
    while span.limit is None or hearing.total < span.limit:
        records = await log.read(at, (topic,), span.chunk)
        if not records:
            return
        for one in records:
            at = one.seq
            if span.limit is None or hearing.total < span.limit:
                _judge(one.record.value, hearing, span)


def _judge(value: bytes, hearing: Hearing, span: Span) -> None:
    said = recall(value)
    if said is None:
        hearing.unreadable += 1
    elif span.since <= said.time <= span.until:
        hearing.hear(said)
