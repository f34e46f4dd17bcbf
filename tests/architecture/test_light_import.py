"""What is imported when: help answers at once, and the core brings no I/O along."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "aiohttp aiokafka numpy pydantic structlog click lxml yaml msgspec asyncio sqlite3 jinja2 prometheus_client rich"
)
OUTSIDE = "asyncio aiohttp aiokafka sqlite3"


@pytest.mark.parametrize(
    ("module", "unwanted"), [("monitor.cli.root", HEAVY.split()), ("monitor.pipeline", OUTSIDE.split())]
)
def test_a_module_brings_nothing_along_that_it_does_not_need(module, unwanted):
    """Asked in a fresh interpreter: this one has loaded everything."""
    script = f"import sys, {module}; print(*sorted(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint(unwanted), set(done.stdout.split()) & set(unwanted)


def test_help_costs_little():
    """CPU seconds, not wall time: the machine may be busy with something else."""
    script = (
        "import resource, sys; from monitor.cli.root import run_command; code = run_command(['--help']);"
        "print(code, resource.getrusage(resource.RUSAGE_SELF).ru_utime, file=sys.stderr)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    codes = {done.stderr.split()[0] for done in runs}
    seconds = min(float(done.stderr.split()[1]) for done in runs)
    assert codes == {"0"}
    assert seconds < 0.3
