"""One installation on a Kafka ledger that a test may hurt: what is served to it, what it publishes, what it says."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.support.fleet import Fleet, Seen, Witness
from tests.support.house import House
from tests.support.kafka import KafkaCluster, free_port
from tests.support.site import Answer, Issuer, Site, payload, title

FEEDS = 4
"""Each on a host of its own."""
FLOW = 30.0
"""Seconds in which news has to flow after a fault's end."""
OFTEN = {"min": "700ms", "max": "700ms"}
"""The interval of every feed."""


@dataclass
class Stand:
    """The parts of one run."""

    cluster: KafkaCluster
    installation: House
    fleet: Fleet
    witness: Witness
    site: Site
    issuers: list[Issuer]
    prefix: str
    port: int
    """Of the admin listener."""
    owed: set[str] = field(default_factory=set)
    """Guids that were served to the end."""

    @property
    def servers(self) -> str:
        """As librdkafka wants them."""
        return ",".join(self.cluster.bootstrap_servers)

    def issue(self, items: int) -> None:
        """So many more in each feed."""
        for one in self.issuers:
            one.issue(items)

    def articles(self) -> list[Seen]:
        """Of every article topic, in the order in which they came."""
        return [one for one in list(self.witness.seen) if one.topic == f"{self.prefix}articles"]

    def guids(self) -> set[str]:
        """Of all articles so far."""
        return {one.value["article"]["guid"] for one in self.articles()}

    def newest(self) -> set[str]:
        """The newest item of each feed."""
        return {one.guid(one.newest()) for one in self.issuers}

    def flow(self, seconds: float = FLOW, items: int = 1) -> float:
        """News of every feed comes within so long (I5); seconds it took."""
        began = time.monotonic()
        self.issue(items)
        wanted = self.newest()
        came = self.witness.wait(lambda: wanted <= self.guids(), seconds)
        assert came, f"{sorted(wanted - self.guids())} did not come in {seconds} s; {self.errors()[-3:]}"
        return time.monotonic() - began

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body of an answer of the admin listener; 0 while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> bool:
        """As probes see it."""
        return self.ask("/readyz")[0] == 200

    def told(self, words: str, seconds: float = FLOW) -> str:
        """What `/readyz` says once it is not ready for a reason with these words, within so long."""
        held: list[str] = []

        def unready() -> bool:
            status, body = self.ask("/readyz")
            held.append(body)
            return status == 503 and re.search(words, body) is not None

        assert self.witness.wait(unready, seconds), f"not {words!r} in {seconds} s but {held[-1]}"
        return held[-1]

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        found = re.search(rf"^{name} (\S+)$", self.ask("/metrics")[1], re.MULTILINE)
        assert found, f"there is no {name}"
        return float(found[1])

    def errors(self) -> list[str]:
        """Texts of all faults of the ledger in the log of the daemons."""
        lines = (self.installation.folder / "log").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines if line.startswith("{")]
        return [str(row.get("error")) for row in rows if row.get("event") == "ledger_failed"]

    def judge(self, least: int, seconds: float = 2 * FLOW) -> None:
        """Everything that is owed, once, as it was served, in order, with its alerts (I1–I4), and enough of it (I8)."""
        complete = self.witness.wait(lambda: self.owed <= self.guids(), seconds)
        missing = self.owed - self.guids()
        assert complete, f"{len(missing)} of {len(self.owed)} are missing, such as {sorted(missing)[:3]}"
        articles = self.articles()
        assert self.witness.doubles() == []
        revisions: dict[str, list[int]] = {}
        for one in articles:
            article = one.value["article"]
            name, _, number = article["guid"].partition("#")
            assert article["title"] == title(name, int(number))
            assert article["summary"].removesuffix(" edited") == f"payload {payload(name, int(number))}"
            revisions.setdefault(one.key, []).append(article["revision"])
        assert all(found == sorted(set(found)) for found in revisions.values())
        assert len(revisions) == len(self.guids()) >= least
        old = {one.key for one in articles if one.value["change"] == "baseline"}
        met = {one.key for one in articles if one.value["watches"]} - old
        assert self.witness.wait(lambda: met <= set(self._alerted()), FLOW)
        assert sorted(met) == sorted(self._alerted())

    def _alerted(self) -> list[str]:
        return [one.key for one in list(self.witness.seen) if one.topic == f"{self.prefix}alerts.ukraine"]


@contextmanager
def stand(
    cluster: KafkaCluster, folder: Path, pages: Mapping[str, Answer] | None = None, **settings: Any
) -> Iterator[Stand]:
    """An installation nobody else has, its feeds served and its topics read; what runs of it is ended with the block.

    `pages` are feeds beside the usual ones, as path → document; `settings` go over those of the configuration.
    """
    name, port = f"fault-{uuid4().hex[:8]}", free_port()
    issuers = [Issuer(f"feed-{number}", 0.0, window=600) for number in range(FEEDS)]
    served = {**{f"/{one.name}": one.document for one in issuers}, **(pages or {})}
    owed: set[str] = set()
    with Site(served, "0.0.0.0", lambda path, body: owed.update(guids_in(path, body, pages or {}))).running() as site:
        installation = House(folder, site.port, **{**usual(cluster, name, port), **settings})
        installation.feeds(
            {"id": path[1:], "url": site.url(path, f"127.0.0.{number + 2}"), "interval": OFTEN}
            for number, path in enumerate(served)
        )
        witness = Witness(cluster.bootstrap_servers, rf"^{name}\.(articles|alerts\..*)$")
        fleet = Fleet(installation)
        with witness.watching():
            try:
                yield Stand(cluster, installation, fleet, witness, site, issuers, f"{name}.", port, owed)
            finally:
                fleet.close()


def usual(cluster: KafkaCluster, name: str, port: int) -> dict[str, Any]:
    """Settings of an installation with quick timeouts."""
    copies = min(len(cluster.nodes), 3)
    return {
        "app": name,
        "ledger": {
            "kind": "kafka",
            "bootstrap_servers": list(cluster.bootstrap_servers),
            "shards": 2,
            "session_timeout": "3s",
            "transaction_timeout": "10s",
        },
        "topics": {"prefix": f"{name}.", "replication": copies, "min_insync_replicas": max(1, copies - 1)},
        "sinks": [],
        "hosts": {"spacing": "0s"},
        "parse": {"workers": 1, "lenient_workers": 1},
        "admin": {"host": "127.0.0.1", "port": port},
    }


def guids_in(path: str, body: bytes, besides: Mapping[str, Answer]) -> list[str]:
    """Of the items of a document; those of pages that a test brought itself are its own matter."""
    return [] if path in besides else re.findall(r"<guid>([^<]*)</guid>", body.decode())


def until(enough: Callable[[], object], seconds: float, what: str) -> None:
    """Waits for it; fails with `what` when it does not come within so long."""
    deadline = time.monotonic() + seconds
    while not enough():
        assert time.monotonic() < deadline, f"{what} did not come in {seconds} s"
        time.sleep(0.1)


def frozen(process: subprocess.Popen[str]) -> bool:
    """Whether it was stopped by a signal, its own or ours."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def thaw(process: subprocess.Popen[str]) -> None:
    """Lets it go on."""
    process.send_signal(signal.SIGCONT)


def resident(process: subprocess.Popen[str]) -> int:
    """Bytes of memory it holds."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) << 10
