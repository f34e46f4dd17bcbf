"""`once`: one round of polls, recorded and published, with one summary a poll."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import CONFIG, FAILED, JSON, print_json, read_config, run_async, source_of
from monitor.cli.run import rehearsal
from monitor.errors import UsageError
from monitor.model.notes import Polled
from monitor.model.state import Counts

if TYPE_CHECKING:
    from monitor.config.config import Config
    from monitor.model.event import Outcome
    from monitor.model.feed import FeedSpec
    from monitor.model.ids import FeedId


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(once)


def once(
    config: Path = CONFIG,
    feed: list[str] = typer.Option([], "--feed", help="Poll this feed (id or URL), due or not."),
    all_: bool = typer.Option(False, "--all", help="Poll every feed, due or not."),
    json: bool = JSON,
) -> None:
    """Poll what is due once, record and publish it, and end."""
    run_async(lambda: _once(config, feed, all_, json))


async def _once(directory: Path, named: list[str], all_: bool, json: bool) -> None:
    from monitor.app.build.service import Options, build
    from monitor.app.shards import Round
    from monitor.app.supervise import signals

    config, feeds = select(await read_config(source_of(directory)), named)
    tally = Tally(json)
    options = Options(round=Round(feeds, all_), settled=tally.settled, servers=False)
    built = await build(config, None, options)
    with signals(built.service, built.service.console.reload, lambda: os._exit(FAILED)):
        await built.service.run()
    tally.finish()


def select(config: Config, named: list[str]) -> tuple[Config, frozenset[FeedId]]:
    """The feeds that were named. A URL nobody configured is polled with a ledger that is thrown away."""
    by_name = {feed.id: feed for feed in config.feeds} | {feed.url: feed for feed in config.feeds}
    unknown = [name for name in named if name not in by_name]
    if not unknown:
        return config, frozenset(by_name[name].id for name in named)
    if len(unknown) < len(named):
        raise UsageError("feeds of the configuration and URLs that are not in it cannot be polled in one round")
    specs = tuple(spec_of(name, config) for name in unknown)
    alone = replace(rehearsal(config), feeds=specs)
    alone = replace(alone, settings=replace(alone.settings, sinks=()))
    return alone, frozenset(spec.id for spec in specs)


def spec_of(name: str, config: Config) -> FeedSpec:
    """A feed by its URL alone. Raises UsageError for what is neither a known id nor a URL."""
    from monitor.config.feeds import derived_id
    from monitor.config.problems import suggest
    from monitor.model.feed import FeedSpec
    from monitor.model.ids import FeedId

    if not name.startswith(("http://", "https://")):
        raise UsageError(f"there is no feed {name}{suggest(name, [feed.id for feed in config.feeds])}")
    return FeedSpec(FeedId(derived_id(name)), name)


class Tally:
    """Prints one summary a poll, and in the end their sum."""

    def __init__(self, json: bool) -> None:
        self._json = json
        self._counts, self._polls, self._verdicts = Counts(), 0, Counter[str]()
        self._events = self._alerts = 0
        self._duration = 0.0

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
            print(sentence(feed, note))

    def finish(self) -> None:
        """The sum of all."""
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
            print(f"{self._polls} polls: {items or 'no items'}; {self._events} events, {self._alerts} alerts")


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
