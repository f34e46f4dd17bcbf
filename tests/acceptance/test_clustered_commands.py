"""Commands beside a ledger on Kafka: from no topic at all to replicas that run, and when nobody answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.app.build.counts import FILE
from monitor.match.frequencies import decode
from monitor.pipeline.sampling import is_sampled
from tests.support.fixtures import Brokers
from tests.support.house import NAMES, House, Papers, house, on_kafka
from tests.support.kafka import free_port
from tests.support.site import Site

pytestmark = [pytest.mark.acceptance, pytest.mark.service, pytest.mark.timeout(240)]
OWN = {"feeds", "feed-state"}
"""Topics of the ledger itself, behind the prefix."""


@pytest.fixture
def papers() -> Papers:
    return Papers()


@pytest.fixture
def site(papers: Papers) -> Iterator[Site]:
    with Site({f"/{name}": lambda name=name: papers.page(name) for name in NAMES}).running() as running:
        yield running


@pytest.fixture
def made(tmp_path: Path, site: Site, kafka: Brokers) -> House:
    return house(tmp_path, site, **on_kafka(kafka))


def prefix(made: House) -> str:
    """Of its topics."""
    (row,) = [row for row in made.rows("topics", "plan") if row["topic"].endswith(".articles")]
    return str(row["topic"]).removesuffix("articles")


def test_topics_from_nothing_to_ready(made: House) -> None:
    """The plan names the ledger's own, `verify` misses them, `doctor` says who will make them, `ensure` does."""
    plan = {row["topic"].removeprefix(prefix(made)): row for row in made.rows("topics", "plan")}
    assert plan.keys() > OWN | {"articles", "alerts.ukraine"}
    assert {row["for"] for row in plan.values()} == {"ledger"}
    assert {plan[name]["partitions"] for name in OWN} == {3}
    assert {plan[name]["config"]["cleanup.policy"] for name in OWN} == {"compact"}

    assert b"`news-monitor topics ensure` makes those" in made.call("topics", "verify", code=1).stderr
    assert b"will be made at the first start" in made.call("check", "--online").stdout
    assert b"to be created at start" in made.call("doctor", code=None).stdout
    assert {row["state"] for row in made.rows("topics", "ensure")} == {"created"}
    rows = made.rows("topics", "verify")
    assert {(row["state"], row["for"], row["sink"]) for row in rows} == {("ok", "ledger", "ledger")}
    assert len(rows) == len(plan)


def test_f06_another_number_of_shards_ends_every_start(made: House, kafka: Brokers) -> None:
    """With the exit code of what an operator has to mend, every topic that is wrong, and what mends it."""
    made.call("topics", "ensure")
    settings = on_kafka(kafka, shards=5)
    other = prefix(made).removesuffix(".")
    settings["topics"]["prefix"], settings["app"] = f"{other}.", other
    wrong = House(made.folder, 1, sinks=[], **settings)
    wrong.feeds([{"id": "a", "url": "http://127.0.0.1:1/feed"}])

    for command in (("once", "--all"), ("run",)):
        told = wrong.call(*command, code=2).stderr.decode()
        assert f"2 of 8 topics cannot be used:\n  {other}.feed-state: 3 partitions instead of 5" in told
        assert "set ledger.shards to 3, as at installation" in told


def test_f06_topics_that_lack_and_may_not_be_made(tmp_path: Path, site: Site, kafka: Brokers) -> None:
    """`topics.ensure: false` leaves them to somebody else, and says what that somebody has to call."""
    settings = on_kafka(kafka)
    settings["topics"]["ensure"] = False
    strict = house(tmp_path, site, **settings)
    told = strict.call("run", code=2).stderr.decode()
    assert "topics cannot be used" in told
    assert told.count("kafka-topics.sh") == len(strict.rows("topics", "plan"))


def test_pictures_of_an_installation_that_ran(made: House, papers: Papers) -> None:
    """What one round on the cluster has left behind, read by nobody who owns anything."""
    assert made.poll() == dict.fromkeys(NAMES, 10)
    papers.issuers["one"].issue(2)
    assert made.poll() == {"one": 2, "two": 0, "three": 0}

    (status,) = made.rows("status")
    assert (status["ledger"], status["running"], status["members"], status["head"]) == ("kafka", None, 0, None)
    assert status["feeds"] == {"ok": 3}
    assert status["items"]["new"] == 32
    assert status["last_alert"]["watch"] == "ukraine"
    assert {row["id"]: row["remembered"] for row in made.rows("feeds", "status")} == {"one": 12, "two": 10, "three": 10}
    assert {row["id"] for row in made.rows("feeds", "list")} == set(NAMES)
    assert {row["id"] for row in made.rows("watches", "list")} == {"ukraine", "taiwan", "drones"}
    assert b"0 replicas running" in made.call("status").stdout

    *rows, total = made.rows("watches", "backtest", "ukraine", "--samples", "1000")
    published = [row["value"] for row in made.rows("tail", f"{prefix(made)}articles", "--no-follow")]
    met = {(one["article"]["id"], one["article"]["revision"]) for one in published if "ukraine" in one["watches"]}
    assert {(row["article"], row["revision"]) for row in rows if row["row"] == "sample"} == met != set()
    assert (total["judged"], total["met"]) == (len(published), len(met))


def test_terms_are_counted_and_kept_without_a_file_of_the_ledger(made: House, papers: Papers) -> None:
    """In the data directory of the process, from one to the next."""
    counted = []
    for _ in range(2):
        papers.issuers["one"].issue(40)
        made.poll()
        published = [row["value"]["article"] for row in made.rows("tail", f"{prefix(made)}articles", "--no-follow")]
        counted.append(sum(is_sampled(article["id"]) for article in published))
        assert decode((made.data / FILE).read_bytes()).articles == counted[-1]
    assert 0 < counted[0] < counted[1]


def test_a_replica_that_runs_is_counted(made: House) -> None:
    """The group says so, from wherever it is asked; and nobody writes under it."""
    file = made.folder / "memory.jsonl"
    made.call("topics", "ensure")
    running = made.start("run")
    try:
        deadline = time.monotonic() + 60
        while made.rows("status")[0]["members"] != 1:
            assert time.monotonic() < deadline, (made.folder / "log").read_text()
        assert b"in the group" in made.call("state", "export", str(file)).stderr
        assert b"in use by 1 in the group" in made.call("state", "import", str(file), "--overwrite", code=2).stderr
        assert b"are polling already" in made.call("once", "--all", code=2).stderr
    finally:
        running.terminate()
        running.wait(30)
    assert made.rows("status")[0]["members"] == 0


def test_nobody_answers(tmp_path: Path, site: Site) -> None:
    """One clear line within its bound and the exit code of a dependency that is not there."""
    port = free_port()
    alone = house(tmp_path, site, ledger={"kind": "kafka", "bootstrap_servers": [f"127.0.0.1:{port}"]})
    commands = ("status",), ("feeds", "status"), ("feeds", "list"), ("topics", "verify"), ("state", "export", "x")
    for command in commands:
        begun = time.monotonic()
        told = alone.call(*command, code=4).stderr.decode().splitlines()
        assert len(told) == 1, told
        assert f"no Kafka at 127.0.0.1:{port}" in told[0]
        assert time.monotonic() - begun < 30
    assert f"NO  kafka ledger: no Kafka at 127.0.0.1:{port}" in alone.call("doctor", code=4).stdout.decode()
    assert f"no Kafka at 127.0.0.1:{port}" in alone.call("check", "--online", code=4).stdout.decode()
