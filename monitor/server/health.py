"""Is it alive, has it started, is it ready: three questions with three different answers. Pure.

Alive means the scheduler goes round, nothing else: a broker or a disk that is away must not restart pods.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.model.snapshot import Snapshot
from monitor.model.units import Instant

PULSE = 30.0
"""Seconds without a heartbeat of the scheduler after which it is dead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe is told."""

    ok: bool
    reasons: tuple[str, ...] = ()


def alive(picture: Snapshot, now: Instant) -> Answer:
    """The event loop runs (or nobody could answer) and the scheduler went round lately.

    While no shard is open there is no scheduler to go round: that is for `ready` to say.
    """
    silent = now - max(picture.heartbeat, picture.started)
    if silent <= PULSE or not picture.ready:
        return Answer(True)
    return Answer(False, (f"the scheduler has not gone round for {silent:.0f} s",))


def started(picture: Snapshot) -> Answer:
    """States were restored and the scheduler went round once; what fails later is no matter of the start."""
    if picture.heartbeat or picture.ready:
        return Answer(True)
    return Answer(False, picture.reasons)


def ready(picture: Snapshot) -> Answer:
    """Every owned shard is open and the service is not stopping."""
    return Answer(picture.ready, picture.reasons)
