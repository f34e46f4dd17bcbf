"""Topics and rights as Strimzi's operator takes them."""

from __future__ import annotations

import pytest
import yaml

from monitor.publish.strimzi import Strimzi, object_name
from monitor.publish.topics import TopicSpec, TopicTable


def test_every_topic_of_the_table_becomes_an_object() -> None:
    """Name, size, copies and settings as the service itself would make them."""
    specs = [*TopicTable().plan([]), *TopicTable().ledger_plan(6)]

    found = {row["spec"]["topicName"]: row["spec"] for row in Strimzi().documents(specs)[:-1]}

    assert found.keys() == {spec.name for spec in specs}
    for spec in specs:
        row = found[spec.name]
        assert (row["partitions"], row["replicas"], row["config"]) == (
            spec.partitions,
            spec.replication,
            dict(spec.config),
        )


@pytest.mark.parametrize(("ensure", "operations"), [(False, ["Read", "Write"]), (True, ["Read", "Write", "Create"])])
def test_rights_are_the_ones_the_service_uses(ensure: bool, operations: list[str]) -> None:
    """Topics behind the prefix, ids and groups behind the app's name; to create only where it has to."""
    user = Strimzi(app="desk", prefix="desk.", ensure=ensure).user()

    assert user["metadata"]["name"] == "desk"
    assert user["spec"]["authorization"]["acls"] == [
        {"resource": {"type": "topic", "name": "desk.", "patternType": "prefix"}, "operations": operations},
        {"resource": {"type": "transactionalId", "name": "desk-", "patternType": "prefix"}, "operations": ["Write"]},
        {"resource": {"type": "group", "name": "desk-", "patternType": "prefix"}, "operations": ["Read"]},
    ]


def test_settings_stay_texts() -> None:
    """Kafka's values are texts, also where they look like numbers."""
    spec = TopicSpec("news.x", 3, 1, (("min.cleanable.dirty.ratio", "0.2"), ("retention.ms", "1")))

    read = next(iter(yaml.safe_load_all(Strimzi(cluster="main").render([spec]))))

    assert read["spec"]["config"] == {"min.cleanable.dirty.ratio": "0.2", "retention.ms": "1"}
    assert read["metadata"] == {"name": "news.x", "labels": {"strimzi.io/cluster": "main"}}


def test_names_of_objects_are_legal_and_differ() -> None:
    """Kubernetes takes no capitals and no `_`; two topics never become one object."""
    names = {object_name(topic) for topic in ("news.a-b", "news.a_b", "News.A_b")}

    assert len(names) == 3
    assert "news.a-b" in names
    assert all(name == name.lower() and "_" not in name for name in names)
