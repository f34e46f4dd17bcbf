"""What is generated is what the code says now, and the chart's own arithmetic comes to the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.cli.root import run_command
from monitor.config.load import load
from monitor.publish.strimzi import Strimzi
from monitor.publish.topics import TopicTable
from tests.deploy import helm, render
from tests.deploy.test_chart import KAFKA, mounted, over, workload
from tests.deploy.tools import needs_helm


def strimzi(found: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The operator's objects, without what only a release adds."""
    return {
        (row["kind"], row["metadata"]["name"]): {
            **row,
            "metadata": {key: row["metadata"][key] for key in ("name", "labels")},
        }
        for row in found
        if row["apiVersion"].startswith("kafka.strimzi.io/")
    }


@needs_helm
@pytest.mark.parametrize("path", list(render.generated()), ids=lambda path: str(Path(path).relative_to(render.ROOT)))
def test_generated_file_is_as_the_code_says(path: Path) -> None:
    """`python -m tests.deploy.render` writes them."""
    assert path.read_text() == render.generated()[path]


@needs_helm
@pytest.mark.parametrize("ensure", [False, True])
@pytest.mark.parametrize("alerts", ["alerts.{watch}", "alerts", "Flagged_{watch}"])
@pytest.mark.parametrize("spool", [False, True])
def test_chart_makes_the_same_topics_and_rights(ensure: bool, alerts: str, spool: bool) -> None:
    """Templates count watches and partitions by themselves; Python's table is the measure."""
    watches = {
        "wars.yaml": {"watches": [{"id": "a", "query": "x"}, {"id": "b", "query": "x", "topic": "own"}]},
        "more.yaml": "id: c\nquery: x\ntopic: own\n",
        "lone.yaml": {"id": "d", "query": "x", "topic": "feed-events"},
    }
    values = over(
        KAFKA,
        {
            "app": "desk",
            "ledger": {"kafka": {"shards": 24, "spool": {"enabled": spool}}},
            "topics": {"prefix": "desk.", "replication": 4, "minInsyncReplicas": 3, "ensure": ensure, "alerts": alerts},
            "config": {"watches": watches},
            "strimzi": {"enabled": True, "cluster": "main", "authentication": "tls"},
        },
    )
    found = helm.objects(values)
    pod = workload(found)["spec"]["template"]["spec"]
    config = load(mounted(found, pod), {}, {})
    table = TopicTable("desk.", alerts)
    specs = [*table.plan(config.watches, 4, 3), *table.ledger_plan(24, 4, 3, spool=spool)]

    wanted = Strimzi("main", "desk", "desk.", ensure, "tls").documents(specs)

    assert strimzi(found) == strimzi(list(wanted))


@needs_helm
def test_topics_outlive_the_release_and_stand_where_operators_look() -> None:
    """`helm uninstall` must not delete what was published."""
    topics = [row for row in helm.objects(helm.ci_values("strimzi")) if row["kind"] == "KafkaTopic"]

    assert len(topics) == 9
    assert all(row["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"} for row in topics)
    assert {row["metadata"]["namespace"] for row in topics} == {"kafka"}


def test_committed_topics_are_those_of_the_shipped_configuration() -> None:
    """A watch that is added brings its topic."""
    found = list(yaml.safe_load_all((render.DEPLOY / "kafka" / "topics.yaml").read_text()))
    names = {row["spec"]["topicName"] for row in found if row["kind"] == "KafkaTopic"}

    assert {f"news.alerts.{watch.id}" for watch in render.shipped().watches} < names
    assert {"news.articles", "news.feeds", "news.feed-state", "news.dead-letters", "news.feed-events"} < names


def test_command_prints_the_plan_for_the_operator(capsys: pytest.CaptureFixture[str]) -> None:
    """`topics plan --strimzi`: ledger and events of the configuration that is named, and who may write them."""
    assert (
        run_command(["topics", "plan", "--config", str(render.DEPLOY / "compose" / "config"), "--strimzi", "main"]) == 0
    )

    found = list(yaml.safe_load_all(capsys.readouterr().out))
    shards = {row["spec"]["topicName"]: row["spec"].get("partitions") for row in found[:-1]}
    assert (shards["news.feeds"], shards["news.articles"]) == (6, 12)
    assert found[-1]["kind"] == "KafkaUser"
    assert {row["metadata"]["labels"]["strimzi.io/cluster"] for row in found} == {"main"}


@needs_helm
def test_every_value_is_in_the_schema_and_has_a_comment() -> None:
    """The README's table is made of these comments."""
    rows = list(render.values())

    assert [key for key, _, text in rows if not text] == []
    assert len(rows) > 80
