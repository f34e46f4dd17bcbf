"""What types cannot say about settings: bounds, set forms, keys that need one another, secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from monitor.config import forms, problems
from monitor.config.places import Node, Path
from monitor.config.schema import KafkaLedgerSettings, KafkaSettings, SecuritySettings, Settings, written
from monitor.errors import Problem

FORMS: Mapping[str, forms.Check] = {
    "contact": forms.contact,
    "app": forms.identifier,
    "topics.prefix": forms.topic_prefix,
    "alerts.topic": forms.topic_template,
    "fetch.allow_cidrs": forms.network,
    "fetch.deny_cidrs": forms.network,
    "fetch.nat64_prefixes": forms.network,
    "fetch.allow_hosts": forms.host,
    "fetch.nameservers": forms.nameserver,
    "fetch.proxy": forms.proxy_url,
    "fetch.accept": forms.text_line,
    "hosts.overrides": forms.host,
    "hosts.deny": forms.host,
    "server.host": forms.listen_host,
    "server.base_path": forms.base_path,
    "admin.host": forms.listen_host,
    "ledger.bootstrap_servers": forms.bootstrap,
    "sinks.name": forms.identifier,
    "sinks.topics": forms.topic_pattern,
    "sinks.bootstrap_servers": forms.bootstrap,
}
"""Of a list every entry is checked, of a mapping every key."""

BOUNDS: Mapping[str, tuple[float, float]] = {
    "ledger.shards": (1, 10_000),
    "ledger.session_timeout": (1, 1800),
    "ledger.transaction_timeout": (2, 900),
    "ledger.buffer": (1 << 20, 1 << 40),
    "ledger.spool.size": (1 << 20, 1 << 50),
    "topics.replication": (1, 32),
    "topics.min_insync_replicas": (1, 32),
    "fetch.concurrency": (1, 10_000),
    "fetch.total_timeout": (0.1, 600),
    "fetch.connect_timeout": (0.1, 600),
    "fetch.read_timeout": (0.1, 600),
    "fetch.min_rate": (0, 1 << 30),
    "fetch.max_body": (1 << 10, 1 << 30),
    "fetch.max_wire": (1 << 10, 1 << 30),
    "fetch.max_ratio": (1, 100_000),
    "fetch.max_redirects": (0, 20),
    "fetch.allow_ports": (1, 65_535),
    "parse.workers": (0, 256),
    "parse.lenient_workers": (1, 256),
    "parse.timeout": (0.1, 600),
    "parse.lenient_timeout": (0.1, 600),
    "parse.memory": (64 << 20, 1 << 40),
    "parse.max_tasks": (1, 1_000_000),
    "hosts.in_flight": (1, 256),
    "hosts.spacing": (0, 3600),
    "hosts.domain.in_flight": (1, 256),
    "hosts.domain.spacing": (0, 3600),
    "hosts.overrides.in_flight": (1, 256),
    "hosts.overrides.spacing": (0, 3600),
    "schedule.jitter": (0, 0.5),
    "schedule.retry_after_cap": (60, 365 * 86400),
    "schedule.error_ceiling": (60, 365 * 86400),
    "schedule.retired_probe": (3600, 365 * 86400),
    "first_import.alert_since": (0, 365 * 86400),
    "server.port": (0, 65_535),
    "admin.port": (0, 65_535),
    "retention.age": (60, 100 * 365 * 86400),
    "retention.size": (1 << 20, 1 << 50),
    "sinks.rotate": (1 << 10, 1 << 40),
    "sinks.keep": (0, 10_000),
    "sinks.max_lag": (1, 100 * 365 * 86400),
}


def settings(value: Settings, tree: Node) -> Iterator[Problem]:
    """Everything wrong with settings whose types are right."""
    for path, leaf in leaves(value):
        yield from _form(tree, path, leaf)
        yield from _bound(tree, path, leaf)
    yield from _contradictions(value, tree)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value with its path; the keys of a mapping count as values of the mapping's path."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from leaves(getattr(value, field.name), (*path, written(field.name)))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield (*path, key), key
            yield from leaves(item, (*path, key))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    elif value is not None:
        yield path, value


def _rule(path: Path) -> str:
    """The row of the tables for a path: without positions and without the keys of mappings that operators name."""
    words = [step for step in path if isinstance(step, str)]
    if words[:2] == ["hosts", "overrides"] and len(words) > 2:
        del words[2]
    return ".".join(words)


def _form(tree: Node, path: Path, leaf: Any) -> Iterator[Problem]:
    check = FORMS.get(_rule(path))
    message = check(leaf) if check and isinstance(leaf, str) else None
    if message:
        yield problems.at(tree.at(path).place, problems.spell(path), "MON-CFG-010", message)


def _bound(tree: Node, path: Path, leaf: Any) -> Iterator[Problem]:
    low, high = BOUNDS.get(_rule(path), (None, None))
    if low is None or high is None or not isinstance(leaf, int | float) or low <= leaf <= high:
        return
    kind = type(leaf)
    message = f"has to be from {kind(low)} to {kind(high)}"
    yield problems.at(tree.at(path).place, problems.spell(path), "MON-CFG-009", message)


def _contradictions(value: Settings, tree: Node) -> Iterator[Problem]:
    if value.topics.min_insync_replicas > value.topics.replication:
        place = tree.at(("topics", "min_insync_replicas")).place
        yield problems.at(place, "topics.min_insync_replicas", "MON-CFG-009", "has to be at most topics.replication")
    server, admin = value.server, value.admin
    if server and admin and server.port and (server.host, server.port) == (admin.host, admin.port):
        place = tree.at(("admin", "port")).place
        yield problems.at(
            place, "admin.port", "MON-CFG-009", "has to differ from server.port: the two are apart on purpose"
        )
    if isinstance(value.ledger, KafkaLedgerSettings):
        yield from _kafka(value.ledger, tree, ("ledger",))
    for number, sink in enumerate(value.sinks):
        if isinstance(sink, KafkaSettings):
            yield from _kafka(sink, tree, ("sinks", number))
            yield from _twice(value, sink, tree, ("sinks", number))


def _twice(value: Settings, sink: KafkaSettings, tree: Node, path: Path) -> Iterator[Problem]:
    """Topics that the ledger fills must not be filled again by a sink: consumers would see every event twice."""
    ledger = value.ledger
    if isinstance(ledger, KafkaLedgerSettings) and set(ledger.bootstrap_servers) & set(sink.bootstrap_servers):
        message = "the Kafka ledger writes these topics itself; leave this sink out, or give it another cluster"
        yield problems.at(tree.at(path).place, problems.spell(path), "MON-CFG-017", message)


def _kafka(sink: KafkaSettings | KafkaLedgerSettings, tree: Node, path: Path) -> Iterator[Problem]:
    if not sink.bootstrap_servers:
        place = tree.at((*path, "bootstrap_servers")).place
        yield problems.at(
            place, problems.spell((*path, "bootstrap_servers")), "MON-CFG-005", "needs at least one host:port"
        )
    spelt = problems.spell((*path, "security"))
    for key in _missing(sink.security):
        yield problems.at(
            tree.at((*path, "security")).place,
            f"{spelt}.{key}",
            "MON-CFG-005",
            "is needed by this protocol and mechanism",
        )


def _missing(security: SecuritySettings) -> Iterable[str]:
    """Keys that a protocol cannot do without."""
    needed: tuple[str, ...] = ()
    if security.protocol.startswith("sasl_"):
        needed = ("token_file",) if security.mechanism == "OAUTHBEARER" else ("username", "password_file")
    needed += ("key_file",) if security.cert_file else ()
    return [key for key in needed if getattr(security, key) is None]


def secret_paths(value: Any) -> Iterator[tuple[Path, str]]:
    """The secret files that a value names, each with the path of its key."""
    return ((path, leaf) for path, leaf in leaves(value) if str(path[-1]).endswith("_file"))


def secrets(value: Any, node: Node, prefix: Path, texts: Mapping[str, str]) -> Iterator[Problem]:
    """A problem for every secret file that cannot be read. What was written is not repeated: it may be the secret."""
    for path, name in secret_paths(value):
        if name not in texts:
            message = "this file cannot be read; the key takes the path of a file that holds the secret, not the secret"
            yield problems.at(node.at(path).place, problems.spell((*prefix, *path)), "MON-CFG-013", message)
