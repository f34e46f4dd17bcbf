"""Which files outside the configuration directory a configuration names: those that hold secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.config import environ as environment
from monitor.config import places
from monitor.config.places import Node

MARK = "_file"
OURS = "keywords_file"
"""The one `…_file` that is part of the configuration itself."""


def secret_files(files: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The values of all `…_file` keys, as written, sorted. Files that cannot be read as YAML name none."""
    trees = [tree for name, text in files.items() if MARK in text for tree in _trees(name, text)]
    trees += environment.overrides(environ)
    return tuple(sorted({path for tree in trees for path in _named(tree)}))


def _trees(name: str, text: str) -> list[Node]:
    return places.read(name, text)[0] if name.endswith((".yaml", ".yml")) else []


def _named(node: Node) -> Iterator[str]:
    for key, child in node.entries().items():
        if key.endswith(MARK) and key != OURS and isinstance(child.value, str) and child.value:
            yield child.value
        yield from _named(child)
    for child in node.items():
        yield from _named(child)
