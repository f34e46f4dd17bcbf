"""The command line as a whole: its commands, and what becomes of every way they can end."""

from __future__ import annotations

import os
import sys
import traceback
from io import TextIOWrapper
from pathlib import Path

import typer
from typer.exceptions import TyperException

from monitor import __version__
from monitor.cli import (
    asyncapi,
    check,
    demo,
    doctor,
    explain,
    feeds,
    letters,
    match,
    once,
    probe,
    run,
    settings,
    sinks,
    state,
    status,
    tail,
    topics,
    version,
    watches,
)
from monitor.cli.common import FAILED, INTERRUPTED, OK, USAGE, complain, exit_code, tell
from monitor.errors import MonitorError

app = typer.Typer(
    name="news-monitor",
    help="Polls news feeds, flags named watches and publishes events.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (run, demo, once, probe, explain, match, tail, feeds, watches, sinks, topics, asyncapi, letters, status)
UPKEEP = (check, settings, state, doctor, version)
for module in (*COMMANDS, *UPKEEP):
    module.register(app)


@app.callback()
def root(
    config: Path | None = typer.Option(None, "--config", "-c", help="Configuration directory of the command."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of a fault; may stand anywhere."),  # noqa: ARG001
) -> None:
    """Polls news feeds, flags named watches and publishes events."""
    if config is not None:
        os.environ["MONITOR_CONFIG"] = str(config)


def run_command(arguments: list[str]) -> int:
    """The exit code of a command line. A fault of ours is one line, with its traceback only under `--debug`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    wanted = [word for word in arguments[:end] if word != "--debug"] + arguments[end:]
    _survive_narrow_encodings()
    try:
        code = _run(wanted or ["--help"], debug="--debug" in arguments[:end])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough. Without this the interpreter would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return _interrupted()
    return code


def _run(arguments: list[str], *, debug: bool) -> int:
    try:
        code = int(app(arguments, standalone_mode=False, prog_name="news-monitor") or OK)
        return _interrupted() if code == INTERRUPTED else code
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except SystemExit as end:
        # typer turns a closed pipe into an exit of its own.
        raise (end.__context__ if isinstance(end.__context__, BrokenPipeError) else end) from None
    except TyperException as error:
        error.show()  # type: ignore[attr-defined]
        return USAGE
    except MonitorError as error:
        if debug:
            traceback.print_exc()
        complain(error)
        return exit_code(error)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  the last place that can turn a fault into one readable line
        if debug:
            traceback.print_exc()
        fault = f"{type(error).__name__}: {error}"
        tell(f"a fault of news-monitor {__version__}: {fault} (--debug shows more) [MON-RUN-001]")
        return FAILED


def _survive_narrow_encodings() -> None:
    """A letter that the terminal has no code for is escaped, not a reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _interrupted() -> int:
    print("interrupted", file=sys.stderr)
    return INTERRUPTED
