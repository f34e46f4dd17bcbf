"""The whole configuration, checked: what the running service goes by until the next one takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.config.places import Node
from monitor.config.schema import Settings
from monitor.errors import Problem
from monitor.match.frequencies import Frequencies
from monitor.match.matcher import RuleSet
from monitor.match.packs import Concept
from monitor.match.segments import Standing
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.watch import Place, Watch


@dataclass(frozen=True, slots=True)
class Config:
    """One generation of the configuration."""

    settings: Settings
    feeds: tuple[FeedSpec, ...]
    watches: tuple[Watch, ...]
    concepts: Mapping[str, Concept]
    """Concept packs by name: the built-in ones, and over them the operator's own."""
    rules: Standing
    """All watches that are not paused, compiled."""
    filters: Mapping[FeedId, RuleSet]
    """The compiled `filter` of each feed that has one: a rule set of one watch."""
    secrets: Mapping[str, str]
    """Texts of secret files by the path as the configuration writes it."""
    generation: str
    """Stands for the effective configuration: on events and in metrics, so that two replicas can be told apart."""
    warnings: tuple[Problem, ...]
    tree: Node
    """All that was said about settings, each value with its place; what nobody said is not in it."""
    places: Mapping[FeedId, Place]
    """Where each feed stands."""
    frequencies: Frequencies = field(default_factory=Frequencies)
    """What was counted of articles when this was read; it changes what judging costs, and nothing else."""

    def secret(self, path: str | None) -> str | None:
        """The text of a secret file by the value of its `…_file` key; None if the key is not set."""
        return self.secrets[path] if path is not None else None
