"""What commands read beside a running service: the log and the states, without locking or fencing anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.app.build.storage import open_log
from monitor.app.running import row_of
from monitor.config.config import Config
from monitor.model.ids import FeedId
from monitor.model.snapshot import FeedRow
from monitor.model.state import FeedState
from monitor.ports import Clock, EventLog, LedgerView
from monitor.state.codec import decode_state


@dataclass(frozen=True, slots=True)
class View:
    """An installation, read only."""

    log: EventLog
    ledger: LedgerView
    clock: Clock

    async def rows(self) -> Mapping[FeedId, FeedRow]:
        """The picture of every feed. Raises LedgerError if there is no ledger."""
        specs, states = await self.ledger.specs(), await self.ledger.states()
        return {
            feed: row_of(spec, decode_state(states[feed]) if feed in states else FeedState(feed))
            for feed, spec in specs.items()
        }


def open_view(config: Config) -> View:
    """The installation of this configuration."""
    from monitor.adapters.clock import SystemClock
    from monitor.adapters.sqlite.database import Reader
    from monitor.adapters.sqlite.ledger import SqliteView

    reader, clock = Reader(Path(config.settings.data_dir)), SystemClock(lambda _note: None)
    return View(open_log(config, reader, clock), SqliteView(reader), clock)


@dataclass(frozen=True, slots=True)
class Reading:
    """A log to read once through."""

    log: EventLog
    after: int
    """Number of the record to read behind."""
    unnumbered: bool
    """Records do not tell where to go on; only the log's token does."""
    topics: Callable[[], Awaitable[Sequence[str]]]
    """Those that are there."""


@asynccontextmanager
async def open_tail(config: Config, topics: Sequence[str], start: str) -> AsyncIterator[Reading]:
    """The events of these topics (`*` allowed) from `begin`, `end` or a token on.

    Raises UsageError for a start that is none of these, Unreachable if there is no cluster.
    """
    if config.settings.ledger.kind == "sqlite":
        log = open_view(config).log
        ends = {"begin": 0, "end": await log.head()} if start in {"begin", "end"} else {}
        yield Reading(log, ends[start] if start in ends else await log.seek(start), False, log.topics)
        return
    from monitor.adapters.kafka.event_places import event_topics
    from monitor.adapters.kafka.events import KafkaEventLog
    from monitor.app.build.clustered import cluster_of, table_of

    pattern = event_topics(table_of(config), [watch.topic for watch in config.watches if watch.topic], topics)
    events = KafkaEventLog.reader(cluster_of(config), lambda: pattern, start)
    try:
        yield Reading(events, 0, True, events.found)
    finally:
        await events.close()
