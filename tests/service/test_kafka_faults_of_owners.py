"""Faults of topics and of ownership under the running service on the Kafka ledger: F06–F08, F10–F12, I1–I8 each."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.ledger import KafkaLedger
from monitor.errors import Fenced
from monitor.model.event import Batch
from monitor.model.ids import ShardId
from monitor.schedule.placement import host_key, shard_of
from monitor.testing.builders import record
from tests.support.fleet import Witness
from tests.support.kafka import KafkaCluster
from tests.support.operator import obey
from tests.support.reader import topics_of
from tests.support.site import Issuer, payload
from tests.support.stand import FLOW, Stand, frozen, stand, thaw, until

pytestmark = [pytest.mark.service, pytest.mark.acceptance, pytest.mark.timeout(180)]

FENCED = "somebody else has opened this with the same id"
LIMIT = 20_000
"""Bytes of a record that the topic of F08 takes."""


@pytest.fixture(scope="module")
def broker(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """One that makes every topic somebody asks for by name: nobody here may."""
    with KafkaCluster(tmp_path_factory.mktemp("one"), properties={"auto.create.topics.enable": "true"}) as cluster:
        yield cluster


def test_f06_i6_the_start_ends_with_the_commands_that_mend_it(broker: KafkaCluster, tmp_path: Path) -> None:
    """Topics that lack, and one that is too small: exit code 2; who does what is printed can start the service."""
    with stand(broker, tmp_path) as here:
        lax = (here.installation.config / "monitor.yaml").read_text()
        strict = lax.replace("  replication: 1\n", "  replication: 1\n  ensure: false\n")
        assert strict != lax
        here.installation.write("monitor.yaml", strict)
        make(here, "articles", partitions=1)
        ended = here.installation.run("run", check=False)
        assert ended.returncode == 2
        assert f"{here.prefix}articles: 1 partitions instead of 12" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert obey(broker.bootstrap_servers, ended.stderr) == ended.stderr.count("kafka-topics.sh") >= 8
        here.fleet.start()
        until(here.ready, FLOW, "readiness")
        here.flow(items=10)
        here.judge(least=40)


def test_f07_a_topic_that_is_deleted_is_not_made_again(broker: KafkaCluster, tmp_path: Path) -> None:
    """Not ready, with the command that makes it; nobody else makes it; when the operator has, news flows."""
    with stand(broker, tmp_path) as here:
        daemon = here.fleet.start()
        here.flow(60, items=10)
        here.judge(least=40)
        before = here.articles()
        topic = f"{here.prefix}articles"
        admin = AdminClient({"bootstrap.servers": here.servers, "log_level": 0})
        admin.delete_topics([topic])[topic].result(20)
        here.issue(5)
        here.told(f"{topic}.*kafka-topics.sh.*--create --topic {topic}", 60)
        for _ in range(10):
            time.sleep(0.5)
            assert topic not in topics_of(broker.bootstrap_servers)
        assert here.ask("/livez")[0] == 200
        assert daemon.poll() is None
        assert obey(broker.bootstrap_servers, here.told("kafka-topics.sh")) == 1
        # The topic is another one: it is read from its beginning, and alerts with it once more.
        here.witness = Witness(broker.bootstrap_servers, here.witness.pattern, seen=before)
        with here.witness.watching():
            here.flow()
            until(here.ready, FLOW, "readiness")
            here.judge(least=64)


def test_f08_a_record_over_the_limit_of_its_topic(broker: KafkaCluster, tmp_path: Path) -> None:
    """It becomes a dead letter; its neighbours in the feed, and all other feeds, come once each."""
    bulky = Bulky("bulky", 0.0, window=600)
    with stand(broker, tmp_path, {"/bulky": bulky.document}) as here:
        make(here, "articles", partitions=12, **{"max.message.bytes": str(LIMIT)})
        here.fleet.start()
        here.flow(60, items=5)
        for large in (4, 10):
            bulky.large.add(large)
            bulky.issue(5)
            here.flow(60, items=5)
            small = {bulky.guid(number) for number in range(1, bulky.newest() + 1) if number not in bulky.large}
            assert here.witness.wait(lambda small=small: small <= here.guids(), FLOW)
        here.judge(least=60 + 9)
        letters = here.installation.rows("dead-letters", "list")
        assert [(one["feed"], one["reason"]) for one in letters] == [("bulky", "refused")] * 2
        assert not here.guids() & {bulky.guid(number) for number in bulky.large}


def test_f10_one_transactional_id_twice(broker: KafkaCluster, tmp_path: Path) -> None:
    """A second owner opens the shard of the running one: the one is fenced, then the other, and nothing comes twice."""
    with stand(broker, tmp_path) as here:
        daemon = here.fleet.start()
        here.flow(60, items=10)
        rounds = 3
        for _ in range(rounds):
            asyncio.run(intrude(here, shard_of(host_key(here.site.url("/feed-0", "127.0.0.2")), 2)))
            here.flow(items=5)
        assert sum(FENCED in error for error in here.errors()) == rounds
        assert here.metric("monitor_ledger_failures_total") == rounds
        assert here.ready()
        here.judge(least=100)
        assert here.fleet.stop(daemon) < 25


@pytest.mark.parametrize(
    ("point", "seconds"),
    [
        ("kafka.sent", 12.0),
        pytest.param("kafka.before_commit", 12.0, marks=pytest.mark.soak),
        pytest.param("kafka.after_commit", 12.0, marks=pytest.mark.soak),
        pytest.param("kafka.sent", 300.0, marks=[pytest.mark.soak, pytest.mark.timeout(600)]),
    ],
)
def test_f11_a_zombie_publishes_nothing(broker: KafkaCluster, tmp_path: Path, point: str, seconds: float) -> None:
    """Frozen within a commit, past its session and its transaction; another takes over; then it wakes."""
    with stand(broker, tmp_path, admin=None) as here:
        zombie = here.fleet.start(freeze=f"{point}=9")
        freeze(here, zombie)
        slept = time.monotonic()
        here.fleet.start()
        here.flow(60, items=5)
        time.sleep(max(0.0, slept + seconds - time.monotonic()))
        assert frozen(zombie)
        thaw(zombie)
        until(here.errors, FLOW, "the word that its commit is void")
        here.flow(items=5)
        here.judge(least=48)
        assert here.fleet.stop(zombie) < 25
        here.flow(items=1)
        here.judge(least=52)


def test_f12_a_transaction_that_times_out_is_sent_again(broker: KafkaCluster, tmp_path: Path) -> None:
    """The only process is frozen within a transaction until brokers abort it; awake, it publishes all of it once."""
    with stand(broker, tmp_path) as here:
        daemon = here.fleet.start(freeze="kafka.sent=9")
        freeze(here, daemon)
        time.sleep(12.0)
        assert frozen(daemon)
        stalled = here.newest() - here.guids()
        assert stalled
        thaw(daemon)
        here.flow(items=5)
        until(lambda: stalled <= here.guids(), FLOW, "what was in the transaction")
        assert here.errors(), "the transaction was not aborted"
        until(here.ready, FLOW, "readiness")
        here.judge(least=48)


class Bulky(Issuer):
    """A feed some of whose items are larger than a topic takes."""

    def __init__(self, *arguments: object, **more: int) -> None:
        super().__init__(*arguments, **more)
        self.large: set[int] = set()
        self._bulk = random.Random(8).randbytes(3 * LIMIT).hex()

    def document(self) -> bytes:
        made = super().document()
        for number in self.large:
            known = payload(self.name, number).encode()
            made = made.replace(known, known + b" " + self._bulk.encode())
        return made


async def intrude(here: Stand, shard: ShardId) -> None:
    """Takes a shard, waits until its rightful owner has taken it back, and then tries to publish."""
    app = here.prefix.rstrip(".")
    place = Installation(app, f"{here.prefix}feeds", f"{here.prefix}feed-state", f"{here.prefix}rescue", shards=2)
    ledger = KafkaLedger(ClusterSettings(here.cluster.bootstrap_servers), place)
    fenced = len(here.errors())
    opened = await ledger.open(shard)
    try:
        here.issue(5)
        await asyncio.to_thread(until, lambda: len(here.errors()) > fenced, FLOW, "the word that it was fenced")
        wanted = here.newest()
        await asyncio.to_thread(until, lambda: wanted <= here.guids(), FLOW, "news of the rightful owner")
        with pytest.raises(Fenced, match=FENCED):
            await opened.commit(Batch(shard, records=(record(topic=f"{here.prefix}articles"),)))
    finally:
        await opened.close()


def freeze(here: Stand, daemon: subprocess.Popen[str]) -> None:
    """Brings news until the daemon has stopped at its point."""
    until(lambda: len(here.guids()) >= len(here.issuers), 60, "the first articles")
    here.issue(20)
    for _ in range(200):
        if frozen(daemon):
            return
        here.issue(1)
        time.sleep(0.1)
    raise AssertionError("nobody passed the point")


def make(here: Stand, name: str, partitions: int, **config: str) -> None:
    """A topic that is not as the installation would make it."""
    topic = NewTopic(f"{here.prefix}{name}", partitions, 1, config=config)
    # Kept: the library gives up what a client that is gone has asked for.
    admin = AdminClient({"bootstrap.servers": here.servers, "log_level": 0})
    for done in admin.create_topics([topic]).values():
        done.result(20)
