"""`once`: one round of polls, recorded and published, with one summary a poll."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.common import (
    CONFIG,
    JSON,
    check_directory,
    read_config,
    run_async,
    source_of,
    trial_configuration,
    warn_briefly,
)
from monitor.cli.input import whole
from monitor.cli.run import interruptible, rehearsal
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.config.config import Config
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
    foreign = any("://" in name for name in feed)
    chosen, feeds = select(_trial(config) if foreign else _known(config), feed)
    run_async(lambda: _once(chosen, feeds, all_, json))


def _known(directory: Path) -> Config:
    """The configuration whose ledger takes the round."""
    check_directory(directory)
    return run_async(lambda: read_config(source_of(directory)))


def _trial(directory: Path) -> Config:
    """One whose ledger is left alone; it need not be there."""
    known = trial_configuration(directory)
    warn_briefly(known.warnings)
    return known


async def _once(config: Config, feeds: frozenset[FeedId], all_: bool, json: bool) -> None:
    from monitor.app.build.service import Options, build
    from monitor.app.running import Round
    from monitor.cli.tally import Tally

    tally = Tally(json)
    options = Options(round=Round(feeds, all_), settled=tally.settled, servers=False)
    built = await build(quiet(config), None, options)
    with interruptible(built):
        await built.service.run()
    tally.finish()


def quiet(config: Config) -> Config:
    """The same without the lines of the log at `info`: the tally says of every poll what they would."""
    log = config.settings.log
    if log.level != "info":
        return config
    return replace(config, settings=replace(config.settings, log=replace(log, level="warning")))


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
    from monitor.cli.probe import check_url
    from monitor.config.feeds import derived_id
    from monitor.config.problems import suggest
    from monitor.model.feed import FeedSpec
    from monitor.model.ids import FeedId

    if "://" not in name:
        raise UsageError(f"there is no feed {whole(name)}{suggest(name, [feed.id for feed in config.feeds])}")
    check_url(name)
    return FeedSpec(FeedId(derived_id(name)), name)
