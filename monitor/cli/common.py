"""What every command shares: exit codes, options, the configuration, output for people and for programs.

Only light modules are imported here, so that `--help` answers at once; each command imports the rest when it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import typer

from monitor.cli.text import inert_lines, visible
from monitor.errors import ConfigError, MonitorError, Problem, Unreachable, UsageError

if TYPE_CHECKING:
    from monitor.config.config import Config
    from monitor.ports import ConfigSource

OK, FAILED, USAGE, INVALID, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130

BRIEF = 20
"""Warnings that are shown before something else."""

T = TypeVar("T")

DIRECTORY = Path("config")
CONFIG = typer.Option(DIRECTORY, "--config", "-c", envvar="MONITOR_CONFIG", help="Configuration directory.")
JSON = typer.Option(False, "--json", help="One JSON object a line.")

BUILT_IN = """
watches:
  - {id: ukraine, name: Ukraine, query: "@ukraine"}
  - {id: taiwan, name: Taiwan, query: "@taiwan"}
  - {id: drones, name: Drones, query: "@drones NOT NEAR/12 @drone_senses", severity: high}
"""
"""The watches of a machine that has no configuration yet."""


def group(name: str, about: str) -> typer.Typer:
    """A group of commands; alone it shows its help."""
    return typer.Typer(name=name, help=about, no_args_is_help=True, rich_markup_mode=None)


def exit_code(error: MonitorError) -> int:
    """What a failure is worth to a script."""
    match error:
        case ConfigError():
            return INVALID
        case UsageError():
            return USAGE
        case Unreachable():
            return UNREACHABLE
        case _:
            return FAILED


def complain(error: MonitorError) -> None:
    """What, where, why and what to do, with the id of its documentation entry."""
    if isinstance(error, ConfigError):
        tell(*map(str, error.problems))
        count = len(error.problems)
        again = "problems; `news-monitor check` shows them" if count != 1 else "problem; `news-monitor check` shows it"
        tell(f"the configuration has {count} {again} again")
    else:
        tell(f"{error} [{error.id}]")


def source_of(directory: Path) -> ConfigSource:
    """The configuration directory as a source."""
    from monitor.app.build.source import file_source

    return file_source(directory, os.environ)


async def read_config(source: ConfigSource) -> Config:
    """The configuration as it is now, to be run; the first warnings go to stderr. Raises ConfigError."""
    from monitor.app.build.counts import counted
    from monitor.app.reload import load_documents

    documents = await source.read()
    config = load_documents(documents, frequencies=await counted(documents))
    warn_briefly(config.warnings)
    return config


def configuration(directory: Path) -> Config:
    """The configuration without a word about its warnings. Raises ConfigError."""
    from monitor.app.reload import load_documents

    check_directory(directory)
    return load_documents(run_async(source_of(directory).read))


def check_directory(directory: Path) -> None:
    """Raises ConfigError where there is none, with what to do."""
    if not directory.is_dir():
        remedy = "there is no such directory; make one, or name another with --config or MONITOR_CONFIG"
        raise ConfigError([Problem(str(directory), 0, 0, "", remedy, "MON-CFG-014")])


def trial_configuration(directory: Path) -> Config:
    """The same for trying things out: without a directory nobody has named, the built-in watches.

    Raises ConfigError.
    """
    from monitor.config.load import load

    if directory == DIRECTORY and not directory.is_dir():
        return load({"watches/built-in.yaml": BUILT_IN}, {}, os.environ)
    return configuration(directory)


def warn(warnings: Sequence[Problem]) -> None:
    """Warnings, for people."""
    tell(*(f"warning: {warning}" for warning in warnings))


def warn_briefly(warnings: Sequence[Problem]) -> None:
    """The first warnings, before something else that somebody wants to see: thousands of watches have thousands."""
    warn(warnings[:BRIEF])
    if (left := len(warnings) - BRIEF) > 0:
        tell(f"warning: {left} more; `news-monitor check` shows all {len(warnings)}")


def tell(*messages: str) -> None:
    """Lines on stderr. What a file or a server said can move no cursor."""
    for message in messages:
        print(inert_lines(message), file=sys.stderr)


def say(*messages: str) -> None:
    """Lines on stdout, for people; each inert."""
    for message in messages:
        print(inert_lines(message))


def run_async(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine; a single fault out of a task group comes as itself."""
    import asyncio

    try:
        return asyncio.run(work())
    except asyncio.CancelledError as error:
        raise RuntimeError("the work was cancelled by a part of it") from error
    except BaseExceptionGroup as found:
        raise _leaf(found) from found


def print_json(value: object, stream: TextIO | None = None) -> None:
    """One object, one line, at once: whoever reads may be waiting for it."""
    import msgspec

    out = stream or sys.stdout
    out.write(visible(msgspec.json.encode(value).decode()) + "\n")
    out.flush()


def print_rows(rows: Sequence[dict[str, Any]], json: bool, columns: Sequence[str]) -> None:
    """Rows as JSON, or as a table of these columns."""
    from monitor.cli.text import table

    if json:
        for row in rows:
            print_json(row)
    else:
        say(*table(rows, columns))


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Ends the command with one line."""
    tell(message)
    raise typer.Exit(code)


def _leaf(error: BaseException) -> BaseException:
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
