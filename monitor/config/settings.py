"""`monitor.yaml`, `conf.d/*.yaml` and the environment, merged and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from monitor.config import environ as environment
from monitor.config import places, problems, typed
from monitor.config.export import spell_value
from monitor.config.places import Node, plant
from monitor.config.schema import (
    LEDGERS,
    SINKS,
    AnyLedger,
    AnySink,
    Settings,
    SqliteLedgerSettings,
    StdoutSettings,
    written,
)
from monitor.errors import Problem

ROOT = "monitor.yaml"
_STAND_IN = StdoutSettings()


def merge(below: Node, above: Node) -> Node:
    """Mappings are merged key by key; anything else above replaces what is below."""
    if not isinstance(below.value, dict) or not isinstance(above.value, dict):
        return above
    merged = dict(below.value)
    for key, node in above.value.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return above._replace(value=merged)


def layers(files: Mapping[str, str], environ: Mapping[str, str]) -> tuple[Node, list[Problem]]:
    """One tree of all that is said about settings, each value with the place it comes from."""
    tree, found = plant({}, ROOT), []
    names = [name for name in (ROOT,) if name in files]
    names += sorted(name for name in files if name.startswith("conf.d/") and name.endswith((".yaml", ".yml")))
    for name in names:
        documents, wrong = places.read(name, files[name])
        found += wrong
        for document in documents:
            tree, wrong = _over(tree, document)
            found += wrong
    for node in environment.overrides(environ):
        tree = merge(tree, node)
    return tree, found


def _over(tree: Node, document: Node) -> tuple[Node, list[Problem]]:
    if document.value is None:
        return tree, []
    if not isinstance(document.value, dict):
        return tree, [problems.at(document.place, "", "MON-CFG-006", "the file has to be a mapping of keys to values")]
    return merge(tree, document), []


def settings_of(files: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    """The settings alone, before the rest is read; what is wrong with them has its default."""
    return compose(layers(files, environ)[0])[0]


def compose(tree: Node) -> tuple[Settings, list[Problem]]:
    """The settings a tree describes. What is wrong keeps its default, so that the rest can be checked further."""
    ledger, found = _ledger(tree)
    sinks, wrong = _sinks(tree)
    rest = typed.without(typed.without(tree, ("sinks",)), ("ledger",))
    settings, more = typed.check(Settings, _filled(rest, Settings()))
    settings = replace(settings or Settings(), ledger=ledger)
    if sinks is None and ledger.kind == "kafka":
        # Its topics are where events go; lines in files would be those of one replica.
        sinks = ()
    return replace(settings, sinks=settings.sinks if sinks is None else sinks), [*found, *wrong, *more]


def _ledger(tree: Node) -> tuple[AnyLedger, list[Problem]]:
    """The ledger is checked as its kind; a union would report the keys of both."""
    node, default = tree.entries().get("ledger"), SqliteLedgerSettings()
    if node is None:
        return default, []
    if not isinstance(node.value, dict):
        return default, [problems.at(node.place, "ledger", "MON-CFG-006", "has to be a mapping of keys to values")]
    kind = node.entries().get("kind")
    wanted = "sqlite" if kind is None else kind.value
    if not isinstance(wanted, str) or wanted not in LEDGERS:
        place = node.place if kind is None else kind.place
        return default, [problems.at(place, "ledger.kind", "MON-CFG-007", f"has to be one of: {', '.join(LEDGERS)}")]
    ledger, wrong = typed.check(LEDGERS[wanted], node, ("ledger",))
    return ledger or default, wrong


def _filled(node: Node, default: Any) -> Node:
    """A mapping that names only some keys keeps the rest of *our* default, not that of the type it has.

    `hosts: {domain: {in_flight: 8}}` must not change the spacing of domains to that of a host.
    """
    if not isinstance(node.value, dict) or not is_dataclass(default):
        return node
    merged = dict(node.value)
    for field in fields(default):
        name, value = written(field.name), getattr(default, field.name)
        if name in merged:
            merged[name] = _filled(merged[name], value)
        elif isinstance(value, str | int | float | bool):
            merged[name] = Node(spell_value(value), node.spot, node.named)
    return node._replace(value=merged)


def _sinks(tree: Node) -> tuple[tuple[AnySink, ...] | None, list[Problem]]:
    """Each sink is checked as its kind; a union would report the keys of every kind. None: the default."""
    node = tree.entries().get("sinks")
    if node is None:
        return None, []
    if not isinstance(node.value, list):
        return None, [problems.at(node.place, "sinks", "MON-CFG-006", "has to be a list")]
    read = [_sink(entry, number) for number, entry in enumerate(node.value)]
    sinks = tuple(replace(sink, name=sink.name or sink.kind) for sink, _ in read)
    return sinks, [problem for _, wrong in read for problem in wrong] or _same_names(node, sinks)


def _sink(entry: Node, number: int) -> tuple[AnySink, list[Problem]]:
    """A sink, or one that stands in its place so that the positions of the others hold, and what is wrong with it."""
    kind = entry.entries().get("kind")
    path = f"sinks[{number}].kind"
    if kind is None:
        message = f"this key is missing; one of: {', '.join(SINKS)}"
        return _STAND_IN, [problems.at(entry.place, path, "MON-CFG-005", message)]
    if not isinstance(kind.value, str) or kind.value not in SINKS:
        return _STAND_IN, [problems.at(kind.place, path, "MON-CFG-007", f"has to be one of: {', '.join(SINKS)}")]
    sink, wrong = typed.check(SINKS[kind.value], entry, ("sinks", number))
    return sink or _STAND_IN, wrong


def _same_names(node: Node, sinks: Sequence[AnySink]) -> list[Problem]:
    seen: set[str] = set()
    found = []
    for number, sink in enumerate(sinks):
        if sink.name in seen:
            message = "another sink has this name already; give each sink a `name` of its own, it names the cursor"
            found.append(problems.at(node.at((number,)).place, f"sinks[{number}].name", "MON-CFG-011", message))
        seen.add(sink.name)
    return found
