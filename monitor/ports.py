"""The seams: every Protocol and what each method promises. Each promise is a test in `tests/contract/`.

`app/build.py` alone knows which class stands behind which port.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from monitor.fetch.settings import FetchSettings
from monitor.model.article import Reading, ReadTask
from monitor.model.event import Batch, Logged
from monitor.model.feed import FeedChanges, FeedSpec, Mark
from monitor.model.ids import FeedId, HostKey, ShardId
from monitor.model.notes import Note
from monitor.model.poll import FetchRequest, Verdict
from monitor.model.units import Instant

if TYPE_CHECKING:
    from monitor.pipeline import Polled


class Clock(Protocol):
    """The only reader of time and of chance."""

    def now(self) -> Instant:
        """Wall time that never goes back.

        Anchored at start, moved by monotonic time, re-anchored with a note after a jump.
        """

    def monotonic(self) -> float:
        """Seconds for spacing and durations; its zero means nothing."""

    async def sleep_until(self, monotonic: float) -> None:
        """Returns when `monotonic()` has reached the given value; at once if it has."""

    def jitter(self) -> float:
        """A number in [-1, 1), new at each call."""


class Pacer(Protocol):
    """Whose turn is it at a host."""

    def turn(self, host: HostKey) -> AbstractAsyncContextManager[None]:
        """Waits for this host's budget and holds it until the block ends. Every hop runs inside one turn."""


class Fetcher(Protocol):
    """The one way out. No other code of this program opens a connection to a stranger."""

    async def fetch(self, request: FetchRequest) -> Verdict:
        """Never raises for anything a remote side does; ends by its deadline (waiting for a turn is outside it).

        The body is at most the cap after decompression; a refused address gives `Failed(blocked_address)` on every hop.
        """

    def use(self, settings: FetchSettings) -> None:
        """Other settings for whatever begins from now on, after a reload."""

    async def close(self) -> None:
        """Drops all connections."""


class Workers(Protocol):
    """Where documents are read: hostile and heavy, so in processes that can be killed."""

    async def start(self) -> None:
        """Makes ready, so that the first document need not wait for it. Reading works without."""

    async def read(self, task: ReadTask) -> Reading:
        """Never raises for what a document or its worker does; ends by its deadline.

        A killed worker is replaced and reported as `Failed` with `parse_timeout`, `parse_memory` or `parse`.
        """

    async def close(self) -> None:
        """Ends every worker process."""


@dataclass(frozen=True, slots=True)
class SinkCursor:
    """How far a sink has come: the `seq` up to which everything is delivered, and when that last moved."""

    sink: str
    seq: int
    at: Instant
    dead: int = 0
    """Records that were given up: rejected, or removed by retention before delivery."""


class EventLog(Protocol):
    """The published events, readable again from any place in retention."""

    async def read(self, after: int, topics: Sequence[str] = (), limit: int = 500) -> Sequence[Logged]:
        """Up to `limit` records with `seq > after`, ascending, of these topics (`*` allowed; none = all)."""

    async def latest(
        self,
        topics: Sequence[str] = (),
        before: int | None = None,
        limit: int = 50,
        filters: Mapping[str, str] | None = None,
    ) -> Sequence[Logged]:
        """The newest records, descending, below `before`. `filters`: header name → exact value, or `feed`."""

    async def wait(self, after: int) -> int:
        """Returns the head as soon as it is above `after`."""

    async def head(self) -> int:
        """`seq` of the newest record, 0 if there was never one."""

    async def tail_seq(self) -> int:
        """`seq` of the oldest record still held; head + 1 if none is."""

    async def topics(self) -> Sequence[str]:
        """Topics that hold at least one record."""

    async def cursor(self, sink: str) -> SinkCursor | None:
        """What was last advanced for this sink; survives restarts."""

    async def cursors(self) -> Sequence[SinkCursor]:
        """Those of all sinks."""

    async def advance(self, sink: str, seq: int, dead: int = 0) -> None:
        """Durable on return. Never moves back; `dead` is added."""

    async def expire(self, now: Instant) -> tuple[int, int]:
        """Applies retention; returns rows removed and how many of them some sink had not passed on."""

    def token(self, seq: int) -> str:
        """A name of this place that other processes of the installation, and the next one, understand."""

    async def seek(self, token: str) -> int:
        """The place a token names, in this process's numbers. Raises UsageError for what is none of this log."""


class ShardLedger(Protocol):
    """One opened shard. Dead from a commit's start until that commit succeeded: after any error open it again."""

    @property
    def specs(self) -> Mapping[FeedId, FeedSpec]: ...

    @property
    def states(self) -> Mapping[FeedId, bytes]:
        """Encoded states as of the last commit before opening."""

    @property
    def dues(self) -> Mapping[FeedId, Instant]:
        """Due times newer than the state's own."""

    @property
    def positions(self) -> Mapping[str, int]:
        """How far the shard had read what is named so, as of the last commit before opening."""

    @property
    def pace(self) -> float:
        """Seconds between the beginnings of two commits below which they only get dearer; 0 = as they come."""

    @property
    def max_record(self) -> int | None:
        """Bytes of one record with key and headers above which none is taken; None = any size."""

    def changes(self) -> AsyncIterator[FeedChanges]:
        """Registry changes after opening, in order."""

    async def commit(self, batch: Batch) -> None:
        """Returns only when durable. Cut anywhere, the next `open` finds the batch wholly there or wholly absent.

        Raises Fenced when another owner has opened the shard, Refused when certain records can never be written,
        LedgerError otherwise.
        """

    async def close(self) -> None:
        """Ends within its limit, even when the back end is away."""


class Ledger(Protocol):
    """Where events and states become durable together."""

    async def open(self, shard: ShardId) -> ShardLedger:
        """Fences the former owner *before* it reads."""


class LedgerView(Protocol):
    """Reads beside the running owner without fencing anybody."""

    async def specs(self) -> Mapping[FeedId, FeedSpec]: ...

    async def states(self) -> Mapping[FeedId, bytes]: ...

    async def dues(self) -> Mapping[FeedId, Instant]: ...


class Registry(Protocol):
    """Which feeds there are."""

    async def apply(self, changes: FeedChanges, mark: Mark | None = None) -> bool:
        """Last writer wins per feed; idempotent; the state of a removed feed goes in the same step.

        With the mark of a configuration: False, and nothing is changed, if one that was read later has been applied.
        """

    async def feeds(self) -> Mapping[FeedId, FeedSpec]: ...


class Ownership(Protocol):
    """Which shards are ours."""

    def assignments(self) -> AsyncIterator[frozenset[ShardId]]:
        """Always the newest whole set. Two owners may overlap in polling, never in committing."""

    async def confirmed(self, shard: ShardId) -> bool:
        """Whether a shard is still ours by what is learned after this call; waits until that is known.

        Who was fenced asks this before it opens the shard again: else two believers would fence each other for ever.
        """

    async def close(self) -> None:
        """Gives up every shard, so that others take them at once. Ends within its limit."""


class Sink(Protocol):
    """Where events go besides the ledger: one way, at least once. Raises only `Retry` or `Reject`."""

    name: str

    async def resume(self) -> Mapping[str, int] | None:
        """The last `seq` the target itself holds per topic, or None: then the log keeps the cursor."""

    async def write(self, records: Sequence[Logged]) -> None:
        """All of them delivered on return, in order per key. Idempotent by event id where the target allows."""

    async def close(self) -> None:
        """Ends within its limit, even when the target is away."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """One reading on its way through an outage; `number` grows with each."""

    number: int
    shard: ShardId
    feed: FeedSpec
    reading: Polled
    at: Instant


class Spool(Protocol):
    """Where finished polls wait while the ledger is away: oldest first, bounded. What is full refuses."""

    async def append(self, shard: ShardId, feed: FeedSpec, reading: Polled, at: Instant) -> bool:
        """Kept, as well as the kind of spool can, on return. False: it is full, and nothing was dropped."""

    async def replay(self, shard: ShardId, limit: int = 50) -> Sequence[Spooled]:
        """The oldest of this shard, in the order of their coming. They stay until they are forgotten."""

    async def forget(self, numbers: Sequence[int]) -> None:
        """Drops what has become durable elsewhere."""

    async def shards(self) -> Mapping[ShardId, int]:
        """How many readings wait, by shard; none is named that has none."""

    async def close(self) -> None:
        """Lets go of the place; a disk keeps what is in it."""


class Rescue(Protocol):
    """Where polls that waited in one process find the one that has their shard now. Raises only LedgerError."""

    async def homes(self, row: Spooled) -> frozenset[ShardId]:
        """Every shard its feed may be in now; none if there is no such feed any more."""

    async def put(self, rows: Sequence[tuple[ShardId, Spooled]]) -> None:
        """Each for a shard, durable on return; more than once is harmless."""

    def rows(self, shard: ShardId, position: int) -> AsyncGenerator[Sequence[tuple[int, Spooled | None]], None]:
        """What lies there for a shard from a position on, and goes on waiting for more.

        Each row with the position behind it; None is a row nobody can read.
        """

    async def close(self) -> None:
        """Ends within its limit, even when the back end is away."""


class Shelf(Protocol):
    """Where a process lays one thing down that the next one would otherwise have to learn again."""

    async def read(self) -> bytes:
        """What was laid down last, whole; nothing if there is nothing, or nobody can read it."""

    async def write(self, data: bytes) -> str:
        """Puts this in its place, in one step. Why that cannot be, else empty; then what was there is there still."""


@dataclass(frozen=True, slots=True)
class Documents:
    """What configuration is made of: file texts by path relative to the directory, and the texts of secret files."""

    files: Mapping[str, str]
    secrets: Mapping[str, str]
    environ: Mapping[str, str]
    unreadable: tuple[tuple[str, str], ...] = ()
    """Files that could not be read, each with the reason."""


class ConfigSource(Protocol):
    """Where configuration comes from."""

    async def read(self) -> Documents:
        """The documents as they are now."""

    def documents(self) -> AsyncIterator[Documents]:
        """A new value after every change that has settled; a half-written file is never seen."""


class Console(Protocol):
    """What server and admin may ask of the running service."""

    def snapshot(self) -> Any:
        """A consistent picture: `monitor.model.snapshot.Snapshot`."""

    async def reload(self) -> tuple[bool, Sequence[str]]:
        """Reads the configuration again; False with the problems if it was refused and nothing changed."""

    async def change_feeds(self, changes: FeedChanges) -> None:
        """Adds, changes or removes feeds of origin `runtime`; a refused change changes nothing."""


class Observer(Protocol):
    """Takes notes: one log line and one metric each."""

    def __call__(self, note: Note) -> None: ...


class Point(Protocol):
    """A named place a test may kill the process at; production passes it by."""

    def __call__(self, name: str, /) -> None: ...


def pass_by(_name: str, /) -> None:
    """The crash point of production: nothing happens."""
