"""What commands say of a cluster before anything ran on it, and after somebody else's installation did."""

from __future__ import annotations

from uuid import uuid4

import pytest

from monitor.app.build.topics import miscounted, topic_rows, was_recorded
from monitor.app.build.view import open_tail
from monitor.config.config import Config
from tests.support.fixtures import Brokers
from tests.support.service import configuration

pytestmark = pytest.mark.timeout(90)


def installed(kafka: Brokers, name: str, shards: int) -> Config:
    """A configuration of this installation."""
    return configuration(
        {
            "monitor.yaml": f"contact: tests@example.org\napp: {name}\n"
            f"ledger: {{kind: kafka, bootstrap_servers: {list(kafka.bootstrap_servers)}, shards: {shards}}}\n"
            f"topics: {{prefix: {name}., replication: 1, min_insync_replicas: 1}}\n"
        }
    )


async def test_a_cluster_on_which_nothing_ran_and_topics_of_another_number_of_shards(kafka: Brokers) -> None:
    """No dead letters because nothing was recorded; no late feeds because the topics do not fit."""
    name = f"picture-{uuid4().hex[:8]}"
    three, six = installed(kafka, name, 3), installed(kafka, name, 6)
    assert not await was_recorded(three, lambda table: table.dead_letters)
    assert await miscounted(three) == ""
    assert {row["state"] for row in await topic_rows(three, "ensure")} == {"created"}
    assert await was_recorded(three, lambda table: table.dead_letters)
    assert await miscounted(three) == ""
    assert (await miscounted(six)).startswith(f"{name}.feed")
    assert "has 3 partitions instead of 6" in await miscounted(six)
    async with open_tail(three, (f"{name}.art*",), "begin") as reading:
        assert await reading.topics() == [f"{name}.articles"]
