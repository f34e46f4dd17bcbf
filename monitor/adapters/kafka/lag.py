"""How far sinks have come, as the groups that stand for them have committed it; asked from outside, joining none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from monitor.adapters.kafka.client import FAULTS, ClusterSettings, close_bounded, open_admin, overhearing, unreachable
from monitor.adapters.kafka.event_consumer import EventConsumer
from monitor.adapters.kafka.event_group import Sunk
from monitor.adapters.kafka.event_places import Part
from monitor.adapters.kafka.survey import patiently
from monitor.model.units import Instant


@dataclass(frozen=True, slots=True)
class Lag:
    """One sink: offsets it has not passed (records, and marks of transactions), records given up, when it last moved.

    `at` is None if it never did.
    """

    behind: int
    dead: int
    at: Instant | None


async def lags(settings: ClusterSettings, topics: re.Pattern[str], groups: Sequence[str]) -> Mapping[str, Lag]:
    """The lag of each group in these topics. Raises Unreachable."""
    if not groups:
        return {}
    with overhearing() as words:
        try:
            held = await _held(settings, topics)
            admin = await open_admin(settings)
            try:
                async with asyncio.timeout(settings.start_timeout):
                    return {group: _lag(held, await _committed(admin, group)) for group in groups}
            finally:
                await close_bounded(admin)
        except FAULTS as error:
            raise unreachable(settings, error, words) from error


async def _held(settings: ClusterSettings, topics: re.Pattern[str]) -> Mapping[Part, tuple[int, int]]:
    """The oldest offset of each partition, and the one behind its newest."""
    consumer = await EventConsumer.open(settings)
    try:
        parts = consumer.parts(topics)
        starts, ends = await consumer.starts(parts), await consumer.ends(parts)
        return {part: (starts[part], ends[part]) for part in starts}
    finally:
        await consumer.close()


async def _committed(admin: AIOKafkaAdminClient, group: str) -> Mapping[Part, Sunk]:
    async def ask() -> Any:
        return await admin.list_consumer_group_offsets(group)

    found = await patiently(ask)
    return {part: Sunk.of(one.offset, one.metadata) for part, one in found.items()}


def _lag(held: Mapping[Part, tuple[int, int]], sunk: Mapping[Part, Sunk]) -> Lag:
    """Where nothing was committed, everything that is held is ahead."""
    behind = sum(_ahead(start, end, sunk.get(part)) for part, (start, end) in held.items())
    return Lag(behind, sum(one.dead for one in sunk.values()), _latest(one.at for one in sunk.values()))


def _ahead(start: int, end: int, sunk: Sunk | None) -> int:
    return max(0, end - max(start, sunk.offset if sunk is not None else start))


def _latest(times: Iterable[Instant]) -> Instant | None:
    return max((at for at in times if at), default=None)
