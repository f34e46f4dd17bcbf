"""Alerts read back from the log: by watch, feed, language, words and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from monitor.model.event import Logged
from monitor.model.units import Instant
from monitor.ports import Console, EventLog
from monitor.publish.envelope import ALERT, Topics
from monitor.publish.line import place

SCANNED = 5_000
"""Records looked at for one answer; what is further back is reached by the cursor."""
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for. Empty = any. `words` are looked for in title and summary, case ignored."""

    watch: str = ""
    feed: str = ""
    language: str = ""
    words: str = ""
    since: Instant | None = None
    until: Instant | None = None
    limit: int = 50
    before: int | None = None

    def fits(self, alert: Mapping[str, Any], at: Instant) -> bool:
        """Whether an alert made at `at` is wanted."""
        article = alert["article"]
        if self.watch and alert["watch"]["id"] != self.watch:
            return False
        if self.feed and article["feed"]["id"] != self.feed:
            return False
        if self.language and article["language"]["tag"].partition("-")[0].lower() != self.language.lower():
            return False
        if self.words and self.words.casefold() not in f"{article['title']} {article['summary']}".casefold():
            return False
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of alerts; `cursor` leads to the next one."""

    items: tuple[dict[str, Any], ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts of the log."""

    log: EventLog
    topics: Callable[[], Topics]
    console: Console
    scanned: int = SCANNED
    """Records looked at for one answer."""

    async def find(self, wanted: Wanted) -> Found:
        """The newest alerts that fit. Raises KeyError for a watch that does not exist."""
        topics, filters = self.topics_of(wanted), _filters(wanted)
        items: list[dict[str, Any]] = []
        before, scanned = wanted.before, 0
        while topics and scanned < self.scanned:
            rows = await self.log.latest(topics, before, CHUNK, filters)
            for row in rows:
                before, scanned = row.seq, scanned + 1
                items += read_alerts([row], wanted)
                if len(items) == wanted.limit:
                    return Found(tuple(items), self.log.token(before))
            if len(rows) < CHUNK:
                return Found(tuple(items), None)
        return Found(tuple(items), self.log.token(before) if before is not None and topics else None)

    def topics_of(self, wanted: Wanted) -> list[str]:
        """Where these alerts are. Raises KeyError for a watch that does not exist."""
        names = {row.watch.id: row.topic for row in self.console.snapshot().watches}
        if wanted.watch:
            return [names[wanted.watch]]
        return sorted(set(names.values()))


def read_alerts(rows: Sequence[Logged], wanted: Wanted) -> list[dict[str, Any]]:
    """The alerts among these records that are wanted, each with its place in the log."""
    found = []
    for row in rows:
        if ("ce_type", ALERT) in row.record.headers:
            alert = msgspec.json.decode(row.record.value)
            if wanted.fits(alert, row.record.at):
                found.append(place(row) | alert)
    return found


def _filters(wanted: Wanted) -> dict[str, str]:
    """What the log itself can leave out; a topic may hold more than alerts of one watch."""
    filters = {"ce_type": ALERT}
    filters |= {"ce_watch": wanted.watch} if wanted.watch else {}
    return filters | ({"feed": wanted.feed} if wanted.feed else {})
