"""Concept packs, watches, filters: compiled to check them, and the cases beside each watch run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.config import feeds, watches
from monitor.errors import Problem
from monitor.model.ids import FeedId


@dataclass(slots=True)
class Judged:
    """What the match stage makes of a configuration."""

    concepts: Mapping[str, Any] = field(default_factory=dict)
    rules: Any = None
    filters: dict[FeedId, Any] = field(default_factory=dict)
    versions: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def judge(
    found_feeds: Sequence[feeds.Found], found_watches: Iterable[watches.Found], files: Mapping[str, str]
) -> Judged:
    """Compiles everything that holds a query."""
    return Judged()
