"""Topics of the clusters that the ledger and the sinks write to: the plan, and what a cluster has of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from monitor.app.arming import Faults
from monitor.app.build.clustered import cluster_of, ledger_specs, table_of
from monitor.app.build.picture import has_ledger, on_kafka
from monitor.app.build.sinks import cluster, name_of, plan_of
from monitor.config.config import Config
from monitor.config.schema import KafkaLedgerSettings, KafkaSettings
from monitor.errors import Unreachable
from monitor.model.notes import Note
from monitor.model.watch import Watch
from monitor.publish.strimzi import Strimzi
from monitor.publish.topics import TopicSpec, TopicTable

if TYPE_CHECKING:
    from monitor.adapters.kafka.client import ClusterSettings
    from monitor.adapters.kafka.gate import TopicGate

Step = Literal["plan", "ensure", "verify"]
LEDGER = "ledger"
"""What needs a topic, where it is no sink."""


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster, who writes to it, and the topics it has to have."""

    name: str
    settings: ClusterSettings
    specs: tuple[TopicSpec, ...]


def targets(config: Config) -> Sequence[Target]:
    """The cluster of the ledger, if it has one, and those of the Kafka sinks."""
    published = plan_of(config.settings, config.watches)
    found = [
        Target(name_of(sink), cluster(sink, config.settings), published)
        for sink in config.settings.sinks
        if isinstance(sink, KafkaSettings)
    ]
    if isinstance(config.settings.ledger, KafkaLedgerSettings):
        found.insert(0, Target(LEDGER, cluster_of(config), (*published, *ledger_specs(config))))
    return found


async def topic_rows(config: Config, step: Step) -> list[dict[str, Any]]:
    """One object a topic and cluster; a plan asks nobody and names each topic once."""
    from monitor.adapters.kafka import topics

    if step == "plan":
        return _planned(config)
    ask = topics.ensure if step == "ensure" else topics.verify
    found = []
    for target in targets(config):
        rows = await ask(target.settings, target.specs)
        found += [{**row.as_json(), "for": target.name, "sink": target.name, "usable": row.usable} for row in rows]
    return found


async def was_recorded(config: Config, topic: Callable[[TopicTable], str]) -> bool:
    """Whether there ever was anything that could hold records of a topic: a ledger, or in a cluster the topic."""
    from monitor.adapters.kafka import topics

    if not on_kafka(config):
        return has_ledger(config)
    wanted = topic(table_of(config))
    specs = [spec for spec in plan_of(config.settings, config.watches) if spec.name == wanted]
    return all(row.state != "missing" for row in await topics.verify(cluster_of(config), specs))


async def miscounted(config: Config) -> str:
    """What is wrong if the registry has another number of partitions than there are to be shards; else empty."""
    from monitor.adapters.kafka import topics

    rows = await topics.verify(cluster_of(config), ledger_specs(config))
    return next((f"{row.topic} has {row.problem}" for row in rows if row.state == "partitions"), "")


def left_to_start(state: str, config: Config) -> bool:
    """Whether a topic in this state is no fault: the first start makes those that are missing (`topics.ensure`)."""
    return state == "missing" and config.settings.topics.ensure


async def echoes(config: Config) -> Sequence[tuple[str, str]]:
    """Kafka sinks that write to the cluster of the Kafka ledger, under whatever name, each with why that cannot be.

    A cluster that does not answer is for others to tell of.
    """
    from monitor.adapters.kafka.sink import echo_of

    ledger, *sinks = targets(config) or (None,)
    if ledger is None or ledger.name != LEDGER:
        return ()
    found = {}
    for sink in sinks:
        with suppress(Unreachable):
            found[sink.name] = await echo_of(sink.name, sink.settings, ledger.settings)
    return [(name, echo) for name, echo in found.items() if echo]


def strimzi_objects(config: Config, cluster: str) -> str:
    """The plan and the rights of this installation as YAML for the operator of the Kafka object `cluster`."""
    settings = config.settings
    specs = {spec for target in targets(config) for spec in target.specs} | {*plan_of(settings, config.watches)}
    objects = Strimzi(cluster, settings.app, settings.topics.prefix, settings.topics.ensure)
    return objects.render(specs)


def gate_of(config: Config, watches: Callable[[], Sequence[Watch]], observe: Callable[[Note], None]) -> TopicGate:
    """What the shards of the Kafka ledger have to pass. `watches`: those that are armed now."""
    from monitor.adapters.kafka.gate import TopicGate

    fixed = ledger_specs(config)
    return TopicGate(
        cluster_of(config),
        lambda: (*fixed, *plan_of(config.settings, watches())),
        ensure=config.settings.topics.ensure,
        observe=observe,
    )


def faults_of(config: Config, watches: Callable[[], Sequence[Watch]]) -> Faults:
    """How watches that are pending learn of their topics. `watches`: all of the configuration in force."""
    from monitor.adapters.kafka import topics

    ask = topics.ensure if config.settings.topics.ensure else topics.verify

    async def faults(wanted: Collection[str]) -> Mapping[str, str]:
        specs = [spec for spec in plan_of(config.settings, watches()) if spec.name in wanted]
        rows = await ask(cluster_of(config), specs)
        return {row.topic: "; ".join(filter(None, (row.problem, row.remedy))) for row in rows if not row.usable}

    return faults


def _planned(config: Config) -> list[dict[str, Any]]:
    from monitor.adapters.kafka import topics

    users: dict[TopicSpec, list[str]] = {spec: [] for spec in plan_of(config.settings, config.watches)}
    for target in targets(config):
        for spec in target.specs:
            users.setdefault(spec, []).append(target.name)
    rows = topics.planned(sorted(users, key=lambda spec: spec.name))
    names = {spec.name: ", ".join(names) for spec, names in users.items()}
    return [{**row.as_json(), "for": names[row.topic]} for row in rows]
