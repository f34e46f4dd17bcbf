"""Whether the topics of a ledger are as they have to be, asked before a shard is opened.

At the start what lacks is created, if that is wanted, and what cannot be used ends the process with the commands that
mend it. Later nothing is created any more: a topic that somebody deleted while the service ran was deleted on purpose
or by mistake, and an empty one in its place would hide which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.topics import TopicRow, ensure, verify
from monitor.errors import LedgerError, UsageError
from monitor.model.notes import Note, TopicDiffers
from monitor.publish.topics import TopicSpec

FRESH, FRESH_FAULT = 3.0, 0.5
"""Seconds an answer is good for, and one that keeps shards out: those that open side by side ask once."""


class TopicGate:
    """Lets through whoever opens a shard. Several may wait at it; one of them asks the cluster."""

    def __init__(
        self,
        settings: ClusterSettings,
        plan: Callable[[], Sequence[TopicSpec]],
        *,
        ensure: bool,
        observe: Callable[[Note], None] = lambda _note: None,
        fresh: float = FRESH,
    ) -> None:
        """`plan`: what has to be there now; asked anew each time. `ensure`: what lacks at the start is created."""
        self._settings, self._plan, self._ensure, self._observe = settings, plan, ensure, observe
        self._fresh = fresh
        self._one_at_a_time = asyncio.Lock()
        self._opened = False
        """The topics have been right once."""
        self._fault: LedgerError | None = None
        self._good_until = float("-inf")
        self._told: set[tuple[str, str]] = set()

    async def admit(self) -> None:
        """Returns when every topic can be used.

        Raises UsageError at the start for what an operator has to mend, LedgerError while no broker answers and for
        what was right at the start and is so no more.
        """
        async with self._one_at_a_time:
            clock = asyncio.get_running_loop()
            if clock.time() >= self._good_until:
                self._fault = await self._look()
                self._good_until = clock.time() + (
                    self._fresh if self._fault is None else min(self._fresh, FRESH_FAULT)
                )
            if self._fault is not None:
                raise self._fault

    async def _look(self) -> LedgerError | None:
        specs = self._plan()
        create = self._ensure and not self._opened
        rows = await (ensure if create else verify)(self._settings, specs)
        if silent := next((row for row in rows if row.state == "unknown"), None):
            return LedgerError(silent.problem)
        if wrong := [row for row in rows if not row.usable]:
            if self._opened:
                return LedgerError("; ".join(map(spelt, wrong)))
            lines = [f"{len(wrong)} of {len(rows)} topics cannot be used:", *map(spelt, wrong)]
            if any(one.state == "missing" for one in wrong):
                lines.append("  `news-monitor topics ensure` creates all that are not there")
            raise UsageError("\n".join(lines))
        self._opened = True
        self._tell(rows)
        return None

    def _tell(self, rows: Sequence[TopicRow]) -> None:
        """Each difference that stops nothing, once."""
        for row in rows:
            if row.problem and (row.topic, row.problem) not in self._told:
                self._told.add((row.topic, row.problem))
                self._observe(TopicDiffers(row.topic, row.problem, row.remedy))


def spelt(row: TopicRow) -> str:
    """What is wrong with a topic and what mends it."""
    return f"  {row.topic}: {row.problem}; {row.remedy}"
