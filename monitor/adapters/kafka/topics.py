"""Topics as they are beside topics as they should be, with the command that mends each difference.

What a cluster lacks is a value (`TopicRow`), never an exception: `topics plan | ensure | verify` print the rows, and
the start of the service shows those that are not `usable`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from monitor.adapters.kafka.client import FAULTS, ClusterSettings, close_bounded, open_admin
from monitor.errors import Unreachable
from monitor.publish.topics import TopicSpec, is_legal

State = Literal["planned", "ok", "created", "missing", "partitions", "policy", "settings", "denied", "name", "unknown"]
POLICY = "cleanup.policy"
SETTLE, PAUSE = 10.0, 0.05
"""Seconds until a topic just created has to be known, and between two looks."""


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One topic: what is planned, what is wrong and the command that mends it (both empty if nothing is)."""

    topic: str
    partitions: int
    replication: int
    config: dict[str, str]
    state: State
    problem: str = ""
    remedy: str = ""

    @property
    def usable(self) -> bool:
        """Whether records can be written; other settings than planned are told, and stop nothing."""
        return self.state in {"ok", "created", "settings"}

    def as_json(self) -> dict[str, Any]:
        """The object of `topics … --json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a cluster has."""

    partitions: int
    replication: int
    error: int


def planned(specs: Sequence[TopicSpec]) -> tuple[TopicRow, ...]:
    """The table itself; asks nobody."""
    return tuple(row(spec, "planned") for spec in specs)


async def verify(settings: ClusterSettings, specs: Sequence[TopicSpec]) -> tuple[TopicRow, ...]:
    """Compares, changes nothing. Every row is `unknown` if the cluster does not answer."""
    return await _asked(settings, specs, create=False)


async def ensure(settings: ClusterSettings, specs: Sequence[TopicSpec]) -> tuple[TopicRow, ...]:
    """Creates what is missing and compares; never changes a topic that is there."""
    return await _asked(settings, specs, create=True)


async def _asked(settings: ClusterSettings, specs: Sequence[TopicSpec], *, create: bool) -> tuple[TopicRow, ...]:
    tool = Tool(settings)
    try:
        admin = await open_admin(settings)
    except Unreachable as error:
        return tuple(row(spec, "unknown", str(error)) for spec in specs)
    try:
        async with asyncio.timeout(settings.start_timeout + SETTLE):
            refused = await _create(admin, tool, specs) if create else {}
            return await _compare(admin, tool, specs, refused)
    except FAULTS as error:
        cause = f"the cluster does not answer: {str(error) or type(error).__name__}"
        return tuple(row(spec, "unknown", cause) for spec in specs)
    finally:
        await close_bounded(admin)


async def _create(admin: AIOKafkaAdminClient, tool: Tool, specs: Sequence[TopicSpec]) -> dict[str, TopicRow]:
    """Creates the missing ones; a row for each that was created or refused."""
    there = await _found(admin)
    wanted = {spec.name: spec for spec in specs if spec.name not in there and is_legal(spec.name)}
    if not wanted:
        return {}
    topics = [
        NewTopic(one.name, one.partitions, one.replication, topic_configs=dict(one.config)) for one in wanted.values()
    ]
    answer = await admin.create_topics(topics)
    rows = {}
    for name, code, *message in answer.topic_errors:
        error = for_code(code)
        if error is NoError:
            rows[name] = row(wanted[name], "created")
        elif error is not TopicAlreadyExistsError:
            rows[name] = tool.refusal(wanted[name], error, message[0] or error.__name__)
    await _settle(admin, {name for name, made in rows.items() if made.state == "created"})
    return rows


async def _settle(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """Waits until the brokers tell of the new topics: they learn of them one after the other."""
    for _ in range(round(SETTLE / PAUSE)):
        if not names - (await _found(admin)).keys():
            return
        await asyncio.sleep(PAUSE)


async def _compare(
    admin: AIOKafkaAdminClient, tool: Tool, specs: Sequence[TopicSpec], known: Mapping[str, TopicRow]
) -> tuple[TopicRow, ...]:
    found = await _found(admin)
    configs = await _configs(admin, [spec.name for spec in specs if spec.name in found])
    rows = []
    for spec in specs:
        now = tool.compare(spec, found.get(spec.name), configs.get(spec.name, {}))
        before = known.get(spec.name)
        rows.append(before if before is not None and now.state in {"ok", "missing"} else now)
    return tuple(rows)


async def _found(admin: AIOKafkaAdminClient) -> dict[str, _Found]:
    """Every topic of the cluster: asked for by name, brokers of default settings would create it."""
    return {
        topic["topic"]: _Found(
            len(topic["partitions"]),
            min((len(part["replicas"]) for part in topic["partitions"]), default=0),
            topic["error_code"],
        )
        for topic in await admin.describe_topics()
    }


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Settings of topics; nothing for those whose settings may not be read."""
    if not names:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for code, _, _, name, entries in answer.resources
        if code == 0
    }


def row(spec: TopicSpec, state: State, problem: str = "", remedy: str = "") -> TopicRow:
    """A topic of the plan with what was found."""
    return TopicRow(spec.name, spec.partitions, spec.replication, dict(spec.config), state, problem, remedy)


class Tool:
    """Judges a topic, and writes the command of Kafka's own tools that mends it."""

    def __init__(self, settings: ClusterSettings) -> None:
        secured = settings.security.protocol != "plaintext"
        self._at = f"--bootstrap-server {','.join(settings.bootstrap_servers)}"
        self._at += " --command-config client.properties" if secured else ""
        self._user = settings.security.username or "ANONYMOUS"

    def compare(self, spec: TopicSpec, found: _Found | None, config: Mapping[str, str]) -> TopicRow:
        """`found` None: not there, or not ours to see. `config` empty: may not be read, and is then not judged."""
        if not is_legal(spec.name):
            return row(spec, "name", "Kafka allows A-Z a-z 0-9 . _ - in names, at most 249", "change topics.prefix")
        if found is None:
            return row(spec, "missing", "not there, or not ours to see", self.creation(spec))
        if for_code(found.error) is TopicAuthorizationFailedError:
            return row(spec, "denied", "no right to see it", self.grant(spec.name, "Describe", "Write"))
        if (unusable := self._unusable(spec, found.partitions, config)) is not None:
            return unusable
        if found.replication < spec.replication:
            problem = f"{found.replication} replicas instead of {spec.replication}"
            return row(spec, "settings", problem, f"kafka-reassign-partitions.sh {self._at} --generate, then --execute")
        return self._compare_settings(spec, config)

    def refusal(self, spec: TopicSpec, error: type[Exception], message: str) -> TopicRow:
        """A topic the cluster would not create."""
        if error in {TopicAuthorizationFailedError, ClusterAuthorizationFailedError}:
            return row(spec, "denied", f"no right to create it: {message}", self.grant(spec.name, "Create", "Write"))
        if error is InvalidReplicationFactorError:
            remedy = "set topics.replication and topics.min_insync_replicas to what the cluster has brokers for"
            return row(spec, "missing", message, remedy)
        return row(spec, "missing", message, self.creation(spec))

    def creation(self, spec: TopicSpec) -> str:
        settings = " ".join(f"--config {name}={value}" for name, value in spec.config)
        size = f"--partitions {spec.partitions} --replication-factor {spec.replication}"
        return f"kafka-topics.sh {self._at} --create --topic {spec.name} {size} {settings}"

    def growth(self, spec: TopicSpec) -> str:
        return f"kafka-topics.sh {self._at} --alter --topic {spec.name} --partitions {spec.partitions}"

    def grant(self, name: str, *operations: str, kind: str = "topic") -> str:
        rights = " ".join(f"--operation {operation}" for operation in operations)
        return f"kafka-acls.sh {self._at} --add --allow-principal User:{self._user} {rights} --{kind} {name}"

    def _compare_settings(self, spec: TopicSpec, config: Mapping[str, str]) -> TopicRow:
        other = {name: value for name, value in spec.config if config and config.get(name) != value}
        if not other:
            return row(spec, "ok")
        problem = ", ".join(f"{name} is {config.get(name)} instead of {value}" for name, value in other.items())
        return row(spec, "settings", problem, self._alteration(spec, tuple(other)))

    def _unusable(self, spec: TopicSpec, partitions: int, config: Mapping[str, str]) -> TopicRow | None:
        if partitions < spec.partitions or (spec.sharded and partitions != spec.partitions):
            return self._miscounted(spec, partitions)
        policy, wanted = config.get(POLICY), dict(spec.config).get(POLICY)
        if not spec.sharded or policy is None or policy == wanted:
            return None
        problem = f"{POLICY} is {policy} instead of {wanted}: what has to stay would go"
        return row(spec, "policy", problem, self._alteration(spec, (POLICY,)))

    def _miscounted(self, spec: TopicSpec, found: int) -> TopicRow:
        """Partitions can be added and never taken away, and the place of a shard follows from their number."""
        problem = f"{found} partitions instead of {spec.partitions}"
        if not spec.sharded:
            return row(spec, "partitions", problem, self.growth(spec))
        problem += ": there have to be ledger.shards of them, one a shard"
        remedy = f"set ledger.shards to {found}, as at installation"
        if found < spec.partitions:
            remedy += f"; or, as long as nothing has run on it, {self.growth(spec)}"
        return row(spec, "partitions", problem, remedy)

    def _alteration(self, spec: TopicSpec, names: Sequence[str]) -> str:
        wanted = dict(spec.config)
        change = f"kafka-configs.sh {self._at} --alter --entity-type topics --entity-name {spec.name}"
        # Brackets keep a value with a comma together.
        values = ",".join(
            f"{name}=[{value}]" if "," in (value := wanted[name]) else f"{name}={value}" for name in names
        )
        return f"{change} --add-config {values}"
