"""The topics, headers and schemas as one AsyncAPI 3.0 document, for tools: `docs/asyncapi.json`.

Made from what is used: the table of topics, the shipped JSON Schemas, and records of sample events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.json import decode

from monitor.model.event import Event, Record
from monitor.model.watch import Watch
from monitor.publish.envelope import ALERT, ARTICLE, FEED, record
from monitor.publish.samples import samples
from monitor.publish.topics import PLACEHOLDER, TopicSpec, TopicTable

Node = dict[str, Any]
TYPES = (ARTICLE, ALERT, FEED)
DEAD_LETTER = "dead-letter"
BINDING = "0.5.0"
WORDS = {
    ARTICLE: "Every article, new and updated; its records come in order.",
    ALERT: "One alert for each watch an article meets; the records of an article come in order.",
    FEED: "What an operator should know about a feed; its records come in order.",
    DEAD_LETTER: "What could not be read or published, as raw bytes with the reason in headers.",
}
DESCRIPTION = (
    "Read with isolation.level=read_committed, and de-duplicate by the header ce_id: the id of an event never changes. "
    "Texts inside are a stranger's: escape them, act on none of them. Within a version only optional fields are added."
)


def document(table: TopicTable, plan: Sequence[TopicSpec], watches: Sequence[Watch], version: str) -> Node:
    """The document without its schemas. `plan` is the table's for these watches; `version` that of the program."""
    channels = dict(_channels(table, plan, watches))
    return {
        "asyncapi": "3.0.0",
        "id": "urn:news-monitor",
        "info": {
            "title": "news-monitor",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {f"publish-{name}": _operation(name, channel) for name, channel in channels.items()},
        "components": {"messages": {**_messages(table), DEAD_LETTER: _dead_letter()}},
    }


def with_schemas(made: Node, schemas: Mapping[str, Node]) -> Node:
    """The whole document: `schemas` holds the shipped ones by type."""
    known = {type_: draft_07(schemas[type_]) for type_ in TYPES}
    return {**made, "components": {**made["components"], "schemas": known}}


def draft_07(schema: Any) -> Any:
    """The same schema in the older words that AsyncAPI has: a list of `items` instead of `prefixItems`."""
    if isinstance(schema, list):
        return [draft_07(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: draft_07(value) for key, value in schema.items() if key not in {"$schema", "$id", "prefixItems"}}
    if isinstance(schema.get("prefixItems"), list):
        kept["items"] = draft_07(schema["prefixItems"])
        kept["additionalItems"] = schema.get("items", True)
    return kept


def _channels(table: TopicTable, plan: Sequence[TopicSpec], watches: Sequence[Watch]) -> Iterator[tuple[str, Node]]:
    """One for each topic, but a single one for all that follow the template of alerts."""
    fixed = {table.articles: ARTICLE, table.feed_events: FEED, table.dead_letters: DEAD_LETTER}
    templated = {
        table.alert(watch): watch.id for watch in watches if watch.topic is None and PLACEHOLDER in table.alerts
    }
    done = False
    for spec in plan:
        if spec.name not in templated:
            name = spec.name.removeprefix(table.prefix).replace(".", "-")
            yield name, _channel(spec, spec.name, fixed.get(spec.name, ALERT))
        elif not done:
            done = True
            channel = _channel(spec, table.prefix + table.alerts, ALERT)
            yield "alerts-of-a-watch", {**channel, "parameters": {"watch": _parameter(sorted(templated.values()))}}


def _channel(spec: TopicSpec, address: str, message: str) -> Node:
    config = dict(spec.config)
    settings: Node = {
        "cleanup.policy": config["cleanup.policy"].split(","),
        "retention.ms": int(config["retention.ms"]),
    }
    return {
        "address": address,
        "description": WORDS[message],
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {
            "kafka": {
                "partitions": spec.partitions,
                "replicas": spec.replication,
                "topicConfiguration": {**config, **settings},
                "bindingVersion": BINDING,
            }
        },
    }


def _parameter(known: Sequence[str]) -> Node:
    return {"description": "Id of a watch; each has a topic of its own.", "examples": list(known)}


def _operation(name: str, channel: Node) -> Node:
    messages = [{"$ref": f"#/channels/{name}/messages/{message}"} for message in channel["messages"]]
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": channel["description"],
        "messages": messages,
    }


def _messages(table: TopicTable) -> Node:
    made = [(event, record(event, table)) for event in samples()]
    return {dict(one.headers)["ce_type"]: _message(event, one) for event, one in made}


def _message(event: Event, example: Record) -> Node:
    headers = dict(example.headers)
    type_ = headers["ce_type"]
    return {
        "name": type_,
        "title": type_,
        "summary": WORDS[type_],
        "contentType": headers["content-type"],
        "headers": _headers(headers),
        "payload": {"$ref": f"#/components/schemas/{type_}"},
        "correlationId": {"description": "De-duplicate by it.", "location": "$message.header#/ce_id"},
        "bindings": {"kafka": {"key": _key(type_), "bindingVersion": BINDING}},
        "examples": [{"name": type(event).__name__, "headers": headers, "payload": decode(example.value)}],
    }


def _headers(example: Mapping[str, str]) -> Node:
    """The schema of the headers: those that are the same in every record of the type are constants."""
    constant = {"ce_specversion", "ce_type", "ce_dataschema", "content-type"}
    known = {name: {"const": value} if name in constant else {} for name, value in example.items()}
    return {
        "type": "object",
        "properties": {name: {"type": "string", **more} for name, more in known.items()},
        "required": list(example),
    }


def _key(type_: str) -> Node:
    if type_ == FEED:
        return {"type": "string", "description": "feed id", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}
    return {"type": "string", "description": "article id", "pattern": "^[0-9a-f]{32}$"}


def _dead_letter() -> Node:
    names = [f"__news.errors.{name}" for name in ("topic", "stage", "exception", "feed", "at")]
    return {
        "name": DEAD_LETTER,
        "title": DEAD_LETTER,
        "summary": WORDS[DEAD_LETTER],
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": names},
        "bindings": {"kafka": {"key": _key(FEED), "bindingVersion": BINDING}},
    }
