"""What only a cluster can tell of an installation on it: who runs, how far its sinks are, the newest alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.app.build.clustered import cluster_of, installation_of, table_of
from monitor.app.build.sinks import name_of
from monitor.config.config import Config
from monitor.errors import Unreachable
from monitor.model.event import Logged
from monitor.model.snapshot import SinkRow
from monitor.ports import SinkCursor

FILTERED = 10_000
"""Events that are looked through for some of them."""
LEAST = 50
"""Events that are read at least."""
LOOKS = 5
"""How often a busy cluster is waited for."""
SIZE = 64 << 20
"""Bytes of events that are read at most."""


async def running_members(config: Config) -> int | None:
    """How many processes share the feeds now; None where that is not ours to see."""
    from monitor.adapters.kafka.survey import members

    try:
        return await members(cluster_of(config), installation_of(config).pollers)
    except Unreachable:
        return None


async def sinks_of(config: Config) -> Sequence[tuple[SinkRow, SinkCursor | None]]:
    """Each sink by what its group has committed. Raises Unreachable."""
    from monitor.adapters.kafka.event_places import event_topics
    from monitor.adapters.kafka.lag import lags

    names = [(name_of(sink), sink.kind) for sink in config.settings.sinks]
    groups = {name: installation_of(config).sink_group(name) for name, _ in names}
    topics = event_topics(table_of(config), own_topics(config))
    found = await lags(cluster_of(config), topics, list(groups.values()))
    rows = []
    for name, kind in names:
        lag = found[groups[name]]
        cursor = None if lag.at is None else SinkCursor(name, 0, lag.at, lag.dead)
        rows.append((SinkRow(name, kind, 0, lag.behind, lag.dead), cursor))
    return rows


async def newest_alert(config: Config) -> Logged | None:
    """Of all watches. Raises Unreachable."""
    alerts = sorted({table_of(config).alert(watch) for watch in config.watches})
    found = await newest(config, alerts, 1) if alerts else ()
    return found[0] if found else None


async def newest(
    config: Config, topics: Sequence[str], limit: int, filters: Mapping[str, str] | None = None
) -> Sequence[Logged]:
    """The newest events of some topics, descending; filtered ones of the last `FILTERED`. Raises Unreachable."""
    from monitor.adapters.kafka.event_places import event_topics
    from monitor.adapters.kafka.events import KafkaEventLog

    pattern = event_topics(table_of(config), own_topics(config), topics)
    # Marks of transactions have offsets too, and may be as many as records.
    hold = 2 * max(limit, FILTERED if filters else LEAST)
    log = KafkaEventLog.window(cluster_of(config), lambda: pattern, hold=hold, size=SIZE)
    try:
        for _ in range(LOOKS):
            # Answers at once when everything is read that was there, else after some seconds.
            await log.head()
            if log.problem:
                raise Unreachable(log.problem)
        return await log.latest(limit=limit, filters=filters)
    finally:
        await log.close()


def own_topics(config: Config) -> Sequence[str]:
    """Topics that watches name themselves, behind the prefix."""
    return [watch.topic for watch in config.watches if watch.topic]
