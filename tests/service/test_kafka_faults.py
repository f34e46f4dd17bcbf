"""Faults of the brokers under the running service on the Kafka ledger: F01–F05, F09, S01, with I1–I8 judged after each.

Faults of topics, and of who owns what, are in `test_kafka_faults_of_owners.py`.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from confluent_kafka import ElectionType, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.support.kafka import KafkaCluster
from tests.support.stand import FLOW, Stand, frozen, resident, stand, thaw, until

pytestmark = [pytest.mark.service, pytest.mark.acceptance, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def one(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker of this module's own."""
    with KafkaCluster(tmp_path_factory.mktemp("one")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def three(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """Three of them."""
    with KafkaCluster(tmp_path_factory.mktemp("three"), 3) as cluster:
        yield cluster


@pytest.fixture
def broker(one: KafkaCluster) -> Iterator[KafkaCluster]:
    """Up, whatever the test before has done to it; down again, so that it takes nothing from the others."""
    one.start()
    yield one
    one.kill()


@pytest.fixture
def brokers(three: KafkaCluster) -> Iterator[KafkaCluster]:
    three.start()
    yield three
    three.kill()


def test_f01_i6_a_broker_that_is_down_at_the_start_is_waited_for(broker: KafkaCluster, tmp_path: Path) -> None:
    """The process stays up and alive, says what is missing, asks no feed; when the broker comes it goes to work."""
    broker.kill()
    with stand(broker, tmp_path) as here:
        daemon = here.fleet.start()
        told = here.told(rf"no Kafka at {here.servers}")
        assert "bootstrap_servers" in told
        time.sleep(5.0)
        assert here.ask("/livez")[0] == 200
        assert here.ask("/startupz")[0] == 503
        assert daemon.poll() is None
        assert here.site.requests == []
        broker.start()
        until(here.ready, FLOW, "readiness")
        here.issue(10)
        here.flow()
        here.judge(least=48)


@pytest.mark.parametrize("seconds", [10.0, pytest.param(600.0, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
def test_f02_i7_a_broker_that_is_away_costs_nothing(broker: KafkaCluster, tmp_path: Path, seconds: float) -> None:
    """Feeds are asked less, memory stays, nothing counts as seen; back again, everything comes once."""
    with stand(broker, tmp_path) as here:
        daemon = here.fleet.start()
        here.flow(60)
        held, asked = resident(daemon), len(here.site.requests)
        broker.kill()
        here.issue(20)
        here.told("shards? .*(transaction|Kafka|broker)")
        during = len(here.guids())
        time.sleep(seconds)
        assert here.ask("/livez")[0] == 200
        assert here.metric("monitor_ledger_failures_total") > 0
        assert resident(daemon) < held + (64 << 20)
        polls = len(here.site.requests) - asked
        assert polls <= len(here.issuers) * (4 + seconds / 300)
        assert len(here.guids()) == during
        broker.start()
        print(f"{polls} polls in {seconds:.0f} s; flowing {here.flow():.1f} s after the broker was back")
        here.judge(least=88)
        assert here.fleet.stop(daemon) < 25


def test_s01_f02_a_stop_while_the_broker_is_away_ends_in_time(broker: KafkaCluster, tmp_path: Path) -> None:
    """Exit code 0 within 25 s, though nothing can be committed; the next process publishes what that one could not."""
    with stand(broker, tmp_path) as here:
        daemon = here.fleet.start()
        here.flow(60)
        broker.kill()
        here.issue(20)
        here.told("shards? .*(transaction|Kafka|broker)")
        took = here.fleet.stop(daemon)
        assert took < 25
        broker.start()
        here.fleet.start()
        here.flow(60)
        here.judge(least=88)
        print(f"ended in {took:.1f} s")


@pytest.mark.parametrize(
    "seconds",
    [5.0, pytest.param(20.0, marks=pytest.mark.soak), pytest.param(60.0, marks=pytest.mark.soak)],
)
def test_f03_a_frozen_broker_gives_no_second_copy(broker: KafkaCluster, tmp_path: Path, seconds: float) -> None:
    """Nothing answers for so long, while transactions are under way; what was in them comes once."""
    with stand(broker, tmp_path) as here:
        here.fleet.start()
        here.flow(60)
        asked = len(here.site.requests)
        here.issue(20)
        until(lambda: len(here.site.requests) > asked, 10, "a poll")
        broker.freeze()
        try:
            time.sleep(1.0)
            stalled = len(here.witness.seen)
            time.sleep(seconds - 1.0)
            assert len(here.witness.seen) == stalled
        finally:
            broker.thaw()
        here.flow()
        here.judge(least=88)


@pytest.mark.parametrize("point", ["kafka.sent", "kafka.before_commit"])
def test_f04_a_broker_that_restarts_during_a_commit(broker: KafkaCluster, tmp_path: Path, point: str) -> None:
    """Between two steps of one commit the broker is killed and comes back; the batch comes once all the same."""
    with stand(broker, tmp_path) as here:
        daemon = here.fleet.start(freeze=f"{point}=9")
        until(lambda: len(here.guids()) >= len(here.issuers), 60, "the first articles")
        here.issue(20)
        strike = 0
        while not frozen(daemon):
            here.issue(1)
            strike += 1
            assert strike < 200, f"nobody passed {point}"
            time.sleep(0.1)
        broker.kill()
        broker.start()
        thaw(daemon)
        here.flow()
        here.judge(least=88)


def test_f04_a_broker_that_restarts_again_and_again(broker: KafkaCluster, tmp_path: Path) -> None:
    """Clean and not clean, while news comes without a break."""
    with stand(broker, tmp_path) as here:
        here.fleet.start()
        here.flow(60)
        for end in (broker.stop, broker.kill, broker.stop):
            here.issue(10)
            time.sleep(0.7)
            end()
            here.issue(10)
            broker.start()
            here.flow()
        here.judge(least=200)


def test_f05_leaders_and_coordinators_change(brokers: KafkaCluster, tmp_path: Path) -> None:
    """The broker that leads goes, the others go on without it; then it comes back and leads again."""
    with stand(brokers, tmp_path) as here:
        here.fleet.start()
        here.flow(90)
        admin = AdminClient({"bootstrap.servers": here.servers, "log_level": 0})
        moved = 0
        for node in (coordinator(admin, here), leader(admin, here)):
            here.issue(5)
            brokers.kill(node)
            here.flow(45, items=5)
            assert leader(admin, here) != node
            brokers.start(node)
            until(lambda: in_sync(admin, here, 3), 60, "every replica")
            here.issue(5)
            lead_again(admin, here)
            here.flow(45, items=5)
            moved += 1
        assert moved == 2
        here.judge(least=124)


def test_f09_too_few_replicas_in_sync_are_waited_for(brokers: KafkaCluster, tmp_path: Path) -> None:
    """All three have to have each record and one is away: nothing comes, nothing is lost, and it is said."""
    with stand(brokers, tmp_path) as here:
        here.installation.write("monitor.yaml", strict(here))
        daemon = here.fleet.start()
        here.flow(90)
        brokers.kill(2)
        admin = AdminClient({"bootstrap.servers": here.servers, "log_level": 0})
        until(lambda: in_sync(admin, here, 2), 30, "the loss of a replica")
        stalled = len(here.guids())
        here.issue(20)
        here.told("shards? .*NotEnoughReplicas", 60)
        assert daemon.poll() is None
        assert len(here.guids()) == stalled
        brokers.start(2)
        here.flow(60)
        here.judge(least=88)


def test_f09_a_disk_of_the_broker_that_is_full_costs_nothing(kafka_jars: None, tmp_path: Path) -> None:
    """The broker ends at the first write that finds no room; when it has room again, everything comes once."""
    cluster = KafkaCluster(tmp_path / "kafka")
    (node,) = cluster.nodes
    with volume(node.folder / "data", "64m") as disk:
        try:
            cluster.start()
            with stand(cluster, tmp_path) as here:
                daemon = here.fleet.start()
                here.flow(60)
                fill(disk / "filler")
                here.issue(20)
                until(lambda: not node.alive, 60, "the end of the broker")
                assert "No space left on device" in node.log.read_text()
                here.issue(20)
                here.told("shards? .*(transaction|Kafka|broker)")
                (disk / "filler").unlink()
                cluster.start()
                here.flow()
                assert daemon.poll() is None
                here.judge(least=160)
        finally:
            cluster.kill()


@contextmanager
def volume(folder: Path, size: str) -> Iterator[Path]:
    """A file system of this size at a folder; skips where none may be mounted."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    """Takes what room is left, to the last page."""
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(4096)):
            pass


def strict(here: Stand) -> str:
    """The configuration with as many copies wanted in sync as there are."""
    text = (here.installation.config / "monitor.yaml").read_text()
    assert "min_insync_replicas: 2" in text
    return text.replace("min_insync_replicas: 2", "min_insync_replicas: 3")


def coordinator(admin: AdminClient, here: Stand) -> int:
    """The node that coordinates the group of pollers."""
    group = f"{here.prefix}-pollers".replace(".-", "-")
    return next(iter(admin.describe_consumer_groups([group]).values())).result(20).coordinator.id


def leader(admin: AdminClient, here: Stand) -> int:
    """The node that leads the first partition of the states."""
    topic = f"{here.prefix}feed-state"
    return admin.list_topics(topic, timeout=20).topics[topic].partitions[0].leader


def in_sync(admin: AdminClient, here: Stand, copies: int) -> bool:
    """Whether every partition of the states has so many replicas in sync."""
    topic = f"{here.prefix}feed-state"
    partitions = admin.list_topics(topic, timeout=20).topics[topic].partitions.values()
    return {len(partition.isrs) for partition in partitions} == {copies}


def lead_again(admin: AdminClient, here: Stand) -> None:
    """Every partition goes back to the broker that is meant to lead it."""
    topics = admin.list_topics(timeout=20).topics
    places = [
        TopicPartition(name, number)
        for name, topic in topics.items()
        if name.startswith(here.prefix)
        for number in topic.partitions
    ]
    admin.elect_leaders(ElectionType.PREFERRED, places).result(20)
