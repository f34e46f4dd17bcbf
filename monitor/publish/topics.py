"""The one table of topics: their names, how many partitions each has and how long it keeps its records.

Keys, so that order holds where consumers need it: articles, alerts and dead letters of an article by article id, feed
events by feed id. `docs/events.md` shows the same table; `news-monitor topics plan` prints it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.model.watch import Watch

DAY = 86_400_000
"""Milliseconds, the unit of `retention.ms`."""
HOUR = DAY // 24
PLACEHOLDER = "{watch}"
LONGEST = 249
_LEGAL = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it should be. `config` holds Kafka's own names and values, sorted."""

    name: str
    partitions: int
    replication: int
    config: tuple[tuple[str, str], ...]
    sharded: bool = False
    """Each partition belongs to one shard: another number of them, or another way of cleaning, loses what is known."""


@dataclass(frozen=True, slots=True)
class TopicTable:
    """Names behind the prefix; `alerts` is the template of alert topics, shared by all watches without `{watch}`."""

    prefix: str = "news."
    alerts: str = "alerts.{watch}"

    @property
    def articles(self) -> str:
        """Every article, new and updated; key article id."""
        return f"{self.prefix}articles"

    @property
    def feed_events(self) -> str:
        """What operators should know about a feed; key feed id."""
        return f"{self.prefix}feed-events"

    @property
    def dead_letters(self) -> str:
        """What could not be read or published, as raw bytes; key of the original."""
        return f"{self.prefix}dead-letters"

    @property
    def feeds(self) -> str:
        """The registry of the Kafka ledger, compacted; key feed id, partition by host."""
        return f"{self.prefix}feeds"

    @property
    def feed_state(self) -> str:
        """What is remembered of each feed, compacted; key feed id. Keys that begin with `~` belong to the shard."""
        return f"{self.prefix}feed-state"

    @property
    def rescue(self) -> str:
        """Polls that were kept on disk through an outage while their shard moved; key feed id."""
        return f"{self.prefix}rescue"

    def alert(self, watch: Watch) -> str:
        """Where alerts of this watch go: its own `topic`, else the template."""
        return self.prefix + (watch.topic or self.alerts).replace(PLACEHOLDER, watch.id)

    def plan(self, watches: Sequence[Watch], replication: int = 3, min_isr: int = 2) -> tuple[TopicSpec, ...]:
        """Every topic these watches need, by name. A topic of one watch has 3 partitions, a shared one 6."""
        specs = [
            _spec(self.articles, 12, 30, replication, min_isr),
            _spec(self.feed_events, 3, 30, replication, min_isr),
            _spec(self.dead_letters, 3, 14, replication, min_isr),
        ]
        fixed = {spec.name for spec in specs}
        for name, sharing in Counter(self.alert(watch) for watch in watches).items():
            if name not in fixed:
                partitions = 6 if sharing > 1 or PLACEHOLDER not in self.alerts else 3
                specs.append(_spec(name, partitions, 90, replication, min_isr))
        return tuple(sorted(specs, key=lambda spec: spec.name))

    def ledger_plan(
        self, shards: int, replication: int = 3, min_isr: int = 2, *, spool: bool = False
    ) -> tuple[TopicSpec, ...]:
        """What the Kafka ledger needs besides: one partition of each for every shard."""
        specs = [_compacted(name, shards, replication, min_isr) for name in (self.feed_state, self.feeds)]
        if spool:
            specs.append(replace(_spec(self.rescue, shards, 7, replication, min_isr), sharded=True))
        return tuple(specs)


def is_legal(name: str) -> bool:
    """Whether Kafka takes this as the name of a topic."""
    return len(name) <= LONGEST and name not in {".", ".."} and _LEGAL.fullmatch(name) is not None


def _spec(name: str, partitions: int, days: int, replication: int, min_isr: int) -> TopicSpec:
    config = (
        ("cleanup.policy", "delete"),
        ("compression.type", "zstd"),
        ("min.insync.replicas", str(min_isr)),
        ("retention.ms", str(days * DAY)),
    )
    return TopicSpec(name, partitions, replication, config)


def _compacted(name: str, partitions: int, replication: int, min_isr: int) -> TopicSpec:
    """The active segment is never compacted, so its size bounds a restore; tombstones outlive the slowest one."""
    config = (
        ("cleanup.policy", "compact"),
        ("compression.type", "zstd"),
        ("delete.retention.ms", str(DAY)),
        ("max.compaction.lag.ms", str(HOUR)),
        ("min.cleanable.dirty.ratio", "0.2"),
        ("min.insync.replicas", str(min_isr)),
        ("segment.bytes", str(64 << 20)),
        ("segment.ms", str(HOUR)),
    )
    return TopicSpec(name, partitions, replication, config, sharded=True)
