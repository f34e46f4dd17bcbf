"""Settings from the environment: `MONITOR__FETCH__CONCURRENCY=64`, `MONITOR__DATA_DIR=/var/lib/monitor`.

Names with a single underscore are left alone: Kubernetes injects `MONITOR_PORT` for a Service called monitor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.config import places
from monitor.config.places import Node, plant

PREFIX = "MONITOR__"


def overrides(environ: Mapping[str, str]) -> list[Node]:
    """One tree per variable, in the order of their names; each value's place is the name of its variable."""
    return [_tree(name, environ[name]) for name in sorted(environ) if name.startswith(PREFIX)]


def _tree(name: str, text: str) -> Node:
    tree: Any = value(name, text)
    for key in reversed(name.removeprefix(PREFIX).lower().split("__")):
        tree = {key: tree}
    return plant(tree, name)


def value(name: str, text: str) -> Any:
    """What a variable holds: a list or mapping in YAML's flow form, a quoted text, else a word read as in a file."""
    if text[:1] in ("[", "{", '"', "'"):
        found, problems = places.read(name, text)
        if len(found) == 1 and not problems:
            return found[0].plain()
    return places.scalar(text.strip())
