"""What a round of polls came to: one summary a poll, and in the end their sum."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from typing import Any

from monitor.cli.common import print_json, say
from monitor.cli.text import counted
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.notes import Polled
from monitor.model.state import Counts


class Tally:
    """Prints one summary a poll, and in the end their sum."""

    def __init__(self, json: bool) -> None:
        self._json = json
        self._counts, self._polls, self._verdicts = Counts(), 0, Counter[str]()
        self._events = self._alerts = 0
        self._duration = 0.0
        self._progress = sys.stderr.isatty() and not sys.stdout.isatty()
        """Where the summaries go to a file or a pipe, whoever waits sees a count instead."""

    def settled(self, feed: FeedSpec, outcome: Outcome) -> None:
        """One poll is durable."""
        note = next(note for note in outcome.notes if isinstance(note, Polled))
        self._polls += 1
        self._verdicts[note.verdict] += 1
        self._counts += outcome.counts
        self._events += len(outcome.events)
        self._alerts += note.alerts
        self._duration += note.duration
        if self._json:
            print_json(summary(feed, outcome, note))
        else:
            say(sentence(feed, note))
        self._show_progress()

    def finish(self) -> None:
        """The sum of all."""
        if self._progress:
            print(file=sys.stderr)
        total = {
            "polls": self._polls,
            "verdicts": dict(self._verdicts),
            "items": asdict(self._counts),
            "events": self._events,
            "alerts": self._alerts,
            "duration_s": round(self._duration, 3),
        }
        if self._json:
            print_json({"total": total})
        else:
            items = ", ".join(f"{count} {name}" for name, count in asdict(self._counts).items() if count)
            events = f"{counted(self._events, 'event')}, {counted(self._alerts, 'alert')}"
            say(f"{counted(self._polls, 'poll')}: {items or 'no items'}; {events}")

    def _show_progress(self) -> None:
        if self._progress:
            print(f"\r{counted(self._polls, 'poll')}", end="", file=sys.stderr, flush=True)


def summary(feed: FeedSpec, outcome: Outcome, note: Polled) -> dict[str, Any]:
    """One poll, for programs."""
    return {
        "feed": feed.id,
        "verdict": {"kind": note.verdict, "reason": note.reason},
        "items": asdict(outcome.counts),
        "events": len(outcome.events),
        "alerts": note.alerts,
        "duration_s": note.duration,
    }


def sentence(feed: FeedSpec, note: Polled) -> str:
    """One poll, for people."""
    verdict = f"{note.verdict} ({note.reason})" if note.reason else note.verdict
    alerts = ", ".join(f"{watch} {count}" for watch, count in note.alerts_by_watch)
    items = f"{note.fetched} items, {note.new} new, {note.updated} updated" if note.fetched else "nothing new"
    return f"{feed.id}: {verdict}; {items}{f'; alerts: {alerts}' if alerts else ''}"
