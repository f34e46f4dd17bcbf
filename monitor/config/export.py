"""Effective values with their source, secrets masked: what `config show` prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from monitor.config.places import Node, Path
from monitor.config.problems import spell
from monitor.config.schema import Settings, written
from monitor.model.feed import FeedSpec
from monitor.model.ids import digest
from monitor.model.units import BYTES, SECONDS, Duration, Ratio, Size
from monitor.model.watch import Place, Watch

MASK = "***"


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting: its path, its value as a file has it, and where it comes from (`default` if nobody set it)."""

    path: str
    value: Any
    source: str


def spell_value(value: Any) -> Any:
    """A value as a file has it: quantities with the largest unit that divides them, everything else as it is."""
    if isinstance(value, Duration | Size | Ratio):
        return _quantity(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {written(field.name): spell_value(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): spell_value(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [spell_value(item) for item in value]
    return value


UNITS: Mapping[type, tuple[Mapping[str, float], str]] = {
    Duration: (SECONDS, "s"),
    Size: ({unit: BYTES[unit] for unit in ("B", "KiB", "MiB", "GiB")}, "B"),
    Ratio: ({"%": 0.01}, "%"),
}


def _quantity(value: Duration | Size | Ratio) -> str:
    units, base = UNITS[type(value)]
    if not value:
        return f"0{base}"
    for unit, size in sorted(units.items(), key=lambda pair: -pair[1]):
        count = value / size
        if count >= 1 and abs(count - round(count)) < 1e-9:
            return f"{round(count)}{unit}"
    return f"{value / units[base]:g}{base}"


def effective(settings: Settings, tree: Node) -> Iterator[Effective]:
    """Every setting in the order of the schema."""
    for path, value in _leaves(spell_value(settings), ()):
        yield Effective(spell(path), _masked(value), _source(tree, path))


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(item, (*path, number))
    else:
        yield path, value


def _masked(value: Any) -> Any:
    """Userinfo of a URL is a secret, wherever it stands."""
    if isinstance(value, str):
        return re.sub(r"(?<=://)[^/@\s]+(?=@)", MASK, value)
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _source(tree: Node, path: Path) -> str:
    node = tree
    for step in path:
        below = node.at((step,))
        if below is node:
            return "default" if isinstance(node.value, dict | list) else _place(node)
        node = below
    return _place(node)


def _place(node: Node) -> str:
    place = node.key if node.key.line else node.place
    return f"{place.file}:{place.line}" if place.line else place.file


def generation(settings: Settings, feeds: Sequence[FeedSpec], watches: Sequence[Watch], versions: Sequence[str]) -> str:
    """A hash of all that decides what this installation does: equal for equal configurations, whatever files hold them.

    Secrets are not in it: it is shown in metrics and on events. Neither are the places of watches in their files.
    """
    parts = {
        "settings": spell_value(settings),
        "feeds": sorted(map(repr, feeds)),
        "watches": sorted(repr(replace(watch, place=Place(), cases=())) for watch in watches),
        "versions": list(versions),
    }
    return digest("generation", json.dumps(parts, sort_keys=True, ensure_ascii=False))[:12]
