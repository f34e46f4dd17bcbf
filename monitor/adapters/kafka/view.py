"""The ledger on Kafka as somebody sees it who owns nothing: for commands, the console and the registry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.kept import Contents, contents
from monitor.adapters.kafka.restore import Kept, read_all
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, ShardId
from monitor.model.units import Instant


class KafkaView:
    """`ports.LedgerView`. Each question reads the topics anew, as of when it is asked. Raises Unreachable, LedgerError.

    States are those of feeds in the registry; the one a feed brought along counts until its new shard has its own.
    """

    def __init__(self, settings: ClusterSettings, installation: Installation) -> None:
        self._settings, self._installation = settings, installation

    async def specs(self) -> Mapping[FeedId, FeedSpec]:
        return MappingProxyType({feed: spec for feed, (_, spec) in (await self.placed()).items()})

    async def states(self) -> Mapping[FeedId, bytes]:
        shards = (await self._shards()).values()
        return MappingProxyType({feed: state for one in shards for feed, state in (one.brought | one.states).items()})

    async def dues(self) -> Mapping[FeedId, Instant]:
        shards = (await self._shards()).values()
        return MappingProxyType({feed: due for one in shards for feed, due in one.dues.items()})

    async def placed(self) -> Mapping[FeedId, tuple[ShardId, FeedSpec]]:
        """Every feed with the shard it is in now, which need not be that of its host."""
        registry = _by_shard(await read_all(self._settings, self._installation.feeds))
        return MappingProxyType(
            {
                feed: (shard, spec)
                for shard, records in sorted(registry.items())
                for feed, spec in contents(records, ()).specs.items()
            }
        )

    async def _shards(self) -> dict[ShardId, Contents]:
        """States first: a feed that moves in between has its state in the registry's record."""
        states = _by_shard(await read_all(self._settings, self._installation.states))
        registry = _by_shard(await read_all(self._settings, self._installation.feeds))
        return {shard: contents(records, states[shard]) for shard, records in registry.items()}


def _by_shard(records: Iterable[Kept]) -> defaultdict[ShardId, list[Kept]]:
    shards: defaultdict[ShardId, list[Kept]] = defaultdict(list)
    for kept in records:
        shards[ShardId(kept.partition)].append(kept)
    return shards
