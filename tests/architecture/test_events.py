"""`docs/events.md` is a contract: its examples are valid, its ids are right, its table is the code's."""

from __future__ import annotations

import ast
import json
import re
from importlib.resources import files

import jsonschema
import pytest

from monitor.app.build.service import in_force
from monitor.config.load import load
from monitor.model.article import Reading, ReadTask
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import alert_id, article_event_id, article_id, feed_event_id
from monitor.model.poll import Fetched, Response, Validators
from monitor.model.state import FeedState
from monitor.model.units import instant
from monitor.model.watch import Watch
from monitor.pipeline import Moment, Rules, hints_of, process, read
from monitor.publish.topics import DAY, TopicTable
from tests.support.project import DOCS, blocks, modules, table_keys

TEXT = (DOCS / "events.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(block) for block in blocks(TEXT, "json event")]
SCHEMAS = {
    path.name.removesuffix(".json"): json.loads(path.read_text(encoding="utf-8"))
    for path in files("monitor").joinpath("schemas").iterdir()
    if path.name.endswith(".json")
}


def test_every_schema_has_an_example() -> None:
    """And every example a schema."""
    assert sorted(example["type"] for example in EXAMPLES) == sorted(SCHEMAS)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema_is_named_after_its_type(name: str) -> None:
    """`ce_dataschema` is this `$id`."""
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"urn:news-monitor:schema:{name}"
    assert SCHEMAS[name]["properties"]["type"] == {"const": name}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["type"])
def test_example_is_valid_and_whole(example: dict) -> None:
    """It has every key there is, in the order of the schema."""
    schema = SCHEMAS[example["type"]]
    jsonschema.Draft202012Validator(schema).validate(example)
    assert set(example) == set(schema["properties"])


def test_ids_of_the_examples_can_be_made_by_anybody() -> None:
    """From what the events themselves say."""
    article, alert, told = (_example(name) for name in ("news.article.v1", "news.alert.v1", "news.feed.v1"))
    said = article["article"]
    assert said["id"] == article_id(said["feed"]["id"], "guid", said["guid"])
    assert article["id"] == article_event_id(said["id"], said["revision"])
    assert alert["id"] == alert_id(said["id"], alert["watch"]["id"], said["revision"])
    assert told["id"] == feed_event_id(told["feed"]["id"], told["kind"], 1)


def test_hits_of_the_example_slice_the_article() -> None:
    """As every alert does."""
    article, alert = _example("news.article.v1")["article"], _example("news.alert.v1")
    assert (article["id"], article["revision"]) == (alert["article"]["id"], alert["article"]["revision"])
    assert [article[hit["field"]][hit["start"] : hit["end"]] for hit in alert["hits"]] == [
        hit["text"] for hit in alert["hits"]
    ]
    snippet = alert["snippet"]
    assert [snippet["text"][start:end] for start, end in snippet["marks"]] == ["Ukraine"]


def test_id_vectors() -> None:
    """The table of ids; the same vectors as in the tests of the ids."""
    article = article_id("bbc-world", "guid", "https://example.org/1")
    made = [
        article,
        article_event_id(article, 1),
        alert_id(article, "ukraine", 1),
        feed_event_id("bbc-world", "gap", 1),
    ]
    section = TEXT.split("\n## Ids\n")[1].split("\n## ")[0]
    assert re.findall(r"`([0-9a-f]{32})`", section) == made


def test_topics_are_those_of_the_code() -> None:
    """Name, partitions and days."""
    watch = Watch("<watch>", "")  # type: ignore[arg-type]
    plans = (TopicTable().plan([watch]), TopicTable(alerts="alerts").plan([watch]))
    made = {
        spec.name: (spec.partitions, int(dict(spec.config)["retention.ms"]) // DAY) for plan in plans for spec in plan
    }
    rows = re.findall(r"^\| `(news\.[^`]+)` \| [^|]+ \| (\d+) \| (\d+) d \|", TEXT, re.MULTILINE)
    assert {name: (int(partitions), int(days)) for name, partitions, days in rows} == made


def test_kinds_of_feed_events_are_those_that_are_made() -> None:
    """A kind that code begins to make needs its row; one that nothing makes has none."""
    made = {
        leaf.value
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"announce", "_announce"}
        for leaf in node.args
        if isinstance(leaf, ast.Constant)
    }
    section = TEXT.split("### `news.feed.v1`")[1].split("\n## ")[0]
    assert set(table_keys(section)) - {"kind"} == made
    assert made <= set(SCHEMAS["news.feed.v1"]["properties"]["kind"]["enum"])


def test_consumer_can_be_copied() -> None:
    """One block, that is Python, and reads where the brokers are from the environment; a service test runs it."""
    (code,) = blocks(TEXT, "python consumer")
    compile(ast.parse(code), "consumer", "exec")
    assert "KAFKA_BOOTSTRAP_SERVERS" in code


def _example(name: str) -> dict:
    return next(example for example in EXAMPLES if example["type"] == name)


DOCUMENT = """<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Example News</title>
<item><guid isPermaLink="false">news-{number}</guid><link>https://news.example.org/2026/11/{number}?utm_source=rss</link>
<title>{title}</title><description>{summary}</description><content:encoded>{body}</content:encoded>
<author>A. Martin</author><pubDate>Thu, 26 Nov 2026 08:00:00 GMT</pubDate></item></channel></rss>"""
CONFIGURATION = {
    "feeds/x.yaml": "feeds: [{id: example-news, url: 'https://news.example.org/feed.xml', name: Example News, "
    "language: fr, country: FR, tags: [world]}]",
    "watches/x.yaml": "watches: [{id: ukraine, name: Ukraine, query: '@ukraine'}, {id: drones, query: '@drones'}]",
}
NOW = instant("2026-11-26T08:05:00.000Z")


def test_h209_examples_are_what_the_program_makes() -> None:
    """The page's article and alert, from a document that says so; versions change with every pack and are left out."""
    config = load(CONFIGURATION, {}, {})
    rules, (feed,) = in_force(config).rules, config.feeds
    said = _example("news.article.v1")["article"]
    first, second = said["body"].splitlines()
    before = DOCUMENT.format(number=1, title="Récolte", summary="Des pommes.", body="")
    body = f"&lt;p&gt;{first}&lt;/p&gt;&lt;p&gt;{second}&lt;/p&gt;"
    after = DOCUMENT.format(number=4711, title=said["title"], summary=said["summary"], body=body)

    state = _poll(feed, FeedState(feed.id), before, NOW - 7200, rules).state
    made = [json.loads(one.value) for one in _poll(feed, state, after, NOW, rules).records]

    wanted = [_example("news.article.v1"), _example("news.alert.v1")]
    assert [_lasting(one) for one in made if one.get("watch", {}).get("id") != "drones"] == list(map(_lasting, wanted))


def _poll(feed: FeedSpec, state: FeedState, text: str, now: float, rules: Rules) -> Outcome:
    verdict = Fetched(Response(feed.url, 200), text.encode(), str(now), Validators())
    reading = read(ReadTask(verdict, feed, hints_of(feed, state, verdict.body_hash, now)))
    assert isinstance(reading, Reading)
    return process(feed, reading, state, rules, Moment(now, 0.0))


def _lasting(event: dict) -> dict:
    watch = {name: value for name, value in event.get("watch", {}).items() if name != "version"}
    return {**event, "generation": None, "watch": watch}
