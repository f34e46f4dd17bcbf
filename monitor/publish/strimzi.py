"""Topics and rights as objects of the Strimzi operator, from the one table of topics. Pure.

`KafkaTopic` and `KafkaUser` of `kafka.strimzi.io/v1`, which Strimzi 0.49 brought and 1.0 left as the only one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

import yaml

from monitor.publish.topics import TopicSpec

API = "kafka.strimzi.io/v1"
Authentication = Literal["scram-sha-512", "tls", "tls-external"]


@dataclass(frozen=True, slots=True)
class Strimzi:
    """Whose objects they are. `cluster` is the name of the `Kafka` object, `app` and `prefix` as in the settings."""

    cluster: str = "kafka"
    app: str = "news-monitor"
    prefix: str = "news."
    ensure: bool = False
    """The service itself creates topics: it may then. With the operator it need not."""
    authentication: Authentication = "scram-sha-512"

    def documents(self, specs: Iterable[TopicSpec]) -> Sequence[dict[str, Any]]:
        """An object a topic, by name, then the user."""
        ordered = sorted(specs, key=lambda spec: spec.name)
        return [*(self.topic(spec) for spec in ordered), self.user()]

    def topic(self, spec: TopicSpec) -> dict[str, Any]:
        """A `KafkaTopic`."""
        return {
            "apiVersion": API,
            "kind": "KafkaTopic",
            "metadata": self._metadata(object_name(spec.name)),
            "spec": {
                "topicName": spec.name,
                "partitions": spec.partitions,
                "replicas": spec.replication,
                "config": dict(spec.config),
            },
        }

    def user(self) -> dict[str, Any]:
        """A `KafkaUser` with what the service needs and nothing else; to describe is implied by each right."""
        rights = (
            ("topic", self.prefix, ["Read", "Write", *(["Create"] if self.ensure else [])]),
            ("transactionalId", f"{self.app}-", ["Write"]),
            ("group", f"{self.app}-", ["Read"]),
        )
        acls = [
            {"resource": {"type": kind, "name": name, "patternType": "prefix"}, "operations": operations}
            for kind, name, operations in rights
        ]
        return {
            "apiVersion": API,
            "kind": "KafkaUser",
            "metadata": self._metadata(self.app),
            "spec": {
                "authentication": {"type": self.authentication},
                "authorization": {"type": "simple", "acls": acls},
            },
        }

    def render(self, specs: Iterable[TopicSpec]) -> str:
        """All of them as YAML documents."""
        return yaml.safe_dump_all(self.documents(specs), sort_keys=False, explicit_start=True, width=1000)

    def _metadata(self, name: str) -> dict[str, Any]:
        return {"name": name, "labels": {"strimzi.io/cluster": self.cluster}}


def object_name(topic: str) -> str:
    """A name Kubernetes takes: `_` and capitals are made others, and a hash then tells two topics apart."""
    name = topic.lower().replace("_", "-")
    return name if name == topic else f"{name}-{sha256(topic.encode()).hexdigest()[:8]}"
