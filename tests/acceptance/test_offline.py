"""What a newcomer types, on a machine without internet: in a network namespace that has only loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.installation import ROOT
from tests.support.namespace import alone

pytestmark = [pytest.mark.acceptance, pytest.mark.netns, pytest.mark.timeout(120)]


def start(*arguments: str, folder: Path) -> subprocess.Popen:
    """A command in a namespace of its own; both streams go to files in the folder."""
    command = alone([sys.executable, "-u", "-m", "monitor", *arguments])
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        return subprocess.Popen(command, stdout=out, stderr=err, cwd=folder, env=environ)


def end(process: subprocess.Popen) -> int:
    """SIGTERM, and the exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(30)


def test_n02_run_stays_up_and_says_once_that_the_network_is_away(tmp_path):
    """The shipped configuration, offline: greeting, one line about the uplink, no flood, exit code 0."""
    process = start("run", "--config", str(ROOT / "config"), folder=tmp_path)
    try:
        _wait_for(tmp_path / "err", '"uplink_changed"')
        time.sleep(10)
        assert process.poll() is None
    finally:
        code = end(process)
    lines = (tmp_path / "err").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line)["event"] for line in lines if line.startswith("{")]
    assert code == 0
    assert events.count("uplink_changed") == 1
    assert len(events) < 40
    greeting = [line for line in lines if not line.startswith(("{", "warning"))]
    assert len(greeting) <= 10
    assert re.match(r"news-monitor \S+: \d+ feeds, 3 watches", greeting[0])


def test_demo_shows_alerts_within_ten_seconds_and_a_page(tmp_path):
    """Nothing but loopback is needed; the page shows what the terminal does."""
    started = time.monotonic()
    process = start("demo", folder=tmp_path)
    try:
        _wait_for(tmp_path / "out", "  |  ")
        seconds = time.monotonic() - started
        url = re.search(r"page and API: (\S+)", _wait_for(tmp_path / "err", "page and API: "))[1]
        page = _fetch_inside(process, url)
    finally:
        code = end(process)
    print(f"\nfirst alert after {seconds:.1f} s")
    assert code == 0
    assert seconds < 10
    assert "Latest alerts" in page
    assert "<mark>" in page


def _fetch_inside(process: subprocess.Popen, url: str) -> str:
    """The page, asked for from inside the namespace of the process."""
    code = f"import urllib.request as u; print(u.urlopen({url + '/'!r}, timeout=10).read().decode())"
    command = ["nsenter", "-t", str(process.pid), "-n", sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def _wait_for(path: Path, text: str) -> str:
    deadline = time.monotonic() + 45
    while text not in (content := path.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline, content[-2000:]
        time.sleep(0.1)
    return content
