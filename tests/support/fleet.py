"""Replicas of the service on one Kafka ledger, and a witness that reads what they publish as a consumer would."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from tests.support.installation import Installation

ARTICLES = "news.articles"
LOOK = 2.0
"""Seconds between two looks for new topics."""


class Fleet:
    """Daemons of one installation; all read the same configuration."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.replicas: list[subprocess.Popen[str]] = []

    def start(self, point: str = "", freeze: str = "") -> subprocess.Popen[str]:
        """One more, back when it is assembled; with `NAME=N` it kills itself at a crash point, or stops there."""
        more = [word for pair in (("--point", point), ("--freeze", freeze)) if pair[1] for word in pair]
        daemon = self._installation.start(*more, module="tests.acceptance.daemon", stdout=subprocess.PIPE)
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "ready\n", "the daemon did not come up; its log tells why"
        self.replicas.append(daemon)
        return daemon

    def scale(self, wanted: int) -> None:
        """So many, the newest leave first and cleanly."""
        while len(self.replicas) < wanted:
            self.start()
        while len(self.replicas) > wanted:
            self.stop(self.replicas[-1])

    def kill(self, daemon: subprocess.Popen[str]) -> None:
        """SIGKILL: nothing is written, nobody is told."""
        daemon.send_signal(signal.SIGKILL)
        self._forget(daemon, 10)

    def stop(self, daemon: subprocess.Popen[str]) -> float:
        """SIGTERM; seconds until it has ended with exit code 0."""
        started = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        self._forget(daemon, 40)
        assert daemon.returncode == 0
        return time.monotonic() - started

    def died(self, daemon: subprocess.Popen[str], limit: float) -> bool:
        """Whether it has killed itself at its point within so many seconds."""
        try:
            self._forget(daemon, limit)
        except subprocess.TimeoutExpired:
            return False
        assert daemon.returncode == -signal.SIGKILL
        return True

    def freeze(self, daemon: subprocess.Popen[str], seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so long: a zombie."""
        daemon.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        daemon.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Ends whatever still runs."""
        for daemon in list(self.replicas):
            daemon.send_signal(signal.SIGKILL)
            self._forget(daemon, 10)

    def _forget(self, daemon: subprocess.Popen[str], limit: float) -> None:
        daemon.wait(limit)
        assert daemon.stdout is not None
        daemon.stdout.close()
        self.replicas.remove(daemon)


@dataclass(frozen=True, slots=True)
class Seen:
    """One record as a `read_committed` consumer got it."""

    topic: str
    key: str
    id: str
    value: dict[str, Any]
    at: float
    """Monotonic seconds when it came."""
    place: tuple[int, int] = (0, 0)
    """Partition and offset."""


@dataclass(slots=True)
class Witness:
    """Reads topics from their beginning in a thread of its own, while brokers come and go."""

    bootstrap_servers: Sequence[str]
    pattern: str = r"^news\.(articles|alerts\..*)$"
    seen: list[Seen] = field(default_factory=list)
    _places: dict[tuple[str, tuple[int, int]], str] = field(default_factory=dict)
    _ending: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[Witness]:
        """Until the block ends."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._ending.set()
            thread.join(20)

    def guids(self) -> set[str]:
        """Of all articles so far."""
        return {one.value["article"]["guid"] for one in list(self.seen) if one.topic == ARTICLES}

    def doubles(self) -> list[str]:
        """Event ids that came more than once into a topic."""
        counted = Counter((one.topic, one.id) for one in list(self.seen))
        return [f"{topic} {id_}" for (topic, id_), count in counted.items() if count > 1]

    def wait(self, enough: Callable[[], bool], seconds: float) -> bool:
        """Whether so much is there within so long."""
        deadline = time.monotonic() + seconds
        while not enough():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _watch(self) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": ",".join(self.bootstrap_servers),
                "group.id": f"witness-{id(self)}",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "topic.metadata.refresh.interval.ms": 1000,
                "log_level": 0,
            }
        )
        following: set[tuple[str, int]] = set()
        looked = 0.0
        try:
            while not self._ending.is_set():
                if time.monotonic() - looked > LOOK:
                    self._follow(consumer, following)
                    looked = time.monotonic()
                for message in consumer.consume(500, timeout=0.2):
                    if message.error() is None:
                        self._take(_seen(message))
        finally:
            consumer.close()

    def _take(self, seen: Seen) -> None:
        """A reader that was set back, by a broker that lost the end of its log, gets a place twice: it counts once."""
        if self._places.get((seen.topic, seen.place)) != seen.id:
            self._places[seen.topic, seen.place] = seen.id
            self.seen.append(seen)

    def _follow(self, consumer: Consumer, following: set[tuple[str, int]]) -> None:
        """Takes up partitions that are new; places already read go on where they are."""
        try:
            topics = consumer.list_topics(timeout=1).topics
        except KafkaException:  # brokers are away: that is what the tests are about
            return
        fresh = [
            (name, number)
            for name, topic in topics.items()
            if re.match(self.pattern, name)
            for number in topic.partitions
            if (name, number) not in following
        ]
        if fresh:
            consumer.incremental_assign([TopicPartition(name, number, OFFSET_BEGINNING) for name, number in fresh])
            following.update(fresh)


def _seen(message: Any) -> Seen:
    headers = {name: value.decode() for name, value in message.headers() or ()}
    place = message.partition(), message.offset()
    value = json.loads(message.value())
    return Seen(message.topic(), message.key().decode(), headers["ce_id"], value, time.monotonic(), place)
