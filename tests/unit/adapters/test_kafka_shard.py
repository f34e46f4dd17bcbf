"""An opened shard of the Kafka ledger, without a cluster: who listens to it learns of its end."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.kept import Contents
from monitor.adapters.kafka.restore import Kept
from monitor.adapters.kafka.shard import KafkaShard
from monitor.errors import LedgerError
from monitor.model.feed import FeedChanges
from monitor.model.ids import ShardId
from monitor.state.codec import encode_spec
from monitor.testing.builders import feed


class Registry:
    """Records of the registry as they come; an exception in their place is raised, and at the end it waits."""

    def __init__(self, *found: Kept | Exception) -> None:
        self._found = list(found)
        self._closed = asyncio.Event()

    def __aiter__(self) -> Registry:
        return self

    async def __anext__(self) -> Kept:
        if self._found:
            found = self._found.pop(0)
            if isinstance(found, Exception):
                raise found
            return found
        await self._closed.wait()
        raise StopAsyncIteration

    async def close(self) -> None:
        self._closed.set()


class Producer:
    """One that writes nothing."""

    crowded = False

    async def close(self) -> None:
        """There is nothing to close."""


def shard_over(*found: Kept | Exception) -> KafkaShard:
    home: Any = SimpleNamespace(installation=Installation(), forget=lambda _shard: None)
    producer: Any = Producer()
    follower: Any = Registry(*found)
    return KafkaShard(home, ShardId(0), producer, Contents(), follower)


def put(value: bytes) -> Kept:
    return Kept(0, 7, "one", value, {})


@pytest.mark.parametrize("fault", [put(b"{}"), LedgerError("cannot be read"), ValueError("a batch that is torn")])
async def test_who_listens_is_told_what_ended_the_registry(fault: Kept | Exception) -> None:
    """Also of what no one has thought of: else the shard would never hear of a feed again, and nobody would notice."""
    shard = shard_over(put(encode_spec(feed("one"))), fault)
    changes = shard.changes()

    assert await anext(changes) == FeedChanges((feed("one"),))
    with pytest.raises(LedgerError, match="cannot be"):
        await anext(changes)
    await shard.close()


async def test_changes_end_with_the_shard() -> None:
    """Without a fault."""
    shard = shard_over()
    await shard.close()

    assert [change async for change in shard.changes()] == []
