"""`check`: everything that is wrong with a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import (
    CONFIG,
    FAILED,
    INVALID,
    JSON,
    configuration,
    print_json,
    print_rows,
    run_async,
    say,
    tell,
)
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.config import Config
    from monitor.errors import Problem


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(check)


def check(
    online: bool = typer.Option(False, "--online", help="Compare topics in Kafka with the plan as well."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Check the configuration. Every problem is printed with file, line and column; exit code 3 if there is one."""
    from monitor.cli.text import counted

    try:
        known = configuration(config)
    except ConfigError as error:
        show(error.problems, "error", json)
        tell(f"{counted(len(error.problems), 'problem')} in {config}")
        raise typer.Exit(INVALID) from error
    show(known.warnings, "warning", json)
    if not json:
        watches = counted(len(known.watches), "watch", "watches")
        found = f"{counted(len(known.feeds), 'feed')}, {watches}, {counted(len(known.concepts), 'concept')}"
        say(f"ok: {found}, {counted(len(known.warnings), 'warning')}, generation {known.generation}")
    if online:
        _ask_clusters(known, json)


def show(problems: Sequence[Problem], level: str, json: bool) -> None:
    """Problems, each with its place; people see the line with a caret under it."""
    for problem in problems:
        if json:
            print_json(as_object(problem, level))
        else:
            say(f"warning: {problem}" if level == "warning" else str(problem))


def as_object(problem: Problem, level: str) -> dict[str, Any]:
    """One problem, for programs; `context` is the line of a query, its caret and the remedy, or empty."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
        "id": problem.id,
        "level": level,
        "context": problem.context,
    }


def gathered(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Problems of topics, for people: what several have in common, such as a broker that is away, is said once."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault("; ".join(filter(None, (row["problem"], row["remedy"]))), []).append(row["topic"])
    return [f"{', '.join(topics)}: {said}" for said, topics in found.items()]


def _ask_clusters(config: Config, json: bool) -> None:
    from monitor.app.build.topics import echoes, left_to_start, topic_rows
    from monitor.cli.topics import worth

    found = run_async(lambda: topic_rows(config, "verify"))
    rows = [row for row in found if not left_to_start(row["state"], config)]
    wrong = [row for row in rows if row["problem"]]
    echoing = run_async(lambda: echoes(config))
    if json:
        print_rows([*wrong, *({"sink": name, "problem": echo} for name, echo in echoing)], json, ())
    else:
        say(*gathered(wrong), *(f"sink {name}: {echo}" for name, echo in echoing), *later(len(found) - len(rows)))
    if code := worth(rows) or (FAILED if echoing else 0):
        raise typer.Exit(code)


def later(count: int) -> list[str]:
    """What is said of topics that the first start makes."""
    from monitor.cli.text import counted

    return [f"{counted(count, 'topic')} will be made at the first start (topics.ensure)"] if count else []
