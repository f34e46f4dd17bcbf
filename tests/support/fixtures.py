"""Fixtures that need more than Python: started when first asked for, ended with the session, also after a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.kafka import KafkaCluster, missing


@dataclass(frozen=True)
class Brokers:
    """A cluster the tests may write to but not hurt."""

    bootstrap_servers: tuple[str, ...]


def absent(reason: str) -> None:
    """Skips with the reason; where everything has to be there (CI), fails instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka_jars() -> None:
    """For tests that start brokers of their own."""
    reason = missing()
    if reason is not None:
        absent(reason)


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """One real broker for the whole session, or the cluster that KAFKA_BOOTSTRAP_SERVERS names."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield Brokers(tuple(given.split(",")))
        return
    request.getfixturevalue("kafka_jars")
    cluster = KafkaCluster(tmp_path_factory.mktemp("kafka"))
    try:
        cluster.start()
        yield Brokers(cluster.bootstrap_servers)
    finally:
        cluster.stop()
