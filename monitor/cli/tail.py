"""`tail`: the published events as they come, read beside the running service."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import CONFIG, JSON, configuration, run_async, say, tell
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.app.build.view import Reading
    from monitor.config.config import Config
    from monitor.model.event import Logged

CHUNK = 500
"""Events read at once."""
NAMED = 20
"""Topics that are named where none matches."""
FROM = "begin, end, or a cursor: seq of the last event, or what tail told; end, or begin with --no-follow."


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
    begin = checked(start or ("end" if follow else "begin"))
    known = configuration(config)
    run_async(lambda: _tail(known, Tail(tuple(topics), limit, follow, json), begin))


def checked(text: str) -> str:
    """A place as it may stand on a command line; what it means the log knows. Raises UsageError."""
    if re.fullmatch("[A-Za-z0-9_-]+", text, re.ASCII) is None:
        raise UsageError(f"--from {text}: needs begin, end, or a cursor")
    return text


class Tail:
    """What is printed, and how much of it is left."""

    def __init__(self, topics: Sequence[str], limit: int | None, follow: bool, json: bool) -> None:
        self.topics, self.left, self.follow, self.json = topics, limit, follow, json
        self.at = 0
        """Number of the last event that was printed."""

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
            self.at = one.seq
        sys.stdout.flush()
        if self.left is not None:
            self.left -= len(records)


async def _tail(config: Config, how: Tail, start: str) -> None:
    from monitor.app.build.sinks import plan_of
    from monitor.app.build.view import open_tail

    planned = [spec.name for spec in plan_of(config.settings, config.watches)]
    async with open_tail(config, how.topics, start) as reading:
        how.at = reading.after
        tell(*unmatched(how, sorted({*planned, *await reading.topics()})))
        try:
            await _print(reading, how)
        finally:
            if reading.unnumbered:
                tell(f"cursor: {reading.log.token(how.at)}")


def unmatched(how: Tail, known: Sequence[str]) -> list[str]:
    """What is said of names that no topic has: one line, or none."""
    from fnmatch import fnmatchcase

    lost = [name for name in how.topics if not any(fnmatchcase(topic, name) for topic in known)]
    if not lost:
        return []
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    waiting = "; waiting for one that does" if how.follow else ""
    return [f"no topic matches {', '.join(lost)}; known: {', '.join(known[:NAMED])}{more}{waiting}"]


async def _print(reading: Reading, how: Tail) -> None:
    log = reading.log
    while how.wanted:
        head = await log.head()
        records = await log.read(how.at, how.topics, how.wanted)
        how.print(records)
        if records:
            continue
        if not how.follow:
            return
        # What lies between is of other topics: behind it waiting really waits.
        how.at = max(how.at, head)
        await log.wait(how.at)


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
