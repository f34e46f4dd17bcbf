"""`watches`: what is looked for, and the cases beside each watch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli import backtest, lint
from monitor.cli.common import (
    CONFIG,
    FAILED,
    JSON,
    group,
    print_json,
    print_rows,
    run_async,
    say,
    source_of,
    trial_configuration,
    warn,
)
from monitor.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.match.matcher import RuleSet
    from monitor.match.packs import Concept
    from monitor.match.query import Query
    from monitor.model.watch import Watch

app = group("watches", "What is looked for, and the cases beside it.")
LISTED = ("id", "severity", "owner", "armed", "topic", "cases", "packs", "query")


def register(root: typer.Typer) -> None:
    """Adds the group."""
    backtest.register(app)
    lint.register(app)
    root.add_typer(app)


@app.command("list")
def list_watches(config: Path = CONFIG, json: bool = JSON) -> None:
    """List the watches with their queries and topics."""
    from monitor.app.build.picture import table_of
    from monitor.cli.explain import all_rules

    known = trial_configuration(config)
    rules, topics = all_rules(known), table_of(known)
    rows = [
        {**row_of(query.watch, query.version, topics.alert(query.watch)), "packs": packs_of(query, known.concepts)}
        for query in rules.queries
    ]
    print_rows(rows if json else list(map(_short, rows)), json, LISTED)
    if not json:
        warn([one for one in known.warnings if one.id.startswith("MON-LNT")])


@app.command("test")
def run_cases(
    watch: list[str] = typer.Argument(None, metavar="ID", help="Only these watches, and packs of your own as @name."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Run the cases of each watch and the examples of your own packs. Exit code 1 if one does not come out."""
    from monitor.cli.cases import outcomes, sentences

    watches, rules, packs = compiled(config)
    check_ids(watch or (), watches)
    rows = [row for one in watches if not watch or one.id in watch for row in outcomes(one, rules, packs)]
    if json:
        for row in rows:
            print_json(row)
    else:
        say(*sentences(rows))
    if not all(row["ok"] for row in rows):
        raise typer.Exit(FAILED)


def check_ids(named: Sequence[str], watches: Sequence[Watch]) -> None:
    """Raises UsageError for a watch that does not exist."""
    from monitor.cli.input import whole
    from monitor.config.problems import suggest

    known = [watch.id for watch in watches]
    for name in named:
        if name not in known:
            raise UsageError(f"there is no watch {whole(name)}{suggest(name, known)}")


def row_of(watch: Watch, version: str, topic: str) -> dict[str, Any]:
    """One watch, for programs."""
    return {
        "id": watch.id,
        "name": watch.name or watch.id,
        "query": watch.query,
        "severity": watch.severity,
        "owner": watch.owner,
        "version": version,
        "topic": topic,
        "armed": not watch.paused,
        "languages": list(watch.languages),
        "feeds": list(watch.feeds),
        "feed_tags": list(watch.feed_tags),
        "cases": len(watch.cases),
    }


def packs_of(query: Query, packs: Mapping[str, Concept]) -> list[dict[str, str]]:
    """The packs a watch uses, each with who has reviewed it."""
    from monitor.match.syntax import leaves

    names = sorted({leaf.text for leaf in leaves(query.tree) if leaf.kind == "concept"})
    return [{"name": name, "status": packs[name].status} for name in names]


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """For people: a pack nobody has said anything about is one nobody has reviewed."""
    return {**row, "packs": [f"@{pack['name']}: {pack['status'] or 'not reviewed'}" for pack in row["packs"]]}


def compiled(directory: Path) -> tuple[list[Watch], RuleSet, Mapping[str, Concept]]:
    """The watches of the files alone: a case that fails makes the configuration invalid, and here it is to be shown.

    Behind them the operator's own packs, each as a watch. Paused watches are awake. Raises ConfigError for watches and
    packs that cannot be used.
    """
    from dataclasses import replace

    from monitor.cli.cases import pack_watches
    from monitor.cli.common import BUILT_IN, DIRECTORY
    from monitor.config import watches
    from monitor.match.compiler import compile_rules
    from monitor.match.syntax import QueryError

    built_in = directory == DIRECTORY and not directory.is_dir()
    files = {"watches/built-in.yaml": BUILT_IN} if built_in else run_async(source_of(directory).read).files
    entries, wrong = watches.read_all(files)
    own = {name: files[name] for name in sorted(files) if name.startswith("concepts/")}
    packs, more = _packs(own)
    if wrong or more:
        raise ConfigError([*wrong, *more])
    found = [*(replace(one.watch, paused=False) for one in entries), *pack_watches(own)]
    try:
        return found, compile_rules(found, packs), packs
    except QueryError as error:
        raise ConfigError(error.problems) from error


def _packs(own: Mapping[str, str]) -> tuple[Mapping[str, Concept], Any]:
    from monitor.match.concepts import load_packs, with_builtin

    packs, wrong = load_packs(own)
    return with_builtin(packs), wrong
