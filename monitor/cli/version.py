"""`version`: what runs here."""

from __future__ import annotations

import platform
from pathlib import Path

import typer

from monitor import __version__
from monitor.cli.common import JSON, print_json, say


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(version)


def version(json: bool = JSON) -> None:
    """Print the version. Also the commit of a checkout, the Python it runs on, and the engine that matches."""
    from monitor.match.native import is_built

    found = {
        "version": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "engine": "native" if is_built() else "python",
    }
    if json:
        print_json(found)
    else:
        built = f" ({found['commit']})" if found["commit"] else ""
        say(f"news-monitor {found['version']}{built}, Python {found['python']}, engine {found['engine']}")


def commit() -> str | None:
    """The commit of the checkout this runs from; None where it was installed."""
    import subprocess

    root = Path(__file__).resolve().parent.parent.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
