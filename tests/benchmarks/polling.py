"""End to end: a site on loopback, fetched, read in worker processes, judged and committed, with three watches.

The service is a process of its own (`tests/acceptance/daemon.py`, one round of polls). The peer is what one would write
in an afternoon: urllib, feedparser, one insert an article, on as many processes as there are cores.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from urllib.request import urlopen

from tests.benchmarks.figures import Bench, Figure, Pair
from tests.benchmarks.material import Document, documents, origin
from tests.support.installation import Installation
from tests.support.site import Site

LARGEST = 256 << 10
"""Bytes of a document: what nearly all feeds stay below."""
EMPTY = b'<rss version="2.0"><channel><title>Not yet</title></channel></rss>'


def figures(bench: Bench) -> Iterator[Figure]:
    """Articles a second, and the processor time of one."""
    found = [one for one in documents(bench) if len(one.body) <= LARGEST][: bench.pick(250, 25)]
    with Site({f"/{one.name}.xml": lambda: EMPTY for one in found}).running() as site:
        installation = _installation(bench.folder / "ours", site, found)
        _round(installation)  # the first reading of a feed is history: nothing in it is news
        site.pages = {f"/{one.name}.xml": (lambda body=one.body: body) for one in found}
        seconds, processor = _round(installation)
        articles = len(installation.events("news.articles"))
        theirs, count = _naive(bench.folder, site, found)
    pair = Pair(articles / seconds, count / theirs, (articles / seconds) / (count / theirs))
    alerts = installation.count("events") - articles
    note = f"{len(found)} documents, {articles} articles, {alerts} alerts; start of the workers included"
    note = "; ".join(filter(None, (note, origin(bench))))
    yield Figure.of("end to end", "articles/s", pair, "urllib, feedparser, sqlite3", note=note)
    words = "processor time outside the workers, an article; start included"
    yield Figure(name="end to end, main process", unit="ms", ours=processor / articles * 1e3, note=words)


def _installation(folder: Path, site: Site, found: Sequence[Document]) -> Installation:
    made = Installation(folder, site.port)
    rare = {"min": "1h", "max": "1h"}
    made.feeds({"id": one.name, "url": site.url(f"/{one.name}.xml"), "interval": rare} for one in found)
    return made


def _round(installation: Installation) -> tuple[float, float]:
    """One poll of every feed: wall seconds from ready to the end, processor seconds of the main process.

    Workers are no children of the service but of a fork server that nobody waits for, so they are not in it.
    """
    before = os.times()
    service = installation.start("--once", module="tests.acceptance.daemon", stdout=-1)
    with service:
        assert service.stdout.readline() == "ready\n"
        started = time.perf_counter()
        service.stdout.read()
        seconds = time.perf_counter() - started
    if service.wait():
        raise RuntimeError((installation.folder / "log").read_text()[-2000:])
    after = os.times()
    return seconds, after.children_user + after.children_system - before.children_user - before.children_system


def _naive(folder: Path, site: Site, found: Sequence[Document]) -> tuple[float, int]:
    """Seconds and articles of the peer; like ours, it starts its processes with the first document."""
    connection = sqlite3.connect(folder / "naive.db")
    connection.execute("CREATE TABLE articles (id, title, text)")
    urls = [site.url(f"/{one.name}.xml") for one in found]
    started, count = time.perf_counter(), 0
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for rows in pool.map(_poll, urls):
            connection.executemany("INSERT INTO articles VALUES (?, ?, ?)", rows)
            connection.commit()
            count += len(rows)
    connection.close()
    return time.perf_counter() - started, count


def _poll(url: str) -> list[tuple[str, str, str]]:
    import feedparser

    with urlopen(url) as answer:
        found = feedparser.parse(answer.read())
    return [(entry.get("id", ""), entry.get("title", ""), entry.get("summary", "")) for entry in found.entries]
