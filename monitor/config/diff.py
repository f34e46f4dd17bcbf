"""What changes from one configuration to the next: added, changed, removed. It can be flipped to go back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from monitor.config import problems
from monitor.config.checks import leaves
from monitor.config.config import Config
from monitor.config.problems import spell
from monitor.config.schema import Settings
from monitor.errors import Problem
from monitor.model.feed import FeedChanges, FeedSpec
from monitor.model.watch import Place, Watch

T = TypeVar("T")

MANY = 10
SHARE = 0.1
"""A removal of more feeds than the one and more than this share of all needs to be meant."""
AT_START = ("data_dir", "app", "contact", "ledger", "topics", "sinks", "parse", "server", "admin", "retention", "log")
"""Settings that are taken up only when the program starts."""


@dataclass(frozen=True, slots=True)
class Delta(Generic[T]):
    """Two lists of things with ids, compared. `changed` holds what is new beside what was, in pairs (old, new)."""

    added: tuple[T, ...] = ()
    changed: tuple[tuple[T, T], ...] = ()
    removed: tuple[T, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def flipped(self) -> Delta[T]:
        """The way back."""
        return Delta(self.removed, tuple((new, old) for old, new in self.changed), self.added)


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """All that a reload has to do."""

    feeds: Delta[FeedSpec]
    watches: Delta[Watch]
    settings: tuple[str, ...]
    """Paths of settings whose values differ."""
    rules: bool
    """Watches, filters or concept packs differ, so articles are judged by other rules."""
    secrets: tuple[str, ...]
    """Secret files whose texts differ."""

    def __bool__(self) -> bool:
        return bool(self.feeds or self.watches or self.settings or self.rules or self.secrets)

    @property
    def restart(self) -> tuple[str, ...]:
        """Changed settings that the running program cannot take up."""
        return tuple(path for path in self.settings if path.split(".")[0].split("[")[0] in AT_START)

    def feed_changes(self) -> FeedChanges:
        """The step of the registry that brings it up to date."""
        put = self.feeds.added + tuple(new for _, new in self.feeds.changed)
        return FeedChanges(put, tuple(feed.id for feed in self.feeds.removed))

    def flipped(self) -> ConfigDiff:
        """The way back."""
        return replace(self, feeds=self.feeds.flipped(), watches=self.watches.flipped())


def diff(old: Config, new: Config) -> ConfigDiff:
    """What leads from one configuration to the other."""
    watches = delta(map(_bare, old.watches), map(_bare, new.watches), lambda watch: watch.id)
    secrets = old.secrets.keys() | new.secrets.keys()
    return ConfigDiff(
        feeds=feeds(old.feeds, new.feeds),
        watches=watches,
        settings=_settings(old.settings, new.settings),
        rules=bool(watches) or _filters(old) != _filters(new) or _digests(old) != _digests(new),
        secrets=tuple(sorted(path for path in secrets if old.secrets.get(path) != new.secrets.get(path))),
    )


def feeds(old: Iterable[FeedSpec], new: Iterable[FeedSpec]) -> Delta[FeedSpec]:
    """Feeds of the configuration compared; those that were added while running are nobody's business here."""
    return delta((feed for feed in old if feed.origin == "config"), new, lambda feed: feed.id)


def delta(old: Iterable[T], new: Iterable[T], key: Callable[[T], str]) -> Delta[T]:
    """Two lists compared by key, each part in the order of its list."""
    before = {key(thing): thing for thing in old}
    after = {key(thing): thing for thing in new}
    return Delta(
        added=tuple(thing for name, thing in after.items() if name not in before),
        changed=tuple((before[name], thing) for name, thing in after.items() if before.get(name, thing) != thing),
        removed=tuple(thing for name, thing in before.items() if name not in after),
    )


def mass_removal(feeds: Delta[FeedSpec], before: int, settings: Settings) -> tuple[Problem, ...]:
    """A problem if too many of `before` feeds would go at once. A renamed feed does not count as gone."""
    renamed = {feed.renamed_from for feed in feeds.added}
    gone = sum(feed.id not in renamed for feed in feeds.removed)
    if settings.allow_mass_removal or gone <= MANY or gone <= SHARE * before:
        return ()
    message = f"this would remove {gone} of {before} feeds; set `allow_mass_removal: true` if that is meant"
    return (problems.at(Place("feeds/"), "allow_mass_removal", "MON-CFG-020", message),)


def _filters(config: Config) -> dict[str, str]:
    return {feed.id: feed.filter for feed in config.feeds if feed.filter is not None}


def _digests(config: Config) -> dict[str, str]:
    return {name: concept.digest for name, concept in config.concepts.items()}


def _bare(watch: Watch) -> Watch:
    """A watch without the places it stands at: moving it to another file changes nothing."""
    return replace(watch, place=Place(), cases=tuple(replace(case, place=Place()) for case in watch.cases))


def _settings(old: Settings, new: Settings) -> tuple[str, ...]:
    before, after = dict(leaves(old)), dict(leaves(new))
    paths = [*after, *(path for path in before if path not in after)]
    return tuple(spell(path) for path in paths if before.get(path) != after.get(path))
