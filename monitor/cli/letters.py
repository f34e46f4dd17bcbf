"""`dead-letters`: what could not be read or published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import CONFIG, JSON, configuration, group, print_rows, run_async, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.config import Config
    from monitor.model.event import Logged

app = group("dead-letters", "What could not be read or published, with its reason.")
LISTED = ("seq", "at", "feed", "stage", "reason", "bytes", "text")
ON_KAFKA = ("partition", "offset", *LISTED[1:])
PREVIEW = 200
"""Characters of a letter that are shown; `tail` prints it whole."""


def register(root: typer.Typer) -> None:
    """Adds the group."""
    root.add_typer(app)


@app.command("list")
def list_letters(
    limit: int = typer.Option(50, "--limit", min=1, max=10_000, help="The newest so many."),
    feed: str | None = typer.Option(None, "--feed", help="Only those of this feed."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """List dead letters, newest first."""
    known = configuration(config)
    rows = [row_of(one) for one in run_async(lambda: _latest(known, limit, feed))]
    if rows or json:
        print_rows(rows, json, LISTED if rows and "seq" in rows[0] else ON_KAFKA)
    else:
        say(run_async(lambda: _none(known, feed)))


async def _none(config: Config, feed: str | None) -> str:
    """What an empty list means."""
    from monitor.app.build.topics import was_recorded

    if not await was_recorded(config, lambda table: table.dead_letters):
        return "none: nothing was recorded yet"
    return "none: everything could be read and published" if feed is None else f"none of the feed {feed}"


async def _latest(config: Config, limit: int, feed: str | None) -> Sequence[Logged]:
    from monitor.app.build.picture import newest

    filters = {} if feed is None else {"__news.errors.feed": feed}
    return await newest(config, lambda table: table.dead_letters, limit, filters)


def row_of(one: Logged) -> dict[str, Any]:
    """One dead letter, for programs; on Kafka its place is partition and offset."""
    from monitor.model.units import rfc3339

    headers = dict(one.record.headers)
    place = {"seq": one.seq} if one.place is None else dict(zip(("partition", "offset"), one.place, strict=True))
    return {
        **place,
        "at": rfc3339(one.record.at),
        "feed": headers.get("__news.errors.feed"),
        "topic": headers.get("__news.errors.topic"),
        "stage": headers.get("__news.errors.stage"),
        "reason": headers.get("__news.errors.exception"),
        "bytes": len(one.record.value),
        "text": one.record.value.decode("utf-8", "replace")[:PREVIEW],
    }
