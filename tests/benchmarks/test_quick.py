"""The quick form from end to end: every group gives rows, and programs can read them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import GROUPS, ROOT

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

KEYS = {"name", "ours", "peer", "ratio", "goal", "ok", "unit", "command"}


def test_the_quick_form_prints_all_rows(tmp_path: Path):
    """As many lines as rows, one of each group at least, all of them valid JSON."""
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    rows = json.loads(output.read_text(encoding="utf-8"))
    printed = done.stdout.splitlines()[2:-1]
    assert [line[:46].strip() for line in printed] == [row["name"] for row in rows]
    assert len({row["command"] for row in rows}) == len(GROUPS)
    for row in rows:
        assert row.keys() >= KEYS
        assert row["ours"] is not None or row["note"]
        assert row["ok"] in (True, False, None)
