"""Network namespaces that have loopback and no way out: for whatever would ask somebody else's address."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

UP = 'ip link set lo up && exec "$@"'


def opening() -> list[str]:
    """The command that opens a namespace; skips where the machine has none to give, fails for that in CI."""
    command = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    possible = shutil.which("unshare") and shutil.which("ip")
    if possible and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
        return command
    reason = "no network namespace can be made here (needs unshare, ip and the right to use them)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def alone(command: list[str]) -> list[str]:
    """The same command in a namespace of its own, with loopback up."""
    return [*opening(), "sh", "-c", UP, "sh", *command]
