"""Every document of the corpus, from a loopback server through `once` and through the daemon."""

from __future__ import annotations

import csv
import json
import signal
import tarfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.site import Site

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

EMPTY = b'<rss version="2.0"><channel><title>Not yet</title></channel></rss>'
"""What the feeds are at their first reading, so that everything after it is new, not history."""


@pytest.fixture(scope="module")
def documents(corpus: Path) -> dict[str, tuple[bytes, int]]:
    """Documents by name, each with the number of entries feedparser counts."""
    with tarfile.open(corpus / "feeds.tar.xz") as archive:
        bodies = {Path(member.name).stem: archive.extractfile(member).read() for member in archive if member.isfile()}
    with (corpus / "feeds.tsv").open(encoding="utf-8") as table:
        rows = csv.DictReader(table, delimiter="\t")
        return {row["file"]: (bodies[row["file"]], int(row["entries"])) for row in rows}


@pytest.fixture
def site(documents):
    """Serves them all."""
    with Site({f"/{name}.xml": (lambda body=body: body) for name, (body, _) in documents.items()}).running() as running:
        yield running


@pytest.fixture
def installation(tmp_path, site, documents) -> Installation:
    """Polls them all."""
    made = Installation(tmp_path, site.port)
    made.feeds(
        {"id": f"f-{name}", "url": site.url(f"/{name}.xml"), "interval": {"min": "1h", "max": "1h"}}
        for name in documents
    )
    return made


def test_every_document_is_accounted_for_and_a_second_round_publishes_nothing(installation, documents, site):
    """Counts equal feedparser's, the loss ledger adds up, spans are exact, and nothing is published twice."""
    pages, site.pages = site.pages, dict.fromkeys(site.pages, lambda: EMPTY)
    _round(installation)
    site.pages = pages
    started = time.monotonic()
    first = _round(installation)
    seconds = time.monotonic() - started
    rows = {row["feed"]: row for row in first[:-1]}
    assert len(rows) == len(documents)
    wrong = {
        name: (rows[f"f-{name}"]["items"]["fetched"], entries, rows[f"f-{name}"]["verdict"])
        for name, (_, entries) in documents.items()
        if rows[f"f-{name}"]["items"]["fetched"] != entries
    }
    assert wrong == {}
    total = first[-1]["total"]
    _adds_up(total["items"])
    for row in rows.values():
        _adds_up(row["items"])
    second = _round(installation)[-1]["total"]
    again = {key: second["items"][key] for key in ("new", "updated")}
    print(f"\n{len(rows)} documents in {seconds:.1f} s: {total['items']}, {total['alerts']} alerts")
    print(f"again: {second['items']}")
    assert again == {"new": 0, "updated": 0}
    assert second["events"] == second["alerts"] == 0
    print(f"{_check_spans(installation)} spans checked")


def test_the_daemon_polls_them_all_without_a_stall(installation, documents, site):
    """As a daemon: every feed read, every event whole, the loop never at work for 100 ms on end."""
    daemon = installation.start(module="tests.acceptance.daemon", stdout=-1, stderr=-3)
    try:
        assert daemon.stdout.readline() == "ready\n"
        wanted = set(documents)
        deadline = time.monotonic() + 120
        while {path[1:-4] for path, _ in site.served} != wanted:
            assert time.monotonic() < deadline, "not every feed was polled"
            assert daemon.poll() is None
            time.sleep(0.2)
        _wait_until_read(installation, len(documents))
    finally:
        daemon.send_signal(signal.SIGTERM)
        output, _ = daemon.communicate(timeout=30)
    assert daemon.returncode == 0
    worst = json.loads(output.splitlines()[-1])["worst_stall_s"]
    events = installation.events("news.articles")
    assert len({id_ for _, id_, _, _ in events}) == len(events) > 5000
    print(f"\nworst stall {worst * 1000:.0f} ms; {len(events)} articles")
    assert worst < 0.1


def _round(installation: Installation) -> list[dict]:
    done = installation.run("once", "--all", "--json", timeout=200)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _adds_up(items: dict[str, int]) -> None:
    parts = Counter(items)
    fetched = parts.pop("fetched")
    assert fetched == parts.total()


def _wait_until_read(installation: Installation, feeds: int) -> None:
    """Until every feed has a durable state."""
    deadline = time.monotonic() + 120
    while installation.count("states") < feeds:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _check_spans(installation: Installation) -> int:
    """Every hit's slice of the article event of the same revision equals its text."""
    articles = {
        (value["article"]["id"], value["article"]["revision"]): value["article"]
        for _, _, topic, value in installation.events()
        if topic == "news.articles"
    }
    checked = 0
    for _, _, topic, value in installation.events():
        if topic.startswith("news.alerts."):
            article = articles[value["article"]["id"], value["article"]["revision"]]
            for hit in value["hits"]:
                assert article[hit["field"]][hit["start"] : hit["end"]] == hit["text"]
                checked += 1
    assert checked > 100
    return checked
