"""Where one installation lives in a cluster: its topics, its ids, its bounds."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.model.ids import ShardId


@dataclass(frozen=True, slots=True)
class Installation:
    """Names of the ledger's topics and ids, and what its members agree on. Durations are seconds."""

    app: str = "news-monitor"
    """Prefix of group and transactional ids."""
    feeds: str = "news.feeds"
    states: str = "news.feed-state"
    rescue: str = "news.rescue"
    shards: int = 12
    """Partitions of each of the three; fixed at installation."""
    transaction_timeout: float = 30.0
    """After which brokers abort an open transaction; a commit has half of it."""
    session_timeout: float = 10.0
    """Without a heartbeat for so long a member has left the group."""
    prefix: str = "news."
    """What the names of all its topics begin with."""

    def owns(self, topic: str) -> bool:
        """Whether a topic is one it may have written to."""
        return topic.startswith(self.prefix) or topic in (self.feeds, self.states, self.rescue)

    def transactional_id(self, shard: ShardId) -> str:
        """The id whose newest producer owns the shard."""
        return f"{self.app}-{shard}"

    @property
    def registry_id(self) -> str:
        """The transactional id of whoever writes the registry."""
        return f"{self.app}-registry"

    @property
    def pollers(self) -> str:
        """The consumer group that shares the shards out."""
        return f"{self.app}-pollers"

    def sink_group(self, sink: str) -> str:
        """The consumer group whose committed offsets are the cursor of a sink."""
        return f"{self.app}-sink-{sink}"
