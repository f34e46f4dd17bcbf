"""Facts worth a log line and a number. Each class has one row in `adapters/observe.py`.

Fields hold ids, counts and words of closed sets; text of feeds only where the class says so, and then already clean.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """Base of all notes."""


@dataclass(frozen=True, slots=True)
class Polled(Note):
    """One poll of one feed has ended: the one rich line per unit of work."""

    feed: str
    url: str
    """Masked: no userinfo, no query values."""
    verdict: str
    reason: str
    status: int
    bytes: int
    fetched: int
    new: int
    updated: int
    known: int
    filtered: int
    quarantined: int
    cut: int
    alerts: int
    duration: float
    next_at: float
    generation: str
    alerts_by_watch: tuple[tuple[str, int], ...] = ()
    quiet: bool = False
    """One of thousands that fail because our own network is away: that is told once, by `UplinkChanged`."""


@dataclass(frozen=True, slots=True)
class Unaccounted(Note):
    """The loss ledger of a poll does not add up: an error of ours."""

    feed: str
    difference: int


@dataclass(frozen=True, slots=True)
class RungChanged(Note):
    """A feed cannot be recognised by a rung any more, or can again."""

    feed: str
    rung: str
    trusted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ItemsCut(Note):
    """A document had more items than are read."""

    feed: str
    cut: int


@dataclass(frozen=True, slots=True)
class OperatorTold(Note):
    """Something about a feed only the operator can mend (credentials, a blocked address)."""

    feed: str
    kind: str
    reason: str
    detail: str = ""
    """One sentence of ours: which rule refused, which setting permits."""


@dataclass(frozen=True, slots=True)
class PollCrashed(Note):
    """A fault of ours while one feed was polled; `traceback` goes to the log."""

    feed: str
    error: str
    traceback: str


@dataclass(frozen=True, slots=True)
class TaskCrashed(Note):
    """Something beside the polls ended by a fault; it is begun again after `retry_in` seconds (0 = it is not)."""

    task: str
    error: str
    traceback: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class UplinkChanged(Note):
    """The global breaker opened (nearly everything fails: our own uplink) or closed again."""

    up: bool
    failing: int
    polls: int


@dataclass(frozen=True, slots=True)
class WorkerReplaced(Note):
    """A parse worker was killed or died and has a successor."""

    reason: str


@dataclass(frozen=True, slots=True)
class Committed(Note):
    """A batch is durable."""

    records: int
    states: int
    duration: float
    latencies: tuple[float, ...] = ()
    """Seconds from first seen to durable, one per new article."""


@dataclass(frozen=True, slots=True)
class LedgerFailed(Note):
    """The ledger refused a batch; the shard is opened again after `retry_in` seconds."""

    error: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class LedgerAway(Note):
    """The group that shares the shards out does not count us in: brokers that do not answer, topics or rights that
    are missing. Told once an absence."""

    error: str


@dataclass(frozen=True, slots=True)
class LedgerBack(Note):
    """It does again, after `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class TopicDiffers(Note):
    """A topic can be used and is not as planned; `remedy` is the command that makes it so."""

    topic: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class WatchPending(Note):
    """A watch judges nothing yet, for its topic cannot be used; tried again until it can."""

    watch: str
    topic: str
    reason: str


@dataclass(frozen=True, slots=True)
class WatchArmed(Note):
    """A watch that was pending judges from now on."""

    watch: str
    topic: str


@dataclass(frozen=True, slots=True)
class PollSpooled(Note):
    """The ledger is away: a poll with news waits for it, counted when it is durable."""

    feed: str


@dataclass(frozen=True, slots=True)
class SpoolFull(Note):
    """What may wait for the ledger does: the shard polls no more until the ledger is back."""

    shard: int
    waiting: int
    """Polls of the shard."""


@dataclass(frozen=True, slots=True)
class SpoolReplayed(Note):
    """Polls that waited for the ledger are durable."""

    shard: int
    readings: int


@dataclass(frozen=True, slots=True)
class SpoolRescued(Note):
    """Polls that waited here were handed to the process that has their shard now."""

    shard: int
    readings: int


@dataclass(frozen=True, slots=True)
class SpoolDropped(Note):
    """Polls that waited belong to nobody any more, or cannot be handed on."""

    shard: int
    readings: int
    reason: str


@dataclass(frozen=True, slots=True)
class SpoolDamaged(Note):
    """Rows of the spool, or the whole file (`rows` 0), were not what was written and were set aside."""

    rows: int
    detail: str


@dataclass(frozen=True, slots=True)
class SinkDelivered(Note):
    """A sink took records up to `seq`."""

    sink: str
    records: int
    lag: int


@dataclass(frozen=True, slots=True)
class SinkFailed(Note):
    """A sink did not take its records and is tried again."""

    sink: str
    error: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class SinkRejected(Note):
    """A record a sink will never take became a dead letter."""

    sink: str
    seq: int
    error: str


@dataclass(frozen=True, slots=True)
class SinkLate(Note):
    """Records a sink was away for longer than its `max_lag`; they were given up."""

    sink: str
    records: int


@dataclass(frozen=True, slots=True)
class Expired(Note):
    """Retention removed rows; `undelivered` of them some sink had not passed on."""

    rows: int
    undelivered: int


@dataclass(frozen=True, slots=True)
class Reloaded(Note):
    """A configuration was read again: applied, unchanged or refused."""

    ok: bool
    generation: str
    feeds_added: int = 0
    feeds_changed: int = 0
    feeds_removed: int = 0
    watches_changed: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesRenewed(Note):
    """All rules were compiled once more, for so much was counted since that other anchors are better."""

    watches: int
    articles: int
    """That were counted, older ones in part."""


@dataclass(frozen=True, slots=True)
class CountsNotKept(Note):
    """What was counted in articles could not be laid down: the next start guesses, or goes by older counts."""

    reason: str


@dataclass(frozen=True, slots=True)
class Enrolled(Note):
    """A registry that several replicas share was brought level with the configuration of this one."""

    generation: str
    feeds_put: int
    feeds_removed: int


@dataclass(frozen=True, slots=True)
class EnrolmentFailed(Note):
    """A shared registry is not level with the configuration; tried again after `retry_in` seconds."""

    generation: str
    problem: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class ClockJumped(Note):
    """Wall time and monotonic time have parted by `seconds`; wall time was taken anew."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LoopStalled(Note):
    """The event loop did not run for `seconds`."""

    seconds: float
