"""An installation as commands see it, running or not: what is configured, and what the ledger holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.app.build.clustered import cluster_of, installation_of
from monitor.app.build.sinks import name_of
from monitor.app.build.source import system_clock
from monitor.app.build.view import View, open_view
from monitor.app.running import row_of
from monitor.config.config import Config
from monitor.config.schema import KafkaLedgerSettings
from monitor.model.event import Logged
from monitor.model.ids import FeedId
from monitor.model.snapshot import FeedRow, SinkRow
from monitor.model.state import FeedState
from monitor.model.units import Instant
from monitor.ports import LedgerView, SinkCursor
from monitor.publish.topics import TopicTable
from monitor.state.codec import decode_state


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything at one instant."""

    at: Instant
    running: int | None
    """The process that holds the data directory; None if there is none, and on Kafka."""
    feeds: tuple[FeedRow, ...]
    sinks: tuple[tuple[SinkRow, SinkCursor | None], ...]
    head: int | None
    """None on Kafka: its topics have no number in common."""
    last_alert: Logged | None
    members: int | None = None
    """How many processes share the feeds; None if nobody can know, and on SQLite."""
    problem: str = ""
    """Why the topics do not fit this configuration; then its replicas poll nothing, and others may."""

    @property
    def active(self) -> bool:
        """Somebody polls."""
        return self.running is not None or bool(self.members)


async def take_picture(config: Config) -> Picture:
    """Raises LedgerError for a ledger that cannot be read, Unreachable; one that does not exist yet is empty."""
    return await (_clustered if on_kafka(config) else _embedded)(config)


async def _embedded(config: Config) -> Picture:
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


async def _clustered(config: Config) -> Picture:
    """All questions at once; the first one that nobody answers ends the others."""
    from monitor.app.build.clustered_picture import newest_alert, running_members, sinks_of
    from monitor.app.build.topics import miscounted

    async with asyncio.TaskGroup() as group:
        feeds, members = group.create_task(feed_rows(config)), group.create_task(running_members(config))
        sinks, alert = group.create_task(sinks_of(config)), group.create_task(newest_alert(config))
        problem = group.create_task(miscounted(config))
    return Picture(
        at=system_clock().now(),
        running=None,
        feeds=tuple(feeds.result()),
        sinks=tuple(sinks.result()),
        head=None,
        last_alert=alert.result(),
        members=members.result(),
        problem=problem.result(),
    )


async def feed_rows(config: Config) -> Sequence[FeedRow]:
    """Every feed of the configuration and of the ledger, by id; those that were never polled wait."""
    known = await rows_of(ledger_view(config)) if has_ledger(config) else {}
    rows = {feed: row for feed, row in known.items() if row.spec.origin == "runtime"}
    for spec in config.feeds:
        old = known.get(spec.id)
        empty = row_of(spec, FeedState(spec.id))
        rows[spec.id] = (
            empty if old is None else FeedRow(spec, old.health, old.cadence, old.totals, old.title, old.items)
        )
    return [rows[feed] for feed in sorted(rows)]


async def newest(
    config: Config, topic: Callable[[TopicTable], str], limit: int, filters: Mapping[str, str]
) -> Sequence[Logged]:
    """The newest records of one topic, descending; none where nothing was ever recorded. Raises Unreachable."""
    wanted = [topic(table_of(config))]
    if on_kafka(config):
        from monitor.app.build import clustered_picture

        return await clustered_picture.newest(config, wanted, limit, filters)
    if not has_ledger(config):
        return ()
    return await open_view(config).log.latest(wanted, limit=limit, filters=filters)


async def rows_of(ledger: LedgerView) -> Mapping[FeedId, FeedRow]:
    """The picture of every feed in a ledger. Raises LedgerError if there is none, Unreachable."""
    specs, states, dues = await ledger.specs(), await ledger.states(), await ledger.dues()
    return {
        feed: _with_due(row_of(spec, decode_state(states[feed]) if feed in states else FeedState(feed)), dues.get(feed))
        for feed, spec in specs.items()
    }


def _with_due(row: FeedRow, due: Instant | None) -> FeedRow:
    """A poll that changes nothing leaves its next time beside the state, not in it."""
    if due is None or due <= row.cadence.due:
        return row
    return replace(row, cadence=replace(row.cadence, due=due))


def ledger_view(config: Config) -> LedgerView:
    """Feeds and their states as anybody may read them."""
    if isinstance(config.settings.ledger, KafkaLedgerSettings):
        from monitor.adapters.kafka.view import KafkaView

        return KafkaView(cluster_of(config), installation_of(config))
    from monitor.adapters.sqlite.database import Reader
    from monitor.adapters.sqlite.ledger import SqliteView

    return SqliteView(Reader(Path(config.settings.data_dir)))


def has_ledger(config: Config) -> bool:
    """Whether anything was ever recorded here; a cluster is asked, and says so itself."""
    from monitor.adapters.sqlite.file import FILE

    return on_kafka(config) or (Path(config.settings.data_dir) / FILE).exists()


def on_kafka(config: Config) -> bool:
    """Whether events and states are in a cluster, not in the data directory."""
    return isinstance(config.settings.ledger, KafkaLedgerSettings)


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
