"""An installation as commands see it, running or not: what is configured, and what the ledger holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.app.build.sinks import name_of
from monitor.app.build.view import View, open_view
from monitor.app.running import row_of
from monitor.config.config import Config
from monitor.model.event import Logged
from monitor.model.snapshot import FeedRow, SinkRow
from monitor.model.state import FeedState
from monitor.model.units import Instant
from monitor.ports import SinkCursor
from monitor.publish.topics import TopicTable


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything at one instant. `running`: the process that holds the data directory; None if there is none."""

    at: Instant
    running: int | None
    feeds: tuple[FeedRow, ...]
    sinks: tuple[tuple[SinkRow, SinkCursor | None], ...]
    head: int
    last_alert: Logged | None


async def take_picture(config: Config) -> Picture:
    """Raises LedgerError for a ledger that cannot be read; one that does not exist yet is empty."""
    from monitor.adapters.sqlite.folder import holder

    view, folder = open_view(config), Path(config.settings.data_dir)
    there = has_ledger(config)
    head = await view.log.head() if there else 0
    alerts = sorted({table_of(config).alert(watch) for watch in config.watches})
    latest = await view.log.latest(alerts, limit=1) if there and alerts else ()
    return Picture(
        at=view.clock.now(),
        running=holder(folder),
        feeds=tuple(await feed_rows(config)),
        sinks=tuple([await _sink(view, name, kind, head, there) for name, kind in _sinks(config)]),
        head=head,
        last_alert=latest[0] if latest else None,
    )


async def feed_rows(config: Config) -> Sequence[FeedRow]:
    """Every feed of the configuration and of the ledger, by id; those that were never polled wait."""
    known = dict(await open_view(config).rows()) if has_ledger(config) else {}
    rows = {feed: row for feed, row in known.items() if row.spec.origin == "runtime"}
    for spec in config.feeds:
        old = known.get(spec.id)
        empty = row_of(spec, FeedState(spec.id))
        rows[spec.id] = (
            empty if old is None else FeedRow(spec, old.health, old.cadence, old.totals, old.title, old.items)
        )
    return [rows[feed] for feed in sorted(rows)]


def has_ledger(config: Config) -> bool:
    """Whether anything was ever recorded here."""
    from monitor.adapters.sqlite.file import FILE

    return (Path(config.settings.data_dir) / FILE).exists()


def table_of(config: Config) -> TopicTable:
    """The topics of this configuration."""
    return TopicTable(config.settings.topics.prefix, config.settings.alerts.topic)


def _sinks(config: Config) -> Sequence[tuple[str, str]]:
    return [(name_of(sink), sink.kind) for sink in config.settings.sinks]


async def _sink(view: View, name: str, kind: str, head: int, there: bool) -> tuple[SinkRow, SinkCursor | None]:
    cursor = await view.log.cursor(name) if there else None
    seq, dead = (cursor.seq, cursor.dead) if cursor else (0, 0)
    behind = await view.log.read(seq, limit=1) if there and seq < head else ()
    oldest = behind[0].record.at if behind else None
    return SinkRow(name, kind, seq, max(0, head - seq), dead, oldest=oldest), cursor
