"""Which right a fault speaks of, and the command of Kafka's own tools that grants it."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.topics import Tool

IDS = "resource-pattern-type prefixed --transactional-id"
"""One grant for all shards, whose ids differ in their last part only."""


def lacking(settings: ClusterSettings, fault: BaseException | None, operation: str = "Read") -> str:
    """The right that lacks, with the command; empty if the fault speaks of none. `operation`: as tried on a topic."""
    tool, names = Tool(settings), _names(fault)
    match fault:
        case TopicAuthorizationFailedError():
            what, commands = "topic", [tool.grant(name, operation) for name in names]
        case GroupAuthorizationFailedError():
            what, commands = "group", [tool.grant(name, "Read", kind="group") for name in names]
        case TransactionalIdAuthorizationFailed():
            prefixes = [f"{name.rpartition('-')[0]}-" for name in names]
            what, commands = "transactional id", [tool.grant(prefix, "Write", kind=IDS) for prefix in prefixes]
        case _:
            return ""
    return f"no right to {what} {', '.join(names)}: {'; '.join(commands)}" if names else ""


def _names(fault: BaseException | None) -> Sequence[str]:
    """What the library says it is about: one name, or a set of them."""
    if fault is None or not fault.args:
        return ()
    named = fault.args[0]
    return sorted(named) if isinstance(named, set | frozenset) else [str(named)]
