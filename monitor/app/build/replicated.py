"""The Kafka ledger, assembled: shards shared with other replicas, events in topics, no file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.app.arming import armed
from monitor.app.build.clustered import cluster_of, installation_of, ledger_of, table_of
from monitor.app.build.sinks import name_of
from monitor.app.build.storage import Storage
from monitor.app.build.topics import faults_of, gate_of
from monitor.app.parts import InForce
from monitor.config.config import Config
from monitor.config.schema import AnySink
from monitor.errors import UsageError
from monitor.model.notes import Note
from monitor.model.watch import Watch
from monitor.ports import Clock, EventLog, Ownership, Point, Spool

if TYPE_CHECKING:
    import re

    from monitor.adapters.kafka.gate import TopicGate


HAND_OVER = 3.0
"""Seconds running polls are given when a replica leaves: with leaving the group it has five."""
Rim = tuple[Clock, Callable[[Note], None]]
"""Time, and who takes notes."""


async def open_replicated(config: Config, force: InForce, rim: Rim, point: Point, *, once: bool) -> Storage:
    """Connects to nobody yet: brokers may come later. Watches in force need their topics once they are armed.

    Raises UsageError for one round of polls beside replicas that run.
    """
    from monitor.adapters.kafka.event_group import Group
    from monitor.adapters.kafka.events import KafkaEventLog
    from monitor.adapters.kafka.ledger import KafkaLedger
    from monitor.adapters.kafka.registry import KafkaRegistry
    from monitor.adapters.kafka.rescue import KafkaRescue

    cluster, place, (clock, observe) = cluster_of(config), installation_of(config), rim
    gate = gate_of(config, lambda: armed(force.rules), observe)
    ownership = await _ownership(config, clock, gate, once=once)
    if once:
        await gate.admit()

    def topics(sink: AnySink | None = None) -> re.Pattern[str]:
        return event_topics_of(config, armed(force.rules), sink.topics if sink is not None else ())

    def shared(sink: AnySink) -> EventLog:
        group = Group(name_of(sink), place.sink_group(name_of(sink)), clock, observe)
        log = KafkaEventLog.shared(cluster, partial(topics, sink), group)
        storage.closers.insert(0, log.close)
        return log

    registry, window = KafkaRegistry(cluster, place), KafkaEventLog.window(cluster, topics)
    ledger = KafkaLedger(cluster, place, confirm=ownership.confirmed, gate=gate.admit, point=point)
    storage = Storage(ledger, registry, ownership, window, shared, shards=place.shards, mark=registry.mark)
    storage.drain = HAND_OVER
    storage.absence = partial(getattr, ownership, "error", "")
    storage.faults = faults_of(config, lambda: force.rules.rules.watches)
    storage.spool = await _spool(config, observe)
    storage.closers = [window.close, storage.spool.close]
    if ledger_of(config).spool is not None:
        storage.rescue = KafkaRescue(cluster, place)
        storage.closers.insert(0, storage.rescue.close)
    return storage


async def _spool(config: Config, observe: Callable[[Note], None]) -> Spool:
    """On the volume that was named, else in memory. Raises LedgerError for a directory that cannot be used."""
    from monitor.adapters.memory_spool import MemorySpool
    from monitor.adapters.sqlite.spool import SqliteSpool

    ledger = ledger_of(config)
    if ledger.spool is None:
        return MemorySpool(ledger.buffer)
    return await SqliteSpool.open(Path(ledger.spool.dir), ledger.spool.size, observe)


def event_topics_of(config: Config, watches: Sequence[Watch], wanted: Sequence[str] = ()) -> re.Pattern[str]:
    """Matches the topics that hold events of this installation; `wanted`: only these of them."""
    from monitor.adapters.kafka.event_places import event_topics

    own = [watch.topic for watch in watches if watch.topic]
    return event_topics(table_of(config), own, wanted)


async def _ownership(config: Config, clock: Clock, gate: TopicGate, *, once: bool) -> Ownership:
    """A member of the group; for one round all shards, if nobody else has any."""
    from monitor.adapters.kafka.ownership import KafkaOwnership
    from monitor.adapters.kafka.survey import members
    from monitor.adapters.static import StaticOwnership

    cluster, place = cluster_of(config), installation_of(config)
    if not once:
        # Who hears of no coordinator goes on: most often there is none for anybody, and polls wait in memory or on a
        # disk meanwhile. Where others have taken over, fencing ends it.
        return KafkaOwnership(cluster, place, clock, float("inf"), gate.admit)
    if running := await members(cluster, place.pollers):
        message = f"{running} replicas of {place.app} are polling already; one round beside them would take their feeds"
        raise UsageError(f"{message}. Stop them first, or ask for one feed by its URL")
    return StaticOwnership(place.shards)
