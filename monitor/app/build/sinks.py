"""Sinks by kind: an allow-list of small functions. Nothing a file says is ever imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from monitor.config.schema import AnySink, JsonlSettings, KafkaLedgerSettings, KafkaSettings, Settings
from monitor.model.watch import Watch
from monitor.ports import Point, Sink, pass_by
from monitor.publish.topics import TopicSpec, TopicTable

if TYPE_CHECKING:
    from monitor.adapters.kafka.client import ClusterSettings


@dataclass(frozen=True, slots=True)
class SinkContext:
    """What a sink may use besides its own settings."""

    settings: Settings
    data_dir: Path
    watches: Callable[[], Sequence[Watch]] = tuple
    """Those in force now: each may need a topic of its own."""
    point: Point = pass_by
    stdout: TextIO = sys.stdout


def build_sink(wanted: AnySink, context: SinkContext) -> Sink:
    """The sink these settings describe."""
    return BUILDERS[wanted.kind](wanted, context)


def name_of(wanted: AnySink) -> str:
    """The name of a sink's cursor: its own, else its kind."""
    return wanted.name or wanted.kind


def _jsonl(wanted: AnySink, context: SinkContext) -> Sink:
    from monitor.adapters.sinks.jsonl import JsonlSink

    assert isinstance(wanted, JsonlSettings)
    return JsonlSink(
        name_of(wanted), context.data_dir / "events", rotate=wanted.rotate, keep=wanted.keep, point=context.point
    )


def _stdout(wanted: AnySink, context: SinkContext) -> Sink:
    from monitor.adapters.sinks.stdout import StdoutSink

    return StdoutSink(name_of(wanted), context.stdout)


def _kafka(wanted: AnySink, context: SinkContext) -> Sink:
    from monitor.adapters.kafka.sink import KafkaSink

    assert isinstance(wanted, KafkaSettings)
    topics = context.settings.topics
    plan = (lambda: plan_of(context.settings, context.watches())) if topics.ensure else None
    ledger = context.settings.ledger
    source = cluster(ledger, context.settings) if isinstance(ledger, KafkaLedgerSettings) else None
    return KafkaSink(name_of(wanted), cluster(wanted, context.settings), plan, source=source)


def plan_of(settings: Settings, watches: Sequence[Watch]) -> tuple[TopicSpec, ...]:
    """Every topic these settings and watches need."""
    table = TopicTable(settings.topics.prefix, settings.alerts.topic)
    return table.plan(watches, settings.topics.replication, settings.topics.min_insync_replicas)


def cluster(wanted: KafkaSettings | KafkaLedgerSettings, settings: Settings) -> ClusterSettings:
    """How to reach the cluster of a kafka sink, or of the ledger."""
    from monitor.adapters.kafka.client import ClusterSettings

    return ClusterSettings(wanted.bootstrap_servers, wanted.security, client_id=settings.app)


BUILDERS: dict[str, Callable[[AnySink, SinkContext], Sink]] = {"jsonl": _jsonl, "stdout": _stdout, "kafka": _kafka}
