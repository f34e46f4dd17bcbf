"""The validators these tests use, and the reason of a skip where one is not there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.deploy import helm

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = ("1.30", "1.37")
"""The oldest version the chart names, and the newest whose schemas are there."""
CI_NAMES = helm.ci_names()
PLACES = (Path(sys.executable).parent, Path.home() / ".cache" / "news-monitor" / "bin")
"""Where commands are besides the path: beside this Python, and where deploy/setup-tests.sh unpacks them."""


def found(command: str) -> str | None:
    """Where a command is."""
    beside = [str(place / command) for place in PLACES if (place / command).exists()]
    return beside[0] if beside else shutil.which(command)


def run(command: str, *arguments: str | Path, folder: Path = ROOT) -> str:
    """What a command said; a failure shows it. Raises AssertionError."""
    done = subprocess.run(
        [found(command) or command, *map(str, arguments)], capture_output=True, text=True, timeout=60, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def needs(command: str, brings: str) -> pytest.MarkDecorator:
    """Skips where a command is not there, with who would bring it."""
    return pytest.mark.skipif(found(command) is None, reason=f"no {command} on this machine ({brings})")


needs_helm = pytest.mark.skipif(not helm.here(), reason="helm-python-sdk is not installed (group dev)")
needs_kubernetes_validate = pytest.mark.skipif(
    find_spec("kubernetes_validate") is None, reason="kubernetes-validate is not installed (group dev)"
)
