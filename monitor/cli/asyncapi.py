"""`topics asyncapi`: the topics, headers and schemas in a form that tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from monitor.cli.common import CONFIG, JSON, configuration, print_json, say
from monitor.cli.topics import app


def register(_root: typer.Typer) -> None:
    """Adds the command to the group of topics."""
    app.command()(asyncapi)


def asyncapi(config: Path = CONFIG, json: bool = JSON) -> None:
    """Print what is published as an AsyncAPI 3.0 document. With --json on one line."""
    import msgspec

    made = described(config)
    if json:
        print_json(made)
    else:
        say(msgspec.json.format(msgspec.json.encode(made), indent=1).decode())


def described(directory: Path) -> dict[str, Any]:
    """The document for the topics and watches of a configuration."""
    from importlib.resources import files

    from msgspec.json import decode

    from monitor import __version__
    from monitor.publish.asyncapi import TYPES, document, with_schemas
    from monitor.publish.topics import TopicTable

    known = configuration(directory)
    topics = known.settings.topics
    table = TopicTable(topics.prefix, known.settings.alerts.topic)
    plan = table.plan(known.watches, topics.replication, topics.min_insync_replicas)
    shipped = {name: decode(files("monitor.schemas").joinpath(f"{name}.json").read_bytes()) for name in TYPES}
    return with_schemas(document(table, plan, known.watches, __version__), shipped)
