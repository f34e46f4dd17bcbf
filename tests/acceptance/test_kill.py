"""kill -9 at random moments and at every named point: nothing lost, nothing twice (K01–K11, invariants I1–I4, I8)."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.installation import ROOT, Installation
from tests.support.site import Issuer, Site, payload, title

POINTS = (
    "poll.begin",  # K01
    "poll.fetched",
    "poll.read",  # K04
    "poll.processed",
    "poll.settled",
    "sqlite.begin",
    "sqlite.before_commit",  # K05
    "sqlite.after_commit",  # K06
    "outbox.sent",  # K08
    "outbox.advanced",
    "jsonl.between",  # K07: lines are in a file, the outbox has no answer yet
)
KAFKA_POINTS = ("kafka.before_commit", "kafka.sent", "kafka.after_commit")
"""Those of the other ledger: `test_chaos.py` kills there."""
FEEDS = 8
LEAST_ITEMS = 3000


def test_every_point_of_the_code_is_killed_at():
    """A point nobody kills at fails here."""
    named = re.compile(r"point\(\"([a-z_.]+)\"\)")
    modules = [path for path in (ROOT / "monitor").rglob("*.py") if "testing" not in path.parts]
    found = {name for path in modules for name in named.findall(path.read_text())}
    assert found == {*POINTS, *KAFKA_POINTS}


@pytest.mark.acceptance
@pytest.mark.timeout(420)
def test_k01_k04_to_k08_k11_forty_kills_lose_nothing_and_double_nothing(tmp_path):
    """The short form of the run below."""
    kill_and_count(tmp_path, kills=40, per_life=10)


@pytest.mark.acceptance
@pytest.mark.timeout(180)
@pytest.mark.parametrize("sent", [pytest.param(0, id="k02-after-the-headers"), pytest.param(900, id="k03-in-the-body")])
def test_killed_while_a_server_still_sends(tmp_path, sent):
    """At the first poll of all, then at one that would bring news: nothing of what was cut is published, then all."""
    issuer = Issuer("feed", 0.0, window=100)
    with Site({"/feed.xml": issuer.document}).running() as site:
        installation = Installation(tmp_path, site.port, sinks=[{"kind": "jsonl"}])
        often = {"min": "500ms", "max": "500ms"}
        installation.feeds([{"id": "feed", "url": site.url("/feed.xml"), "interval": often}])
        for owed in (11, 21):
            before = installation.count("events") if installation.data.exists() else 0
            issuer.issue(10)
            with site.halted("/feed.xml", sent) as reached:
                daemon = installation.start(module="tests.acceptance.daemon", stdout=subprocess.DEVNULL)
                assert reached.wait(30)
                daemon.kill()
                daemon.wait()
            assert installation.count("events") == before
            _finish(installation, _owed(site))
            events = installation.events()
            guids = Counter(value["article"]["guid"] for _, _, topic, value in events if topic == "news.articles")
            assert guids == {f"feed#{number}": 1 for number in range(1, owed + 1)}
            assert _check_lines(installation, events) == 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_k11_three_hundred_kills_lose_nothing_and_double_nothing(tmp_path):
    """The long form."""
    kill_and_count(tmp_path, kills=300, per_life=2)


def kill_and_count(folder: Path, kills: int, per_life: int) -> None:
    """Runs the daemon over feeds that issue known items, kills it again and again, then judges what it left."""
    seed = int(os.environ.get("MONITOR_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"\nseed {seed} (MONITOR_TEST_SEED repeats it)")
    chance = random.Random(seed)
    issuers = [Issuer(f"feed-{number}", 1.0, window=1900) for number in range(FEEDS)]
    with Site({f"/{one.name}.xml": one.document for one in issuers}).running() as site:
        installation = Installation(folder, site.port, sinks=[{"kind": "jsonl"}])
        installation.feeds(
            {"id": one.name, "url": site.url(f"/{one.name}.xml"), "interval": {"min": "500ms", "max": "500ms"}}
            for one in issuers
        )
        struck: Counter[str] = Counter()
        for point in _plan(chance, kills):
            for one in issuers:
                one.issue(per_life)
            struck[_kill(installation, point, chance)] += 1
        last = {path: page() for path, page in site.pages.items()}
        site.pages = {path: (lambda path=path: last[path]) for path in last}
        owed = _owed(site)
        _finish(installation, owed)
    _judge(installation, owed, struck, kills)


def _plan(chance: random.Random, kills: int) -> list[str]:
    """Every point at least once, half of the kills at points, the rest at random moments."""
    points = [*POINTS, *(chance.choice(POINTS) for _ in range(max(0, kills // 2 - len(POINTS))))]
    plan = points + ["" for _ in range(kills - len(points))]
    chance.shuffle(plan)
    return plan


def _kill(installation: Installation, point: str, chance: random.Random) -> str:
    """One life of the daemon; returns where it ended."""
    passes = f"{point}={chance.randrange(1, 6)}"
    daemon = installation.start(*(["--point", passes] if point else []), module="tests.acceptance.daemon", stdout=-1)
    assert daemon.stdout.readline() == "ready\n"
    try:
        daemon.wait(chance.uniform(0.05, 1.5) if not point else 8)
    except subprocess.TimeoutExpired:
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        point = ""
    daemon.stdout.close()
    assert daemon.returncode == -signal.SIGKILL
    return point


def _owed(site: Site) -> dict[str, str]:
    """Title by guid of every item in a document that was written to its end, and of all that stand there now."""
    found = {}
    for body in [body for _, body in site.served] + [page() for page in site.pages.values()]:
        found.update(re.findall(r"<guid>([^<]*)</guid><title>([^<]*)</title>", body.decode()))
    return found


def _finish(installation: Installation, owed: dict[str, str]) -> None:
    """A last life without a kill, until all is there; it ends by SIGTERM, with exit code 0."""
    daemon = installation.start(module="tests.acceptance.daemon", stdout=-1)
    deadline = time.monotonic() + 60
    try:
        while True:
            there = {value["article"]["guid"] for _, _, _, value in installation.events("news.articles")}
            if owed.keys() <= there:
                break
            assert time.monotonic() < deadline, f"{len(owed.keys() - there)} of {len(owed)} items are missing"
            time.sleep(0.5)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=30)
    assert daemon.returncode == 0


def _judge(installation: Installation, owed: dict[str, str], struck: Counter, kills: int) -> None:
    events = installation.events()
    articles = [value["article"] for _, _, topic, value in events if topic == "news.articles"]
    for article in articles:
        name, _, number = article["guid"].partition("#")
        assert article["title"] == title(name, int(number))
        assert article["summary"] == f"payload {payload(name, int(number))}"
    assert len({article["guid"] for article in articles}) == len(articles)
    assert len({(id_, topic) for _, id_, topic, _ in events}) == len(events)
    doubles = _check_lines(installation, events)
    points = sum(count for point, count in struck.items() if point)
    print(
        f"{kills} kills ({points} at {len(struck) - ('' in struck)} points), {len(articles)} items, {doubles} doubles"
    )
    assert len(articles) == len(owed) >= LEAST_ITEMS
    assert sum(struck.values()) == kills
    assert {point for point in struck if point} == set(POINTS)


def _check_lines(installation: Installation, events: list) -> int:
    """Each file of the jsonl sink holds its topic's events, once each and in order."""
    for topic in {topic for _, _, topic, _ in events}:
        lines = [(line["seq"], dict(line["headers"])["ce_id"]) for line in installation.lines(topic)]
        assert lines == [(seq, id_) for seq, id_, name, _ in events if name == topic]
    return 0
