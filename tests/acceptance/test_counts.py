"""What is counted of terms outlives the process: by a clean end, and by one round of polls after another."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from monitor.app.build.counts import FILE
from monitor.match.frequencies import Frequencies, decode
from monitor.pipeline.sampling import is_sampled
from tests.support.installation import Installation
from tests.support.site import Issuer, Site

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

ITEMS = 200


def kept(made: Installation) -> Frequencies:
    """What the next process will know."""
    path = made.data / FILE
    return decode(path.read_bytes() if path.exists() else b"")


def expected(made: Installation) -> int:
    """How many of the articles in the log are to be counted."""
    return sum(is_sampled(value["article"]["id"]) for _, _, _, value in made.events("news.articles"))


def serve(made: Installation, articles: int) -> None:
    """The daemon, until the log has so many articles; then a clean end."""
    daemon = made.start("run", stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while len(made.events("news.articles")) < articles:
            assert time.monotonic() < deadline, (made.folder / "log").read_text()[-3000:]
            assert daemon.poll() is None
            time.sleep(0.1)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=30) == 0
    finally:
        daemon.kill()
        daemon.wait()


def test_counts_are_kept_over_restarts(tmp_path: Path) -> None:
    """Each process goes on where the last one ended; no article is counted twice, and no results hang on it."""
    issuer = Issuer("a", 0.0, window=10 * ITEMS)
    with Site({"/a.xml": issuer.document}).running() as site:
        made = Installation(tmp_path, site.port)
        made.feeds([{"id": "a", "url": site.url("/a.xml"), "interval": {"min": "1s", "max": "1s"}}])
        made.write("watches/all.yaml", {"id": "plain", "query": "payload AND nowhere"})
        seen = []
        for number in (1, 2):
            issuer.issue(ITEMS)
            serve(made, number * ITEMS)
            seen.append(kept(made))
            assert seen[-1].articles == expected(made)
            assert seen[-1].counts == {" payload ": expected(made), " nowhere ": 0}
        issuer.issue(ITEMS)
        made.run("once", "--all")
        seen.append(kept(made))

    assert seen[2].articles == expected(made)
    assert 0 < seen[0].articles < seen[1].articles < seen[2].articles
    assert {one.halved for one in seen} == {seen[0].halved}
    assert made.events("news.alerts.plain") == []
    (made.data / FILE).write_bytes(b"torn")
    made.run("once", "--all")
    assert kept(made).articles == 0, "it is counted anew, and nothing came since"
