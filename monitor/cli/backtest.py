"""`watches backtest`: a watch, as it is or as somebody means to change it, before the articles of the past."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.common import CONFIG, JSON, configuration, print_json, run_async, say
from monitor.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from monitor.config.config import Config
    from monitor.model.watch import Watch
    from monitor.pipeline.trial import Trial, Version

DAY = 86400.0
WATCH = "A watch of the configuration, or a file with one."
AGAINST = "Another version to compare with; without it a file is compared with the watch of its id."


def register(group: typer.Typer) -> None:
    """Adds the command to the group `watches`."""
    group.command()(backtest)


def backtest(  # noqa: PLR0913, PLR0917  one for each option
    watch: str = typer.Argument(..., metavar="ID|FILE", help=WATCH),
    days: int | None = typer.Option(None, "--days", min=1, help="Only so many days back; else all the log holds."),
    against: str | None = typer.Option(None, "--against", metavar="ID|FILE", help=AGAINST),
    limit: int | None = typer.Option(None, "--limit", min=1, help="Judge at most so many articles, the oldest first."),
    samples: int = typer.Option(20, "--samples", min=0, help="Articles shown of each kind."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Try a watch on the articles the ledger holds. Shows what it would have met, by what, and what an edit changes."""
    from monitor.cli.trials import rows, sentences

    known = configuration(config)
    trial = prepared(known, watch, against, samples)
    run_async(lambda: _judge(known, trial, days, limit))
    if json:
        for row in rows(trial):
            print_json(row)
    else:
        say(*sentences(trial))


def prepared(config: Config, named: str, other: str | None, samples: int) -> Trial:
    """The trial of a watch. Raises UsageError for what is neither watch nor file, ConfigError for a wrong one."""
    from time import process_time

    from monitor.pipeline.trial import Trial

    tried = find_watch(config, named)
    if other is None and named != tried.id and tried.id in [watch.id for watch in config.watches]:
        other = tried.id
    against = version_of(config, find_watch(config, other)) if other is not None else None
    return Trial(version_of(config, tried), against, {}, process_time, samples)


def find_watch(config: Config, named: str) -> Watch:
    """The watch of an id, or the only one of a file."""
    from monitor.cli.input import whole
    from monitor.config.problems import suggest

    known = {str(watch.id): watch for watch in config.watches}
    if named in known:
        return known[named]
    file = Path(named)
    if not file.is_file():
        raise UsageError(f"there is no watch and no file {whole(named)}{suggest(whole(named), list(known))}")
    return read_watch(file)


def read_watch(file: Path) -> Watch:
    """The only watch of a file, with the list of keywords it may name."""
    from monitor.cli.input import name_of
    from monitor.config import watches

    name, text = name_of(file), _text(file)
    found, wrong = watches.read(name, text, _lists(name, text))
    if wrong:
        raise ConfigError(wrong)
    if len(found) != 1:
        raise UsageError(f"{name} holds {len(found)} watches; a back-test needs a file with one")
    return found[0].watch


def _lists(name: str, text: str) -> dict[str, str]:
    """The lists of keywords a file names, those that are there."""
    from monitor.config import places, watches

    documents = places.read(name, text)[0]
    entries = [node.entries() for one in documents for node in (one, *one.at(("watches",)).items())]
    named = [entry["keywords_file"].value for entry in entries if "keywords_file" in entry]
    paths = [watches.keywords_path(name, str(value)) for value in named]
    return {path: _text(Path(path)) for path in paths if path and Path(path).is_file()}


def _text(file: Path) -> str:
    from monitor.cli.input import read_bytes

    return read_bytes(file).decode("utf-8", "replace")


def version_of(config: Config, watch: Watch) -> Version:
    """A watch among the others, as it would be in force: what is shown for a place may depend on them."""
    from dataclasses import replace

    from monitor.match.compiler import compile_rules
    from monitor.match.syntax import QueryError
    from monitor.pipeline.trial import Version

    awake = replace(watch, paused=False)
    others = {one.id: one for one in config.watches if not one.paused or one.id == watch.id}
    try:
        return Version(awake, compile_rules([*{**others, watch.id: awake}.values()], config.concepts))
    except QueryError as error:
        raise ConfigError(error.problems) from error


async def _judge(config: Config, trial: Trial, days: int | None, limit: int | None) -> None:
    from monitor.app.backtest import Span
    from monitor.app.backtest import backtest as judge
    from monitor.app.build.picture import ledger_view, table_of
    from monitor.app.build.source import system_clock
    from monitor.app.build.view import open_tail

    trial.feeds = {**await ledger_view(config).specs(), **{feed.id: feed for feed in config.feeds}}
    topic, now = table_of(config).articles, system_clock().now()
    span = Span(now - days * DAY if days else 0.0, now, limit)
    async with open_tail(config, [topic], "begin") as reading:
        await judge(reading.log, topic, reading.after, trial, span)
