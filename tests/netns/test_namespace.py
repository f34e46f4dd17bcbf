"""Runs the tests of `isolated` in a network namespace that has loopback and no way out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.namespace import opening

ISOLATED = Path(__file__).parent / "isolated"


@pytest.mark.netns
@pytest.mark.timeout(180)
def test_guard_in_a_namespace_with_only_loopback() -> None:
    """Every test in there passes."""
    command = [*opening(), sys.executable, "-m", "pytest", str(ISOLATED), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, env={**os.environ, "MONITOR_TEST_NETNS": "1"}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
