"""A watch judges from the moment its topic can be used; until then it is pending.

One topic that is not there would fail the transaction of every article of its shard. So a reload takes new watches in
as pending, and a loop beside the polls arms them when their topics have been seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace

from monitor.app.parts import InForce
from monitor.model.notes import Note, WatchArmed, WatchPending
from monitor.model.watch import Watch
from monitor.pipeline import Rules
from monitor.ports import Clock

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between two looks at the topics of pending watches; doubled up to the longest."""
UNSEEN = "its topic has not been looked for yet"

Faults = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""Why topics cannot be used; what is not in the answer can be. Creates what lacks, if that is wanted."""


class Arming:
    """Which topics have been seen, and which watches wait for theirs. `in_force` has no pending watch at the start."""

    def __init__(self, in_force: InForce, clock: Clock, observe: Callable[[Note], None], faults: Faults) -> None:
        self._in_force, self._clock, self._observe, self._faults = in_force, clock, observe, faults
        self._seen = {in_force.rules.topics.alert(watch) for watch in awake(in_force.rules)}
        self._news = asyncio.Event()

    def take(self, rules: Rules) -> None:
        """Puts new rules in force. Watches whose topic has not been seen wait; those that waited go on waiting."""
        topics = {watch.id: rules.topics.alert(watch) for watch in awake(rules)}
        before = self._in_force.waiting
        waiting = {str(watch): before.get(watch, UNSEEN) for watch, topic in topics.items() if topic not in self._seen}
        self._put(rules, waiting)
        if waiting:
            self._news.set()

    async def run(self) -> None:
        """Looks for the topics of pending watches, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self._arm_all()

    async def _arm_all(self) -> None:
        wait = FIRST_WAIT
        while self._in_force.waiting:
            await self.look()
            if not self._in_force.waiting:
                return
            await self._pause(wait)
            wait = FIRST_WAIT if self._news.is_set() else min(wait * 2, LONGEST_WAIT)
            self._news.clear()

    async def _pause(self, seconds: float) -> None:
        """Ends early when a reload brought other watches."""
        until, news = self._clock.monotonic() + seconds, asyncio.ensure_future(self._news.wait())
        sleep = asyncio.ensure_future(self._clock.sleep_until(until))
        try:
            await asyncio.wait((news, sleep), return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
            sleep.cancel()

    async def look(self) -> None:
        """One look at the topics of pending watches; those that can be used arm theirs."""
        wanted = frozenset(self._topic(watch) for watch in self._pending())
        faults = await self._faults(wanted)
        self._seen |= wanted - faults.keys()
        rules, waiting = self._in_force.rules, dict(self._in_force.waiting)
        for watch in self._pending():
            topic = self._topic(watch)
            if topic in self._seen:
                del waiting[watch.id]
                self._observe(WatchArmed(watch.id, topic))
            elif topic in wanted and faults[topic] != waiting[watch.id]:
                waiting[watch.id] = faults[topic]
                self._observe(WatchPending(watch.id, topic, faults[topic]))
        self._put(rules, waiting)

    def _pending(self) -> list[Watch]:
        return [watch for watch in self._in_force.rules.rules.watches if watch.id in self._in_force.waiting]

    def _topic(self, watch: Watch) -> str:
        return self._in_force.rules.topics.alert(watch)

    def _put(self, rules: Rules, waiting: Mapping[str, str]) -> None:
        """A poll reads `rules` once, so a watch is armed for the whole of it or not at all."""
        self._in_force.rules = replace(rules, pending=frozenset(waiting))
        self._in_force.waiting = waiting


def awake(rules: Rules) -> list[Watch]:
    """Watches that need a topic."""
    return [watch for watch in rules.rules.watches if not watch.paused]


def armed(rules: Rules) -> list[Watch]:
    """Watches that may write into their topic now: it has to be there."""
    return [watch for watch in awake(rules) if watch.id not in rules.pending]
