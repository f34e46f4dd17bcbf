"""Counts in how many articles the patterns of the rules occur, and keeps it, so that anchors follow the news.

A convenience: whoever starts without counts guesses, and comes to the same results at a higher cost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from monitor.app.parts import InForce
from monitor.match.frequencies import Frequencies, encode
from monitor.match.segments import Standing
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.notes import CountsNotKept, Note
from monitor.pipeline.sampling import sampled_texts
from monitor.ports import Clock, Shelf

RHYTHM = 3600.0
"""Seconds between two times that counts are kept: what a killed process has counted since is lost."""


async def change_nothing() -> None:
    """What there is to renew where nobody renews."""


class Census:
    """The counts of a process, over all its shards."""

    def __init__(
        self, frequencies: Frequencies, in_force: InForce, shelf: Shelf, clock: Clock, observe: Callable[[Note], None]
    ) -> None:
        """`frequencies`: what was counted before; it is copied."""
        self.frequencies = frequencies.copy()
        self.renew: Callable[[], Awaitable[None]] = change_nothing
        """Asks for other rules if these counts would make others."""
        self._in_force, self._shelf, self._clock, self._observe = in_force, shelf, clock, observe
        self._kept = self.frequencies.articles
        self._known: Standing | None = None
        """Rules whose patterns are counted."""
        self._trouble = ""

    def settled(self, _feed: FeedSpec, outcome: Outcome) -> None:
        """Counts of a poll that is durable, so that one that is repeated counts once."""
        rules = self._in_force.rules.rules
        if rules is not self._known:
            self.frequencies.know(rules.patterns)
            self._known = rules
        for text in sampled_texts(outcome):
            self.frequencies.see(rules.occurring(text))

    async def run(self) -> None:
        """Keeps the counts from time to time, until cancelled."""
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + RHYTHM)
            await self.keep()
            await self.renew()

    async def keep(self) -> None:
        """Lays the counts down, a week's age taken off where it is due. Trouble is told once."""
        self.frequencies.age(self._clock.now(), self._in_force.rules.rules.patterns)
        if self.frequencies.articles == self._kept:
            return
        articles = self.frequencies.articles
        trouble = await self._shelf.write(encode(self.frequencies))
        if not trouble:
            self._kept = articles
        elif trouble != self._trouble:
            self._observe(CountsNotKept(trouble))
        self._trouble = trouble
