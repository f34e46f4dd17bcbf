"""An operator who does exactly what a message says: the commands of Kafka's own tools in a text, carried out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

COMMAND = re.compile(r"(kafka-(?:topics|acls)\.sh) ((?:--[a-z-]+(?: (?!--)[^\s;\"]+)?\s?)+)")
LIMIT = 20.0


def commands(text: str) -> list[tuple[str, str]]:
    """Those in a text, each once: the tool and its options."""
    return list(dict.fromkeys((tool, words.strip()) for tool, words in COMMAND.findall(text)))


def obey(bootstrap_servers: Sequence[str], text: str) -> int:
    """Carries out every command in a text at these brokers, each once; how many there were."""
    admin = AdminClient({"bootstrap.servers": ",".join(bootstrap_servers), "log_level": 0})
    found = commands(text)
    for tool, words in found:
        given = options(words)
        (_grant if tool == "kafka-acls.sh" else _make)(admin, given)
    return len(found)


def options(words: str) -> dict[str, list[str]]:
    """Options with their values, in order; a flag has none."""
    given: dict[str, list[str]] = {}
    name = ""
    for word in shlex.split(words):
        if word.startswith("--"):
            name = word[2:]
            given.setdefault(name, [])
        else:
            given[name].append(word)
    return given


def _make(admin: AdminClient, given: dict[str, list[str]]) -> None:
    (topic,), (partitions,) = given["topic"], given["partitions"]
    if "create" in given:
        config = dict(pair.split("=", 1) for pair in given.get("config", []))
        (copies,) = given["replication-factor"]
        asked = admin.create_topics([NewTopic(topic, int(partitions), int(copies), config=config)])
    else:
        assert "alter" in given
        asked = admin.create_partitions([NewPartitions(topic, int(partitions))])
    for done in asked.values():
        done.result(LIMIT)


KINDS = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}


def _grant(admin: AdminClient, given: dict[str, list[str]]) -> None:
    assert "add" in given
    (user,) = given["allow-principal"]
    pattern = given.get("resource-pattern-type", ["literal"])[0].upper()
    wanted = [
        AclBinding(
            kind,
            name,
            ResourcePatternType[pattern],
            user,
            "*",
            AclOperation[operation.upper()],
            AclPermissionType.ALLOW,
        )
        for option, kind in KINDS.items()
        for name in given.get(option, [])
        for operation in given["operation"]
    ]
    for done in admin.create_acls(wanted).values():
        done.result(LIMIT)
