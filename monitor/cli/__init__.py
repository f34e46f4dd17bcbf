"""The command `news-monitor`: a module per group of commands, each importing what it needs when it runs."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and exits with its code (`docs/commands.md`)."""
    try:
        from monitor.cli.root import run_command

        code = run_command(sys.argv[1:])
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = 130
    sys.exit(code)
