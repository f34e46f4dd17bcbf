"""The command line as a whole: its commands, and what becomes of every way they can end."""

from __future__ import annotations

import os
import sys
import traceback

import click
import typer

from monitor import __version__
from monitor.cli import demo, once, run
from monitor.cli.common import FAILED, INTERRUPTED, OK, USAGE, complain, exit_code
from monitor.errors import MonitorError

app = typer.Typer(
    name="news-monitor",
    help="Polls news feeds, flags named watches and publishes events.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (run, demo, once):
    module.register(app)


@app.callback()
def root(debug: bool = typer.Option(False, "--debug", help="Show the traceback of a fault.")) -> None:
    """Polls news feeds, flags named watches and publishes events."""


def run_command(arguments: list[str]) -> int:
    """The exit code of a command line. A fault of ours is one line, with its traceback only under `--debug`."""
    debug = "--debug" in arguments
    try:
        return int(app(arguments, standalone_mode=False) or OK)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return USAGE
    except MonitorError as error:
        complain(error)
        return exit_code(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:  # noqa: BLE001  the last place that can turn a fault into one readable line
        if debug:
            traceback.print_exc()
        print(
            f"a fault of news-monitor {__version__}: {type(error).__name__}: {error} (--debug shows more)",
            file=sys.stderr,
        )
        return FAILED


def _interrupted() -> int:
    print("interrupted", file=sys.stderr)
    return INTERRUPTED
