"""Start-up as somebody at a terminal sees it: wall time of whole processes, beside an interpreter that does nothing."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from subprocess import Popen

from tests.benchmarks.figures import Bench, Figure, at_most, paired
from tests.support.installation import Installation
from tests.support.kafka import free_port
from tests.support.site import Site

PATIENCE = 60.0
STEP = 0.005
"""Seconds between two looks."""
DOCUMENT = (
    b'<rss version="2.0"><channel><title>t</title><item><guid>1</guid><title>Ukraine</title></item></channel></rss>'
)


def figures(bench: Bench) -> Iterator[Figure]:
    """Commands that only say something, then a service."""
    yield _command("--help", bench, 0.3)
    yield _command("version", bench, 0.5)
    yield from _service(bench)


def _command(word: str, bench: Bench, bound: float) -> Figure:
    rounds = bench.pick(15, 4)
    run = [sys.executable, "-m", "monitor", word]
    _quiet(run)
    pair = paired(lambda: _quiet(run), lambda: _quiet([sys.executable, "-c", ""]), rounds, time.perf_counter)
    return Figure.of(f"start: {word}", "s", pair, "python -c ''", at_most(bound))


def _quiet(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[2])


def _service(bench: Bench) -> Iterator[Figure]:
    """`run` with one feed: until the probe says ready, that feed is asked for, and its article is in the log."""
    taken = []
    with Site({"/feed.xml": lambda: DOCUMENT}).running() as site:
        for number in range(bench.pick(5, 2)):
            taken.append(_first_signs(bench.folder / str(number), site))
            site.requests.clear()
    ready, polled, recorded = (median(times) for times in zip(*taken, strict=True))
    yield Figure(
        name="start: run until ready", unit="s", ours=ready, goal=at_most(3), note="GET /readyz, three watches"
    )
    yield Figure(name="start: run until the first poll", unit="s", ours=polled, goal=at_most(3), note="one feed")
    note = "its article in the log; a first worker process and its language model are started for it"
    yield Figure(name="start: run until the first article", unit="s", ours=recorded, goal=at_most(6), note=note)


def _first_signs(folder: Path, site: Site) -> tuple[float, float, float]:
    """Seconds from the start of the process to readiness, to the first request and to the first article."""
    port = free_port()
    installation = Installation(folder, site.port, admin={"host": "127.0.0.1", "port": port})
    installation.feeds([{"id": "one", "url": site.url("/feed.xml")}])
    signs: dict[str, Callable[[], object]] = {
        "ready": lambda: answers(port, "/readyz"),
        "polled": lambda: site.requests,
        "recorded": lambda: installation.count("events"),
    }
    found: dict[str, float] = {}
    started = time.perf_counter()
    with running(installation):
        while missing := [name for name in signs if name not in found]:
            now = time.perf_counter() - started
            found |= {name: now for name in missing if signs[name]()}
            if now > PATIENCE:
                raise TimeoutError(f"only {sorted(found)} after {PATIENCE:g} s")
            time.sleep(STEP)
    return found["ready"], found["polled"], found["recorded"]


@contextmanager
def running(installation: Installation) -> Iterator[Popen]:
    """The service, ended by SIGTERM."""
    service = installation.start("run", stdout=subprocess.DEVNULL)
    try:
        yield service
    finally:
        service.terminate()
        service.wait(PATIENCE)


def answers(port: int, path: str) -> bool:
    """Whether a GET there is answered with 200."""
    with suppress(OSError):
        return get(port, path)[0] == 200
    return False


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of a page on loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
