"""What feeds cost on either ledger: processor time of a poll and of an article, memory of a feed, bytes on disk.

`docs/sizing.md` multiplies these. A site on loopback answers 304 first, then brings news with every poll.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Bench, Figure
from tests.benchmarks.scale import family, resident
from tests.support.installation import Installation
from tests.support.kafka import KafkaCluster, missing
from tests.support.site import Issuer, Site

FEEDS = 200
NEWS = 2
"""Articles a poll brings, where it brings any."""
TICK = os.sysconf("SC_CLK_TCK")


def figures(bench: Bench) -> Iterator[Figure]:
    """The embedded ledger, then Kafka."""
    yield from _measured(bench, "embedded", bench.folder / "embedded", {}, None)
    reason = missing()
    if reason is not None:
        yield Figure(name="sizing, Kafka ledger", note=reason)
        return
    cluster = KafkaCluster(bench.folder / "kafka")
    cluster.start()
    try:
        ledger = {"kind": "kafka", "bootstrap_servers": list(cluster.bootstrap_servers), "shards": 12}
        more = {"ledger": ledger, "topics": {"replication": 1, "min_insync_replicas": 1}}
        yield from _measured(bench, "Kafka", bench.folder / "clustered", more, cluster)
    finally:
        cluster.stop()


def _measured(
    bench: Bench, name: str, folder: Path, more: dict[str, Any], cluster: KafkaCluster | None
) -> Iterator[Figure]:
    issuers = [Issuer(f"feed-{number}", 0.0, window=60) for number in range(bench.pick(FEEDS, 20))]
    for one in issuers:
        one.issue(50)
    with Site({f"/{one.name}.xml": one.document for one in issuers}, "0.0.0.0").running() as site:
        installation = _installation(folder, site, issuers, more)
        with _running(installation) as daemon:
            _until(site, 3 * len(issuers))
            seconds = bench.pick(20, 4)
            quiet, polls = _spent(daemon.pid, site, seconds)
            quiet_poll, memory = quiet / polls, resident(daemon.pid)
            yield Figure(name=f"{name}: a poll that brings 304", unit="ms", ours=quiet_poll * 1e3, note="all processes")
            note = f"{len(issuers)} feeds with 50 items each, every process of the service"
            yield Figure(name=f"{name}: memory", unit="MB", ours=memory, note=note)
            before = _bytes(installation, cluster)
            busy, polls, articles = _news(daemon.pid, site, issuers, seconds)
            own = (busy - polls * quiet_poll) / articles
            note = f"{articles} articles in {polls} polls, each document read whole; all processes, polls taken off"
            yield Figure(name=f"{name}: a new article", unit="ms", ours=own * 1e3, note=note)
            events, states = (now - then for now, then in zip(_bytes(installation, cluster), before, strict=True))
            note = "on disk, one copy; with its alerts"
            yield Figure(name=f"{name}: an article kept", unit="B", ours=events / articles, note=note)
            if cluster is not None:
                note = "on disk, one copy, until compaction takes the older ones; 50 to 60 items a feed"
                yield Figure(name=f"{name}: a state written", unit="B", ours=states / polls, note=note)


def _installation(folder: Path, site: Site, issuers: list[Issuer], more: dict[str, Any]) -> Installation:
    made = Installation(folder, site.port, **{"hosts": {"spacing": "0s"}, "sinks": [], **more})
    often = {"min": "2s", "max": "2s"}
    made.feeds(
        {"id": one.name, "url": site.url(f"/{one.name}.xml", f"127.0.{1 + number // 250}.{1 + number % 250}")}
        | {"interval": often}
        for number, one in enumerate(issuers)
    )
    return made


@contextmanager
def _running(installation: Installation) -> Iterator[subprocess.Popen[str]]:
    daemon = installation.start(module="tests.acceptance.daemon", stdout=subprocess.PIPE)
    try:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        yield daemon
    finally:
        daemon.terminate()
        daemon.communicate(timeout=40)


def _until(site: Site, requests: int) -> None:
    deadline = time.monotonic() + 120
    while len(site.requests) < requests:
        assert time.monotonic() < deadline, "the feeds are not polled"
        time.sleep(0.2)


def _spent(pid: int, site: Site, seconds: float) -> tuple[float, int]:
    """Processor seconds of a service, and its polls, in a while."""
    before, asked = _processor(pid), len(site.requests)
    time.sleep(seconds)
    return _processor(pid) - before, len(site.requests) - asked


def _news(pid: int, site: Site, issuers: list[Issuer], seconds: float) -> tuple[float, int, int]:
    """The same while every poll brings news, and how many articles that were."""
    before, asked, articles = _processor(pid), len(site.requests), 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for one in issuers:
            one.issue(NEWS)
        articles += NEWS * len(issuers)
        time.sleep(2.5)
    time.sleep(3.0)
    return _processor(pid) - before, len(site.requests) - asked, articles


def _processor(pid: int) -> float:
    """Seconds that a process and all it has started have used so far."""
    total = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def _bytes(installation: Installation, cluster: KafkaCluster | None) -> tuple[int, int]:
    """On disk, of events and of states: rows of the embedded ledger, or segments of topics (one copy)."""
    if cluster is None:
        ((events,),) = installation.rows("SELECT value FROM meta WHERE key = 'bytes'")
        return events, 0
    sizes = {True: 0, False: 0}
    for node in cluster.nodes:
        for path in (node.folder / "data").glob("news.*/*.log"):
            sizes[path.parent.name.startswith(("news.feed-state", "news.feeds"))] += path.stat().st_size
    return sizes[False], sizes[True]
