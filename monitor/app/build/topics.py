"""Topics of the clusters that the sinks write to: the plan, and what a cluster has of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from monitor.app.build.sinks import cluster, name_of
from monitor.config.config import Config
from monitor.config.schema import KafkaSettings
from monitor.publish.topics import TopicSpec, TopicTable

Step = Literal["plan", "ensure", "verify"]


def clusters(config: Config) -> Sequence[KafkaSettings]:
    """The Kafka sinks."""
    return [sink for sink in config.settings.sinks if isinstance(sink, KafkaSettings)]


def specs(config: Config) -> Sequence[TopicSpec]:
    """Every topic this configuration writes to, by name."""
    wanted = config.settings.topics
    table = TopicTable(wanted.prefix, config.settings.alerts.topic)
    return table.plan(config.watches, wanted.replication, wanted.min_insync_replicas)


async def topic_rows(config: Config, step: Step) -> list[dict[str, Any]]:
    """One object a topic and cluster; a plan asks nobody."""
    from monitor.adapters.kafka import topics

    wanted = specs(config)
    if step == "plan":
        return [row.as_json() for row in topics.planned(wanted)]
    ask = topics.ensure if step == "ensure" else topics.verify
    found = []
    for sink in clusters(config):
        rows = await ask(cluster(sink, config.settings), wanted)
        found += [{**row.as_json(), "sink": name_of(sink), "usable": row.usable} for row in rows]
    return found
