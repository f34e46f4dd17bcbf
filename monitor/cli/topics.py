"""`topics`: what a cluster should have, has, and lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import CONFIG, FAILED, JSON, UNREACHABLE, configuration, group, print_rows, run_async, say, tell
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.app.build.topics import Step

app = group("topics", "The topics of ledger and sinks in Kafka, from one table.")
PLANNED = ("topic", "partitions", "replication", "config")
FOUND = ("topic", "state", "problem")
STRIMZI = typer.Option("", "--strimzi", metavar="CLUSTER", help="As objects of Strimzi, for the Kafka object CLUSTER.")


def register(root: typer.Typer) -> None:
    """Adds the group."""
    root.add_typer(app)


@app.command()
def plan(config: Path = CONFIG, json: bool = JSON, strimzi: str = STRIMZI) -> None:
    """Print every topic this configuration needs; asks nobody."""
    if strimzi:
        _objects(config, strimzi)
    else:
        _topics(config, "plan", json)


@app.command()
def ensure(config: Path = CONFIG, json: bool = JSON) -> None:
    """Create what a cluster lacks. What is there is never changed, only told of."""
    _topics(config, "ensure", json)


@app.command()
def verify(config: Path = CONFIG, json: bool = JSON) -> None:
    """Compare a cluster with the plan. The exit code is 1 if records cannot be written, 4 if nobody answers."""
    _topics(config, "verify", json)


def _objects(directory: Path, cluster: str) -> None:
    from monitor.app.build.topics import strimzi_objects

    say(*strimzi_objects(configuration(directory), cluster).splitlines())


def _topics(directory: Path, step: Step, json: bool) -> None:
    from monitor.app.build.topics import targets, topic_rows

    known = configuration(directory)
    asked = targets(known)
    if step != "plan" and not asked:
        raise UsageError("neither ledger nor a sink is of kind kafka: there is no cluster; `topics plan` needs none")
    rows = run_async(lambda: topic_rows(known, step))
    if json:
        print_rows(rows, json, ())
    elif step == "plan":
        print_rows([{**row, "config": _spelt(row["config"])} for row in rows], json, PLANNED)
    else:
        _show(rows, step, several=len(asked) > 1)
    if code := worth(rows):
        raise typer.Exit(code)


def _show(rows: Sequence[dict[str, Any]], step: Step, *, several: bool) -> None:
    """What was found, for people; a cluster that does not answer is told of once."""
    from monitor.cli.check import gathered

    known = [row for row in rows if row["state"] != "unknown"]
    if known:
        print_rows(known, False, ("for", *FOUND) if several else FOUND)
    tell(*(f"{row['topic']}: {row['remedy']}" for row in known if row["remedy"]))
    tell(*gathered([row for row in rows if row["state"] == "unknown"]))
    if step == "verify" and any(row["state"] == "missing" for row in rows):
        tell("`news-monitor topics ensure` makes those that are missing")


def worth(rows: Sequence[dict[str, Any]]) -> int:
    """The exit code of what was found."""
    if any(row["state"] == "unknown" for row in rows):
        return UNREACHABLE
    return 0 if all(row.get("usable", True) for row in rows) else FAILED


def _spelt(config: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in config.items())
