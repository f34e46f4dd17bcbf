"""The table of topics: names, sizes, sharing."""

from __future__ import annotations

import pytest

from monitor.model.ids import WatchId
from monitor.model.watch import Watch
from monitor.publish.topics import TopicTable, is_legal


def watch(name: str, topic: str | None = None) -> Watch:
    return Watch(WatchId(name), "x", topic=topic)


def test_names_stand_behind_the_prefix() -> None:
    """Two installations on one cluster need two prefixes, and nothing else."""
    table = TopicTable(prefix="desk.")

    assert (table.articles, table.feed_events, table.dead_letters) == (
        "desk.articles",
        "desk.feed-events",
        "desk.dead-letters",
    )
    assert table.alert(watch("ukraine")) == "desk.alerts.ukraine"


@pytest.mark.parametrize(
    ("alerts", "own", "expected"),
    [
        ("alerts.{watch}", None, "news.alerts.drones"),
        ("alerts", None, "news.alerts"),
        ("alerts.{watch}", "war", "news.war"),
        ("alerts", "war.{watch}", "news.war.drones"),
    ],
)
def test_topic_of_a_watch(alerts: str, own: str | None, expected: str) -> None:
    """A watch's own topic goes before the template."""
    assert TopicTable(alerts=alerts).alert(watch("drones", own)) == expected


def test_plan_is_the_documented_table() -> None:
    """Partitions and days as consumers were told."""
    plan = TopicTable().plan([watch("ukraine"), watch("taiwan")], replication=3, min_isr=2)

    assert {spec.name: (spec.partitions, int(dict(spec.config)["retention.ms"]) // 86_400_000) for spec in plan} == {
        "news.articles": (12, 30),
        "news.alerts.ukraine": (3, 90),
        "news.alerts.taiwan": (3, 90),
        "news.feed-events": (3, 30),
        "news.dead-letters": (3, 14),
    }
    assert [spec.name for spec in plan] == sorted(spec.name for spec in plan)
    for spec in plan:
        config = dict(spec.config)
        assert spec.replication == 3
        assert (config["min.insync.replicas"], config["compression.type"], config["cleanup.policy"]) == (
            "2",
            "zstd",
            "delete",
        )


@pytest.mark.parametrize(
    ("table", "watches", "partitions"),
    [
        (TopicTable(alerts="alerts"), [watch("a"), watch("b"), watch("c")], {"news.alerts": 6}),
        (TopicTable(alerts="alerts"), [watch("a")], {"news.alerts": 6}),
        (TopicTable(), [watch("a", "war"), watch("b", "war"), watch("c")], {"news.war": 6, "news.alerts.c": 3}),
        (TopicTable(), [watch("a", "war")], {"news.war": 3}),
        (TopicTable(), [watch("a", "articles")], {}),
    ],
)
def test_shared_topics_come_once(table: TopicTable, watches: list[Watch], partitions: dict[str, int]) -> None:
    """Watches that share a topic get one with more partitions; an existing topic is not planned twice."""
    names = {table.articles, table.feed_events, table.dead_letters}

    plan = table.plan(watches)

    assert {spec.name: spec.partitions for spec in plan if spec.name not in names} == partitions
    assert len(plan) == 3 + len(partitions)


@pytest.mark.parametrize("name", ["news.articles", "A-b_9", "x" * 249])
def test_legal_names(name: str) -> None:
    assert is_legal(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "x" * 250, "news articles", "новости", "news/articles", "news.articles\n"]
)
def test_names_that_kafka_refuses(name: str) -> None:
    assert not is_legal(name)
