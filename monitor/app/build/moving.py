"""Moves an installation from one ledger to another: what is remembered of its feeds, out of one and into the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor import __version__
from monitor.app.build.clustered import cluster_of, installation_of
from monitor.app.build.picture import ledger_view
from monitor.app.build.source import system_clock
from monitor.app.build.topics import gate_of
from monitor.config.config import Config
from monitor.config.schema import KafkaLedgerSettings
from monitor.errors import LedgerError, UsageError
from monitor.model.event import Batch
from monitor.model.feed import FeedChanges
from monitor.model.ids import FeedId, ShardId
from monitor.ports import Ledger, LedgerView, Registry, ShardLedger
from monitor.state.export import Origin, Remembered

FEEDS, BYTES = 200, 4 << 20
"""Of one commit."""
SPECS = 1000
"""Feeds the registry takes at once."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import has written."""

    feeds: int
    states: int


@dataclass(frozen=True, slots=True)
class _Target:
    registry: Registry
    ledger: Ledger
    view: LedgerView
    shards: int


def origin_of(config: Config) -> Origin:
    """What a file says of the installation it comes from."""
    return Origin(config.settings.ledger.kind, __version__, system_clock().now())


async def remembered(config: Config) -> tuple[Remembered, ...]:
    """Every feed of the ledger, by id. Raises LedgerError, Unreachable."""
    view = ledger_view(config)
    specs, states, dues = await view.specs(), await view.states(), await view.dues()
    return tuple(Remembered(specs[feed], states.get(feed), dues.get(feed)) for feed in sorted(specs))


async def owner(config: Config) -> str:
    """Who runs this installation now, in words; empty if nobody does. Raises Unreachable."""
    if isinstance(config.settings.ledger, KafkaLedgerSettings):
        from monitor.adapters.kafka.survey import members

        group = installation_of(config).pollers
        count = await members(cluster_of(config), group)
        return f"{count} in the group {group}" if count else ""
    from monitor.adapters.sqlite.folder import holder

    process = holder(Path(config.settings.data_dir))
    return "" if process is None else f"process {process}"


async def remember(config: Config, feeds: Sequence[Remembered], *, overwrite: bool) -> Taken:
    """Writes feeds and what is remembered of them. Those that are there and not among them stay.

    Raises UsageError if the ledger is in use or, without `overwrite`, remembers feeds already; LedgerError if it was
    cut in between: then nothing is lost that was there, and the same once more with `overwrite` ends it.
    """
    if who := await owner(config):
        raise UsageError(f"the ledger is in use by {who}: stop the service first, or what it does meanwhile is lost")
    async with _opened(config) as target:
        if not overwrite and (known := await target.view.states()):
            there = f"the ledger remembers {len(known)} feeds already"
            raise UsageError(f"{there}; --overwrite replaces those that the file names, and keeps the others")
        specs = [one.spec for one in feeds]
        for start in range(0, len(specs), SPECS):
            await target.registry.apply(FeedChanges(put=tuple(specs[start : start + SPECS])))
        await _fill(target, {one.spec.id: one for one in feeds})
    return Taken(len(feeds), sum(one.state is not None for one in feeds))


async def _fill(target: _Target, feeds: Mapping[FeedId, Remembered]) -> None:
    """Each feed's memory goes to the shard in which the registry has put it."""
    left = dict(feeds)
    for number in range(target.shards):
        shard = await target.ledger.open(ShardId(number))
        try:
            found = [left.pop(feed) for feed in sorted(shard.specs.keys() & left.keys())]
            await _commit(shard, ShardId(number), found)
        finally:
            await shard.close()
    if left:
        raise LedgerError(f"{len(left)} feeds are in no shard: {', '.join(sorted(left)[:5])}; somebody changed them")


async def _commit(shard: ShardLedger, number: ShardId, feeds: Sequence[Remembered]) -> None:
    for some in _batches(feeds):
        states = tuple((one.spec.id, one.state) for one in some if one.state is not None)
        dues = tuple((one.spec.id, one.due) for one in some if one.due is not None)
        if states or dues:
            await shard.commit(Batch(number, states=states, dues=dues))


def _batches(feeds: Sequence[Remembered]) -> Iterator[Sequence[Remembered]]:
    batch: list[Remembered] = []
    size = 0
    for one in feeds:
        batch.append(one)
        size += len(one.state or b"")
        if len(batch) >= FEEDS or size >= BYTES:
            yield batch
            batch, size = [], 0
    yield batch


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[_Target]:
    """The ledger, made if it is not there. Raises UsageError for topics that cannot be used, LedgerError."""
    if isinstance(config.settings.ledger, KafkaLedgerSettings):
        yield await _clustered(config)
        return
    from monitor.adapters.sqlite.database import Database
    from monitor.adapters.sqlite.ledger import SqliteLedger, SqliteView
    from monitor.adapters.sqlite.registry import SqliteRegistry

    database = await Database.open(Path(config.settings.data_dir))
    try:
        yield _Target(SqliteRegistry(database), SqliteLedger(database), SqliteView(database), 1)
    finally:
        await database.close()


async def _clustered(config: Config) -> _Target:
    from monitor.adapters.kafka.ledger import KafkaLedger
    from monitor.adapters.kafka.registry import KafkaRegistry
    from monitor.adapters.kafka.view import KafkaView

    cluster, installation = cluster_of(config), installation_of(config)
    await gate_of(config, lambda: config.watches, lambda _note: None).admit()
    registry, ledger = KafkaRegistry(cluster, installation), KafkaLedger(cluster, installation)
    return _Target(registry, ledger, KafkaView(cluster, installation), installation.shards)
