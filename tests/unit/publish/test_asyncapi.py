"""The AsyncAPI document says what the table, the schemas and the envelope say, and the committed file is it."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from monitor import __version__
from monitor.model.watch import Watch
from monitor.publish.asyncapi import TYPES, document, draft_07, with_schemas
from monitor.publish.topics import TopicTable
from tests.support.project import DOCS

WATCHES = [Watch(name, f"@{name}") for name in ("drones", "taiwan", "ukraine")]
SCHEMAS = {name: json.loads(files("monitor.schemas").joinpath(f"{name}.json").read_text("utf-8")) for name in TYPES}
SPANS = {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}], "items": False, "minItems": 2}


def made(table: TopicTable, watches: list[Watch]) -> dict:
    return with_schemas(document(table, table.plan(watches), watches, __version__), SCHEMAS)


WHOLE = made(TopicTable(), WATCHES)
MESSAGES = WHOLE["components"]["messages"]


def test_h209_committed_file_is_the_generated_one() -> None:
    """`news-monitor topics asyncapi > docs/asyncapi.json` writes it anew."""
    assert json.loads((DOCS / "asyncapi.json").read_text(encoding="utf-8")) == WHOLE


def test_every_topic_of_the_plan_has_its_channel() -> None:
    """With the numbers of the table; one channel stands for the topics of all watches."""
    found = {channel["address"]: channel["bindings"]["kafka"] for channel in WHOLE["channels"].values()}
    plan = {spec.name: spec for spec in TopicTable().plan(WATCHES[:1])}
    plan["news.alerts.{watch}"] = plan.pop("news.alerts.drones")
    assert found.keys() == plan.keys()
    for address, binding in found.items():
        spec = plan[address]
        assert (binding["partitions"], binding["replicas"]) == (spec.partitions, spec.replication)
        kept = binding["topicConfiguration"]
        assert dict(spec.config)["retention.ms"] == str(kept["retention.ms"])
        assert dict(spec.config)["cleanup.policy"] == ",".join(kept["cleanup.policy"])


def test_shared_topic_and_topic_of_its_own() -> None:
    """Without the placeholder there is one channel of alerts; a watch with its own topic has its own channel."""
    watches = [*WATCHES[:2], Watch("own", "@own", topic="special")]
    shared = made(TopicTable("x.", "alerts"), watches)["channels"]
    apart = made(TopicTable("x."), watches)["channels"]
    fixed = {"x.articles", "x.dead-letters", "x.feed-events"}
    assert {one["address"] for one in shared.values()} == {*fixed, "x.alerts", "x.special"}
    assert {one["address"] for one in apart.values()} == {*fixed, "x.alerts.{watch}", "x.special"}
    assert apart["alerts-of-a-watch"]["parameters"]["watch"]["examples"] == ["drones", "taiwan"]


@pytest.mark.parametrize("type_", TYPES)
def test_examples_are_valid(type_: str) -> None:
    """By the shipped schema, by the one inside the document, and by that of the headers."""
    (example,) = MESSAGES[type_]["examples"]
    jsonschema.Draft202012Validator(SCHEMAS[type_]).validate(example["payload"])
    jsonschema.Draft7Validator(WHOLE["components"]["schemas"][type_]).validate(example["payload"])
    jsonschema.Draft7Validator(MESSAGES[type_]["headers"]).validate(example["headers"])
    assert example["headers"]["ce_id"] == example["payload"]["id"]


def test_spans_of_the_examples_are_those_of_the_texts() -> None:
    """Whoever tries code on the examples finds what the schema promises."""
    alert = MESSAGES["news.alert.v1"]["examples"][0]["payload"]
    for hit in alert["hits"]:
        assert alert["article"][hit["field"]][hit["start"] : hit["end"]] == hit["text"]


@pytest.mark.parametrize(("value", "valid"), [([1, 2], True), ([1], False), ([1, 2, 3], False), ([1, "2"], False)])
def test_older_words_mean_the_same(value: list, valid: bool) -> None:
    """Places of a list are checked one by one in both."""
    assert jsonschema.Draft202012Validator(SPANS).is_valid(value) is valid
    assert jsonschema.Draft7Validator(draft_07(SPANS)).is_valid(value) is valid


@pytest.mark.parametrize("type_", TYPES)
def test_no_newer_word_is_left(type_: str) -> None:
    """What tools for the older version would pass over."""
    assert "prefixItems" not in json.dumps(WHOLE["components"]["schemas"][type_])
