"""What every command shares: exit codes, the configuration, output for people and for programs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import typer

from monitor.errors import ConfigError, MonitorError, Problem, Unreachable, UsageError

if TYPE_CHECKING:
    from monitor.config.config import Config
    from monitor.ports import ConfigSource

OK, FAILED, USAGE, INVALID, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130

T = TypeVar("T")

CONFIG = typer.Option("config", "--config", "-c", envvar="MONITOR_CONFIG", help="Configuration directory.")
JSON = typer.Option(False, "--json", help="One JSON object a line.")


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
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = len(error.problems)
        print(f"the configuration has {count} problem{'s' if count != 1 else ''}", file=sys.stderr)
    else:
        print(f"{error} [{error.id}]", file=sys.stderr)


def source_of(directory: Path) -> ConfigSource:
    """The configuration directory as a source."""
    from monitor.app.build.source import file_source

    return file_source(directory, os.environ)


async def read_config(source: ConfigSource) -> Config:
    """The configuration as it is now; warnings go to stderr. Raises ConfigError."""
    from monitor.app.reload import load_documents

    config = load_documents(await source.read())
    warn(config.warnings)
    return config


def warn(warnings: Sequence[Problem]) -> None:
    """Warnings, for people."""
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def run_async(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine; a single fault out of a task group comes as itself."""
    try:
        return asyncio.run(work())
    except BaseExceptionGroup as group:
        raise _leaf(group) from group


def print_json(value: object, stream: TextIO | None = None) -> None:
    """One object, one line."""
    import msgspec

    out = stream or sys.stdout
    out.write(msgspec.json.encode(value).decode() + "\n")
    out.flush()


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Ends the command with one line."""
    print(message, file=sys.stderr)
    raise typer.Exit(code)


def _leaf(error: BaseException) -> BaseException:
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
