"""Sinks by kind: an allow-list of small functions. Nothing a file says is ever imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from monitor.config.schema import AnySink, JsonlSettings, KafkaSettings, Settings, StdoutSettings
from monitor.ports import Point, Sink, pass_by


@dataclass(frozen=True, slots=True)
class SinkContext:
    """What a sink may use besides its own settings."""

    settings: Settings
    data_dir: Path
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
    return JsonlSink(name_of(wanted), context.data_dir / "events", rotate=wanted.rotate, keep=wanted.keep, point=context.point)


def _stdout(wanted: AnySink, context: SinkContext) -> Sink:
    from monitor.adapters.sinks.stdout import StdoutSink

    return StdoutSink(name_of(wanted), context.stdout)


def _kafka(wanted: AnySink, context: SinkContext) -> Sink:
    from monitor.adapters.kafka.sink import KafkaSink

    assert isinstance(wanted, KafkaSettings)
    return KafkaSink(name_of(wanted), cluster(wanted, context.settings))


def cluster(wanted: KafkaSettings, settings: Settings):  # type: ignore[no-untyped-def]
    """How to reach the cluster of a kafka sink."""
    from monitor.adapters.kafka.client import ClusterSettings

    return ClusterSettings(wanted.bootstrap_servers, wanted.security, client_id=settings.app)


BUILDERS: dict[str, Callable[[AnySink, SinkContext], Sink]] = {"jsonl": _jsonl, "stdout": _stdout, "kafka": _kafka}
