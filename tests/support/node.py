"""Programs for Node that check what we generate; `deploy/setup-tests.sh` fetches them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any


def folder() -> Path:
    """Where the packages are; `MONITOR_TEST_NODE` names another place."""
    return Path(os.environ.get("MONITOR_TEST_NODE") or Path.home() / ".cache" / "news-monitor" / "node")


def missing(package: str) -> str | None:
    """Why it cannot be run here, or None if it can."""
    if shutil.which("node") is None:
        return "no node on this machine (deploy/setup-tests.sh installs it)"
    if not (folder() / "node_modules" / package).is_dir():
        return f"no {package} in {folder()} (deploy/setup-tests.sh fetches it)"
    return None


def run(program: str, text: str) -> Any:
    """What a program prints as JSON when it is given `text` on its standard input."""
    command = ["node", "--input-type=commonjs", "-e", program]
    done = subprocess.run(command, input=text, cwd=folder(), capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
