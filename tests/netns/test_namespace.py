"""Runs the tests of `isolated` in a network namespace that has loopback and no way out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ISOLATED = Path(__file__).parent / "isolated"


def _unshare() -> list[str]:
    """The command that opens a namespace; skips where the machine has none to give, fails for that in CI."""
    command = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    possible = shutil.which("unshare") and shutil.which("ip")
    if possible and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
        return command
    reason = "no network namespace can be made here (needs unshare, ip and the right to use them)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.netns
@pytest.mark.timeout(180)
def test_guard_in_a_namespace_with_only_loopback() -> None:
    """Every test in there passes."""
    command = [*_unshare(), sys.executable, "-m", "pytest", str(ISOLATED), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, env={**os.environ, "MONITOR_TEST_NETNS": "1"}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
