"""`tail`: the published events as they come, read beside the running service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import CONFIG, JSON, configuration, run_async, say
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.config import Config
    from monitor.model.event import Logged

CHUNK = 500
"""Events read at once."""
FROM = "begin, end, or the seq of the last event that was read; end, or begin with --no-follow."


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(tail)


def tail(
    topics: list[str] = typer.Argument(..., metavar="TOPIC", help="Topics with their prefix; * is allowed, in quotes."),
    start: str | None = typer.Option(None, "--from", metavar="PLACE", help=FROM),
    limit: int | None = typer.Option(None, "--limit", min=0, help="End after so many events."),
    follow: bool = typer.Option(True, "--follow/--no-follow", help="Wait for what comes."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Print published events, and go on as they come."""
    after = place(start or ("end" if follow else "begin"))
    known = configuration(config)
    run_async(lambda: _tail(known, Tail(tuple(topics), limit, follow, json), after))


def place(text: str) -> int | None:
    """The number to read behind; None is the end. Raises UsageError."""
    if text == "end":
        return None
    if text == "begin":
        return 0
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    raise UsageError(f"--from {text}: needs begin, end, or the seq of an event")


class Tail:
    """What is printed, and how much of it is left."""

    def __init__(self, topics: Sequence[str], limit: int | None, follow: bool, json: bool) -> None:
        self.topics, self.left, self.follow, self.json = topics, limit, follow, json

    @property
    def wanted(self) -> int:
        """How many events may still be printed, at most a chunk."""
        return CHUNK if self.left is None else min(self.left, CHUNK)

    def print(self, records: Sequence[Logged]) -> None:
        """Some events, in order."""
        from monitor.cli.text import visible
        from monitor.publish.line import line

        for one in records:
            if self.json:
                sys.stdout.write(visible(line(one).decode()) + "\n")
            else:
                say(sentence(one))
        sys.stdout.flush()
        if self.left is not None:
            self.left -= len(records)


async def _tail(config: Config, how: Tail, after: int | None) -> None:
    from monitor.app.build.view import open_view

    log = open_view(config).log
    at = await log.head() if after is None else after
    while how.wanted:
        head = await log.head()
        records = await log.read(at, how.topics, how.wanted)
        how.print(records)
        if records:
            at = records[-1].seq
        elif how.follow:
            # What lies between is of other topics: behind it waiting really waits.
            at = max(at, head)
            await log.wait(at)
        else:
            return


def sentence(one: Logged) -> str:
    """One event on one inert line: time, topic, and what it says."""
    import msgspec

    from monitor.cli.text import cut, inert
    from monitor.model.units import rfc3339

    try:
        value = msgspec.json.decode(one.record.value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = None
    said = _said(value) if isinstance(value, dict) else cut(one.record.value.decode("utf-8", "replace"), 120)
    return f"{rfc3339(one.record.at)[:19]}Z  {inert(one.record.topic)}  {inert(said)}"


def _said(value: dict[str, Any]) -> str:
    """An event in words. Whatever lacks is left out: the log may be that of a later version."""
    article = value.get("article")
    if not isinstance(article, dict):
        return f"{value.get('kind', value.get('type', ''))}  {(value.get('feed') or {}).get('id', '')}"
    hits = ", ".join(dict.fromkeys(str(hit.get("text")) for hit in value.get("hits", ()) if isinstance(hit, dict)))
    flags = f"[{', '.join(map(str, value['watches']))}]  " if value.get("watches") else ""
    found = f"{hits}  |  " if hits else flags
    feed = (article.get("feed") or {}).get("id", "")
    return f"{found}{article.get('title') or ''}  ({feed})  {article.get('url') or ''}"
