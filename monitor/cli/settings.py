"""`config`: the settings in force and where they come from, and the schemas of the files."""

from __future__ import annotations

from pathlib import Path

import typer

from monitor.cli.common import CONFIG, JSON, configuration, group, print_json, print_rows, say
from monitor.cli.input import whole
from monitor.errors import UsageError

app = group("config", "The settings in force, and the schemas of the files.")
SHOWN = ("path", "value", "source")


def register(root: typer.Typer) -> None:
    """Adds the group."""
    root.add_typer(app)


@app.command()
def show(config: Path = CONFIG, json: bool = JSON) -> None:
    """Print every setting with its value and source. Files with their line; secrets are masked."""
    from msgspec.json import encode

    from monitor.config.export import effective

    known = configuration(config)
    rows = [
        {"path": one.path, "value": one.value, "source": one.source} for one in effective(known.settings, known.tree)
    ]
    shown = rows if json else [{**row, "value": encode(row["value"]).decode().strip('"')} for row in rows]
    print_rows(shown, json, SHOWN)


@app.command()
def schema(
    name: str | None = typer.Argument(
        None, metavar="NAME", help="monitor, feeds, watches, cases or concepts; all of them without it."
    ),
    json: bool = JSON,
) -> None:
    """Print the JSON Schemas of the files, for editors. With --json each on one line."""
    from monitor.config.json_schema import render, schemas
    from monitor.config.problems import suggest

    known = schemas()
    if name is not None and name not in known:
        raise UsageError(f"there is no schema {whole(name)}{suggest(name, sorted(known))}")
    for one in [name] if name else known:
        print_json(known[one]) if json else say(render(known[one]).rstrip("\n"))
