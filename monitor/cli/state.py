"""`state`: what an installation remembers, as a file, and a file as what an installation remembers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from monitor.cli.common import CONFIG, JSON, configuration, group, print_json, run_async, say, tell
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.config.config import Config
    from monitor.state.export import Remembered

app = group("state", "Moves an installation from one ledger to another.")
STANDARD = Path("-")


def register(root: typer.Typer) -> None:
    """Adds the group."""
    root.add_typer(app)


@app.command()
def export(
    file: Path = typer.Argument(..., metavar="FILE", help="Where to; - is standard output."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Write all feeds with what is remembered of them. Stop the service first: what it publishes later is not in it."""
    from monitor.app.build.moving import origin_of
    from monitor.cli.text import counted
    from monitor.state.export import write

    known = configuration(config)
    feeds, who = run_async(lambda: _remembered(known))
    if who:
        tell(f"warning: the service runs ({who}); whatever it publishes from now on is not in this file")
    put(file, write(origin_of(known), feeds))
    states = sum(one.state is not None for one in feeds)
    if json and file != STANDARD:
        print_json({"file": str(file), "ledger": known.settings.ledger.kind, "feeds": len(feeds), "states": states})
    elif file != STANDARD:
        say(f"{file}: {counted(len(feeds), 'feed')}, {states} of them read before")


@app.command("import")
def import_(
    file: Path = typer.Argument(..., metavar="FILE", help="What `state export` wrote; - is standard input."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace what the ledger remembers of the same feeds."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Take the feeds of a file into a ledger that nobody uses. To a service that then starts nothing of it is new."""
    from monitor.app.build.moving import remember
    from monitor.cli.text import counted

    known, feeds = configuration(config), take(file)
    taken = run_async(lambda: remember(known, feeds, overwrite=overwrite))
    ledger = known.settings.ledger.kind
    if json:
        print_json({"file": str(file), "ledger": ledger, "feeds": taken.feeds, "states": taken.states})
    else:
        say(f"{counted(taken.feeds, 'feed')} taken over into the {ledger} ledger, {taken.states} of them read before")


def put(file: Path, lines: Iterable[bytes]) -> None:
    """Writes all of it or, into a file, nothing: an older one stays until the new one is whole."""
    if file == STANDARD:
        sys.stdout.flush()
        _write(sys.stdout.buffer, lines)
        return
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as out:
            _write(out, lines)
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error


def take(file: Path) -> tuple[Remembered, ...]:
    """The feeds of a file, once all of it is known to be whole. Raises UsageError."""
    from monitor.state.export import read

    if file == STANDARD:
        return read(sys.stdin.buffer)
    try:
        with file.open("rb") as lines:
            return read(lines)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error


async def _remembered(config: Config) -> tuple[tuple[Remembered, ...], str]:
    from monitor.app.build.moving import owner, remembered

    return await remembered(config), await owner(config)


def _write(out: BinaryIO, lines: Iterable[bytes]) -> None:
    out.writelines(lines)
    out.flush()
