"""`watches`: what is looked for, and the cases beside each watch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

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
)
from monitor.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.match.matcher import RuleSet
    from monitor.match.packs import Concept
    from monitor.model.watch import Watch

app = group("watches", "What is looked for, and the cases beside it.")
LISTED = ("id", "severity", "armed", "topic", "cases", "query")


def register(root: typer.Typer) -> None:
    """Adds the group."""
    root.add_typer(app)


@app.command("list")
def list_watches(config: Path = CONFIG, json: bool = JSON) -> None:
    """List the watches with their queries and topics."""
    from monitor.app.build.picture import table_of
    from monitor.cli.explain import all_rules

    known = trial_configuration(config)
    rules, topics = all_rules(known), table_of(known)
    print_rows([row_of(watch, rules, topics.alert(watch)) for watch in known.watches], json, LISTED)


@app.command("test")
def run_cases(
    watch: list[str] = typer.Argument(None, metavar="ID", help="Only these watches."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Run the cases beside each watch. The exit code is 1 if one does not come out as it says."""
    from monitor.cli.text import counted

    watches, rules = compiled(config)
    unknown = [name for name in watch or () if name not in [one.id for one in watches]]
    if unknown:
        raise UsageError(f"there is no watch {unknown[0]}")
    rows = [row for one in watches if not watch or one.id in watch for row in outcomes(one, rules)]
    failed = [row for row in rows if not row["ok"]]
    if json:
        for row in rows:
            print_json(row)
    else:
        for row in failed:
            expected, found = (", ".join(row[key]) or "nothing" for key in ("expect", "found"))
            say(f"{row['watch']}: case {row['case']} ({row['file']}:{row['line']}) expects {expected}; found {found}")
        say(f"{counted(len(rows), 'case')}, {len(failed)} failed")
    if failed:
        raise typer.Exit(FAILED)


def row_of(watch: Watch, rules: RuleSet, topic: str) -> dict[str, Any]:
    """One watch, for programs."""
    return {
        "id": watch.id,
        "name": watch.name or watch.id,
        "query": watch.query,
        "severity": watch.severity,
        "version": rules.version(watch.id),
        "topic": topic,
        "armed": not watch.paused,
        "languages": list(watch.languages),
        "feeds": list(watch.feeds),
        "feed_tags": list(watch.feed_tags),
        "cases": len(watch.cases),
    }


def outcomes(watch: Watch, rules: RuleSet) -> Iterator[dict[str, Any]]:
    """Every case of a watch with what was found."""
    from monitor.config.judging import run_case

    for number, case in enumerate(watch.cases, 1):
        found = run_case(watch, case, rules)
        yield {
            "watch": watch.id,
            "case": number,
            "ok": found == case.expect,
            "text": case.text,
            "expect": list(case.expect),
            "found": list(found),
            "file": case.place.file,
            "line": case.place.line,
        }


def compiled(directory: Path) -> tuple[list[Watch], RuleSet]:
    """The watches of the files alone: a case that fails makes the configuration invalid, and here it is to be shown.

    Paused watches are awake here. Raises ConfigError for watches and packs that cannot be used.
    """
    from dataclasses import replace

    from monitor.cli.common import BUILT_IN, DIRECTORY
    from monitor.config import watches
    from monitor.match.compiler import compile_rules
    from monitor.match.syntax import QueryError

    built_in = directory == DIRECTORY and not directory.is_dir()
    files = {"watches/built-in.yaml": BUILT_IN} if built_in else run_async(source_of(directory).read).files
    found: list[Watch] = []
    wrong = []
    for name in sorted(files):
        if name.startswith("watches/") and name.endswith((".yaml", ".yml")):
            here, problems = watches.read(name, files[name], files)
            found += [replace(one.watch, paused=False) for one in here]
            wrong += problems
    packs, more = _packs(files)
    if wrong or more:
        raise ConfigError([*wrong, *more])
    try:
        return found, compile_rules(found, packs)
    except QueryError as error:
        raise ConfigError(error.problems) from error


def _packs(files: Mapping[str, str]) -> tuple[Mapping[str, Concept], Any]:
    from monitor.match.concepts import builtin_packs, load_packs

    own = {name: files[name] for name in sorted(files) if name.startswith("concepts/")}
    packs, wrong = load_packs(own)
    return {**builtin_packs(), **packs}, wrong
