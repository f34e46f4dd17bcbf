"""What may happen to a service while it starts: a stop, and another one that is there already."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.site import Issuer, Site

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

STAGES: dict[str, Callable[[Installation], bool]] = {
    "at once": lambda _: True,
    "directory": lambda made: made.data.exists(),
    "ledger": lambda made: (made.data / "ledger.db").exists(),
    "first event": lambda made: made.count("events") > 0,
}


def installed(folder: Path, site: Site, **settings: str) -> Installation:
    """A configuration that polls the feed of a site each second."""
    made = Installation(folder, site.port, **settings)
    made.feeds([{"id": "a", "url": site.url("/a.xml"), "interval": {"min": "1s", "max": "1s"}}])
    return made


@contextmanager
def started(made: Installation) -> Iterator[subprocess.Popen]:
    """A daemon that has only been started; no block leaves it behind."""
    with made.start("run", stdout=subprocess.DEVNULL) as daemon:
        try:
            yield daemon
        finally:
            daemon.kill()


def wait_until(happened: Callable[[], object], seconds: float = 30.0) -> None:
    """Waits for something, at most so long."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def stop(daemon: subprocess.Popen) -> int:
    """SIGTERM; the code it ends with, in good time."""
    daemon.send_signal(signal.SIGTERM)
    return daemon.wait(timeout=20)


def test_s03_sigterm_while_starting(tmp_path):
    """It ends at every stage, by the signal itself or in order, without a traceback; and the same data start again."""
    issuer = Issuer("a", 0.0, window=10)
    with Site({"/a.xml": issuer.document}).running() as site:
        made = installed(tmp_path, site)
        for stage, reached in STAGES.items():
            with started(made) as daemon:
                wait_until(partial(reached, made))
                assert stop(daemon) in (0, -signal.SIGTERM), stage
            assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8"), stage
    assert [value["article"]["guid"] for _, _, _, value in made.events("news.articles")] == ["a#1"]


def test_b28_a_second_instance_on_the_same_data_is_refused(tmp_path):
    """It says who holds them and what to do, asks nobody for anything, and the first goes on."""
    pages = {"/a.xml": Issuer("a", 1.0, window=100).document}
    with Site(pages).running() as site, Site(pages).running() as other:
        made = installed(tmp_path / "first", site)
        beside = installed(tmp_path / "second", other, data_dir=str(made.data))
        with started(made) as daemon:
            wait_until(lambda: made.count("events") > 0)
            second = beside.run("run", check=False, timeout=30)
            seen = len(site.requests)
            wait_until(lambda: len(site.requests) > seen + 2)
            assert stop(daemon) == 0
        assert second.returncode not in (0, -signal.SIGTERM)
        assert f"held by process {daemon.pid}" in second.stderr
        assert "data_dir" in second.stderr
        assert "Traceback" not in second.stderr
        assert other.requests == []
