"""What commands read beside a running service: the log and the states, without locking or fencing anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.app.build.storage import open_log
from monitor.config.config import Config
from monitor.model.ids import FeedId
from monitor.model.snapshot import FeedRow
from monitor.app.running import row_of
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
