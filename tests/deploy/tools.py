"""The validators these tests use, and the reason of a skip where one is not there."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.deploy import helm

KUBERNETES = ("1.30", "1.37")
"""The oldest version the chart names, and the newest whose schemas are there."""
CI_NAMES = helm.ci_names()


def found(command: str) -> str | None:
    """Where a command is: beside this Python, else on the path."""
    beside = Path(sys.executable).parent / command
    return str(beside) if beside.exists() else shutil.which(command)


def needs(command: str, package: str) -> pytest.MarkDecorator:
    """Skips with a reason where a command is not there."""
    return pytest.mark.skipif(found(command) is None, reason=f"{command} is not installed ({package})")


needs_helm = pytest.mark.skipif(not helm.here(), reason="helm-python-sdk is not installed (group dev)")
needs_kubernetes_validate = pytest.mark.skipif(
    find_spec("kubernetes_validate") is None, reason="kubernetes-validate is not installed (group dev)"
)
