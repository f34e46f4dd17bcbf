"""One feed polled again and again through `read` and `process`, without a loop: documents in, outcomes out.

Every outcome is checked on the way: the loss ledger adds up, records satisfy their schemas, hits are where they say.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema

from monitor.fetch.verdict import body_hash
from monitor.match.compiler import compile_rules
from monitor.model.article import ReadTask
from monitor.model.event import AlertEvent, ArticleEvent, FeedEvent, Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import WatchId
from monitor.model.poll import Fetched, Response, Validators
from monitor.model.state import FeedState
from monitor.model.watch import Watch
from monitor.pipeline import Moment, NeedsLenient, Polled, Rules, hints_of, process, read, remembered_failure
from monitor.publish.topics import TopicTable
from monitor.testing.builders import feed
from monitor.testing.clock import START

TOPICS = TopicTable("news.", "alerts.{watch}")
CHECKED = 100
"""Records of one poll that are looked at closely."""


def watch(name: str, query: str | None = None, **more: Any) -> Watch:
    """A watch; its query is its name unless it is given."""
    return Watch(WatchId(name), query or name, **more)


def rules_of(*watches: Watch, **more: Any) -> Rules:
    """Rules of these watches."""
    return Rules(compile_rules(watches, {}), TOPICS, "test", **more)


def item(title: str, text: str | None = None, **fields: str) -> str:
    """An RSS item; its guid and text follow from its title. A field that is empty is left out."""
    said = {
        "guid": f"id:{title}",
        "title": title,
        "description": text if text is not None else f"What there is to say about {title} in a few more words",
        **fields,
    }
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in said.items() if value) + "</item>"


def rss(*items: str, title: str = "The feed") -> bytes:
    """A document with these items."""
    return f'<rss version="2.0"><channel><title>{title}</title>{"".join(items)}</channel></rss>'.encode()


def read_body(spec: FeedSpec, body: bytes, state: FeedState, now: float, status: int = 200) -> Polled:
    """What comes of a response with this body, as a worker reads it."""
    verdict = Fetched(Response(spec.url, status, wire_bytes=len(body)), body, body_hash(body), Validators())
    if (known := remembered_failure(state, verdict)) is not None:
        return known
    task = ReadTask(verdict, spec, hints_of(spec, state, verdict.body_hash, now))
    found = read(task)
    found = read(task, lenient=True) if isinstance(found, NeedsLenient) else found
    assert not isinstance(found, NeedsLenient)
    return found


@dataclass(slots=True)
class Poller:
    """A feed from poll to poll, ten minutes apart."""

    rules: Rules = field(default_factory=lambda: rules_of(watch("port"), watch("drone", "drone*")))
    spec: FeedSpec = field(default_factory=feed)
    now: float = START
    state: FeedState = field(init=False)

    def __post_init__(self) -> None:
        self.state = FeedState(self.spec.id)

    def get(self, *items: str, status: int = 200) -> Outcome:
        """A poll that found a document of these items."""
        return self.take(rss(*items), status=status)

    def take(self, body: bytes, status: int = 200) -> Outcome:
        """A poll that found this body."""
        return self.judge(read_body(self.spec, body, self.state, self.now, status))

    def judge(self, result: Polled, **moment: Any) -> Outcome:
        """A poll that came to this."""
        outcome = process(self.spec, result, self.state, self.rules, Moment(self.now, **moment))
        check(outcome)
        self.state, self.now = outcome.state, self.now + 600
        return outcome


def step(steps: Generator[None, None, Outcome]) -> tuple[Outcome, int]:
    """The outcome of `processing`, and in how many slices it came."""
    slices = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, slices
        slices += 1


def check(outcome: Outcome) -> None:
    """What holds for every outcome there is."""
    assert outcome.counts.unaccounted == 0
    assert len({event.id for event in outcome.events}) == len(outcome.events)
    texts: dict[tuple[str, int], dict[str, Any]] = {}
    for record in outcome.records[:CHECKED]:
        if record.topic == TOPICS.dead_letters:
            continue
        value = json.loads(record.value)
        schema(value["type"]).validate(value)
        if value["type"] == "news.article.v1":
            texts[(value["article"]["id"], value["article"]["revision"])] = value["article"]
        for hit in value.get("hits", ()):
            said = texts[(value["article"]["id"], value["article"]["revision"])]
            assert said[hit["field"]][hit["start"] : hit["end"]] == hit["text"]


@cache
def schema(name: str) -> jsonschema.Draft202012Validator:
    """The shipped schema of a type of event."""
    text = files("monitor").joinpath("schemas", f"{name}.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def articles(outcome: Outcome) -> list[tuple[str, str, tuple[str, ...]]]:
    """Change, title and watches of every article event."""
    found = [event for event in outcome.events if isinstance(event, ArticleEvent)]
    return [(event.change, event.article.article.title, event.watches) for event in found]


def alerts(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Watch, change and title of every alert."""
    found = [event for event in outcome.events if isinstance(event, AlertEvent)]
    return [(event.match.watch.id, event.change, event.article.article.title) for event in found]


def told(outcome: Outcome) -> list[tuple[str, dict[str, Any]]]:
    """Kind and detail of every feed event."""
    return [(event.kind, event.detail) for event in outcome.events if isinstance(event, FeedEvent)]
