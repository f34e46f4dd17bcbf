"""Replicas on the Kafka ledger while everything fails: nothing lost, nothing twice, order kept (I1–I5, I8).

Kills at random moments and at crash points inside a batch, freezes past the session and transaction timeouts, brokers
restarted, coordinators moved, rolling restarts, 1 → 3 → 1 replicas; a consumer reads `read_committed` all along.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tests.support.fleet import ARTICLES, Fleet, Witness
from tests.support.installation import Installation
from tests.support.kafka import KafkaCluster
from tests.support.site import Issuer, Site, payload, title

HOSTS = 12
"""Feeds, each on a host of its own, so that they spread over the shards."""
SHARDS = 6
POINTS = ("poll.processed", "kafka.before_commit", "kafka.sent", "kafka.after_commit")
FAULTS = ("kill", "point", "freeze", "broker", "coordinator", "rolling", "scale")
FLOW = 60.0
"""Seconds in which news has to flow after a fault's end, with every process of the cluster on two cores."""
PROPERTIES = {"broker.session.timeout.ms": "3000", "offsets.topic.num.partitions": "1"}


@dataclass
class Chaos:
    """One run: what is served, who serves it on, and what struck."""

    cluster: KafkaCluster
    fleet: Fleet
    witness: Witness
    issuers: list[Issuer]
    chance: random.Random
    owed: set[str] = field(default_factory=set)
    struck: Counter[str] = field(default_factory=Counter)

    def strike(self, fault: str) -> None:
        """Lets one fault happen, then demands that news flows again."""
        for one in self.issuers:
            one.issue(2)
        getattr(self, f"_{fault}")()
        self.struck[fault] += 1
        wanted = {one.guid(one.newest()) for one in self.issuers}
        flowing = self.witness.wait(lambda: wanted <= self.witness.guids(), FLOW)
        assert flowing, f"{fault}: {sorted(wanted - self.witness.guids())} did not come in {FLOW} s"

    def _kill(self) -> None:
        time.sleep(self.chance.uniform(0.0, 0.8))
        self.fleet.kill(self.chance.choice(self.fleet.replicas))
        self.fleet.start()

    def _point(self) -> None:
        """A replica that kills itself at a point takes over the shards of one that is killed at the same time."""
        name = self.chance.choice(POINTS)
        victim = self.fleet.replicas[0]
        doomed = self.fleet.start(f"{name}={self.chance.randrange(1, 5)}")
        self.fleet.stop(victim)
        if not self.fleet.died(doomed, 20):
            raise AssertionError(f"nobody passed {name} in 20 s")
        self.struck[name] += 1
        self.fleet.start()

    def _freeze(self) -> None:
        """Longer than the session and the transaction may last: others have taken over when it wakes."""
        self.fleet.freeze(self.chance.choice(self.fleet.replicas), self.chance.uniform(11.0, 13.0))

    def _broker(self) -> None:
        node = self.chance.randrange(3)
        self.cluster.kill(node)
        time.sleep(self.chance.uniform(0.0, 2.0))
        self.cluster.start(node)

    def _coordinator(self) -> None:
        """The broker that coordinates the group of pollers goes, so the coordinator moves."""
        admin = AdminClient({"bootstrap.servers": ",".join(self.cluster.bootstrap_servers), "log_level": 0})
        asked = admin.describe_consumer_groups(["news-monitor-pollers"], request_timeout=20)
        node = next(iter(asked.values())).result(20).coordinator.id
        self.cluster.restart(node)

    def _rolling(self) -> None:
        for node in range(3):
            self.cluster.restart(node)
            time.sleep(1.0)

    def _scale(self) -> None:
        for wanted in (1, 3, 1, 2):
            self.fleet.scale(wanted)
            time.sleep(self.chance.uniform(0.5, 2.0))


@pytest.mark.acceptance
@pytest.mark.service
@pytest.mark.timeout(900)
def test_f03_to_f05_f11_f12_r04_sixteen_faults_lose_nothing_and_double_nothing(kafka_jars, tmp_path):
    """The short form: every fault at least twice."""
    run(tmp_path, faults=16, least=1_000)


@pytest.mark.soak
@pytest.mark.service
@pytest.mark.timeout(7200)
def test_two_hundred_faults_lose_nothing_and_double_nothing(kafka_jars, tmp_path):
    """The long form."""
    run(tmp_path, faults=200, least=20_000)


def run(folder: Path, faults: int, least: int) -> None:
    """Serves known items to replicas through so many faults, then judges what came out."""
    seed = int(os.environ.get("MONITOR_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"\nseed {seed} (MONITOR_TEST_SEED repeats it)")
    chance = random.Random(seed)
    owed: set[str] = set()
    issuers = [Issuer(f"feed-{number}", 1.2, window=600) for number in range(HOSTS)]
    for one in issuers:
        one.edited_after = 12
    pages = {f"/{one.name}.xml": one.document for one in issuers}
    cluster = KafkaCluster(folder / "kafka", 3, PROPERTIES)
    cluster.start()
    try:
        with Site(pages, "0.0.0.0", lambda _path, body: owed.update(guids_in(body))).running() as site:
            installation = make_installation(folder, site, issuers, cluster)
            fleet, witness = Fleet(installation), Witness(cluster.bootstrap_servers)
            chaos = Chaos(cluster, fleet, witness, issuers, chance, owed)
            with witness.watching():
                try:
                    storm(chaos, faults)
                finally:
                    fleet.close()
            judge(chaos, site, faults, least)
    finally:
        cluster.stop()


def storm(chaos: Chaos, faults: int) -> None:
    """The faults, then a quiet end in which everything that is owed has to come."""
    started = time.monotonic()
    chaos.fleet.scale(2)
    plan = [*FAULTS, *FAULTS, *(chaos.chance.choice(FAULTS) for _ in range(faults - 2 * len(FAULTS)))]
    chaos.chance.shuffle(plan)
    for fault in plan:
        at = time.monotonic()
        chaos.strike(fault)
        print(f"{at - started:6.0f} s  {fault}, flowing again after {time.monotonic() - at:.1f} s")
    for one in chaos.issuers:
        one.rest()
    complete = chaos.witness.wait(lambda: chaos.owed <= chaos.witness.guids(), 60)
    assert complete, f"{len(chaos.owed - chaos.witness.guids())} of {len(chaos.owed)} items are missing"
    for daemon in list(chaos.fleet.replicas):
        assert chaos.fleet.stop(daemon) < 25


def guids_in(body: bytes) -> list[str]:
    """Of the items of a document."""
    return re.findall(r"<guid>([^<]*)</guid>", body.decode())


def make_installation(folder: Path, site: Site, issuers: list[Issuer], cluster: KafkaCluster) -> Installation:
    """Feeds on hosts of their own, and the Kafka ledger."""
    installation = Installation(
        folder,
        site.port,
        ledger={
            "kind": "kafka",
            "bootstrap_servers": list(cluster.bootstrap_servers),
            "shards": SHARDS,
            "session_timeout": "3s",
            "transaction_timeout": "10s",
        },
        hosts={"spacing": "0s"},
        parse={"workers": 1, "lenient_workers": 1},
    )
    often = {"min": "700ms", "max": "700ms"}
    installation.feeds(
        {"id": one.name, "url": site.url(f"/{one.name}.xml", f"127.0.0.{number + 2}"), "interval": often}
        for number, one in enumerate(issuers)
    )
    return installation


def judge(chaos: Chaos, site: Site, faults: int, least: int) -> None:
    """Every item once, as it was served, its revisions in order, its alerts beside it; and the run saw enough."""
    seen = chaos.witness.seen
    articles = [one for one in seen if one.topic == ARTICLES]
    assert chaos.witness.doubles() == []
    assert {one.value["article"]["guid"] for one in articles} >= chaos.owed
    revisions: dict[str, list[int]] = {}
    for one in articles:
        article = one.value["article"]
        name, _, number = article["guid"].partition("#")
        assert article["title"] == title(name, int(number))
        assert article["summary"].removesuffix(" edited") == f"payload {payload(name, int(number))}"
        revisions.setdefault(one.key, []).append(article["revision"])
    assert all(found == list(range(1, len(found) + 1)) for found in revisions.values())
    old = {one.key for one in articles if one.value["change"] == "baseline"}
    met = {one.key for one in articles if one.value["watches"]} - old
    alerted = [one.key for one in seen if one.topic == "news.alerts.ukraine"]
    assert len(alerted) == len(set(alerted))
    assert set(alerted) == met
    edited = sum(len(found) > 1 for found in revisions.values())
    print(
        f"{faults} faults {dict(chaos.struck)}, {len(revisions)} items, {edited} edited, {len(alerted)} alerts, "
        f"{len(site.requests)} requests: 0 missing, 0 twice"
    )
    assert sum(chaos.struck[fault] for fault in FAULTS) == faults
    assert {fault for fault in FAULTS if chaos.struck[fault] >= 2} == set(FAULTS)
    assert len(revisions) >= least
    assert edited >= least // 3
