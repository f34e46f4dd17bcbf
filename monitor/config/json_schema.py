"""JSON Schemas of the files, for editors: `config/schema/*.json`, generated from the same classes that check them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitor.config import described, forms
from monitor.config.feeds import FeedsFile
from monitor.config.schema import LEDGERS, SINKS, Settings
from monitor.config.typed import adapter
from monitor.config.watches import SOURCES, WatchEntry, WatchesFile

DRAFT = "https://json-schema.org/draft/2020-12/schema"
PATTERNS: Mapping[tuple[str, str], str] = {
    ("FeedEntry", "id"): forms.ID.pattern,
    ("WatchEntry", "id"): forms.ID.pattern,
    ("FeedEntry", "url"): "https?://.+",
}

Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """The schemas by name."""
    return {
        "monitor": monitor(),
        "feeds": feeds(),
        "watches": watches(),
        "cases": cases(),
        "concepts": concepts(),
    }


def render(schema: Schema) -> str:
    """A schema as the text of its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def monitor() -> Schema:
    """`monitor.yaml` and `conf.d/*.yaml`."""
    schema = _schema("monitor", Settings)
    for kind, owner in (*SINKS.items(), *LEDGERS.items()):
        found = schema["$defs"][owner.__name__]
        found["properties"]["kind"] = {"const": kind}
        # A mapping without a kind is the embedded ledger.
        if kind != "sqlite":
            found["required"] = sorted({"kind", *found.get("required", ())})
    return schema


def feeds() -> Schema:
    """`feeds/*.yaml`; an interval may also be one duration."""
    schema = _schema("feeds", FeedsFile)
    duration = schema["$defs"]["IntervalEntry"]["properties"]["min"]
    for name in ("FeedEntry", "FeedDefaults"):
        schema["$defs"][name]["properties"]["interval"]["anyOf"].append(duration)
    return schema


def watches() -> Schema:
    """`watches/*.yaml`: one watch, or a list of them; each with exactly one source of its query."""
    schema = _schema("watches", WatchesFile)
    definitions = schema.pop("$defs")
    definitions["WatchEntry"]["oneOf"] = [{"required": [name]} for name in SOURCES]
    definitions["WatchesFile"] = {
        key: schema.pop(key) for key in ("type", "properties", "required", "additionalProperties")
    }
    choice = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in (WatchEntry, WatchesFile)]
    return {**schema, "if": {"required": ["watches"]}, "then": choice[1], "else": choice[0], "$defs": definitions}


def cases() -> Schema:
    """`watches/ID.cases.yaml`: a list of what may also stand under `cases` of the watch."""
    entry = watches()["$defs"]["CaseEntry"]
    return {
        "$schema": DRAFT,
        "$id": "urn:news-monitor:schema:config:cases",
        "title": "watches/ID.cases.yaml",
        "description": "Cases of the watch the file is named after.",
        "type": "array",
        "items": {"$ref": "#/$defs/CaseEntry"},
        "$defs": {"CaseEntry": entry},
    }


def concepts() -> Schema:
    """`concepts/*.yaml`: packs of the operator's own."""
    from monitor.match.packs import BLOCK_KEYS, KINDS, SAMPLE_KEYS, TOP_KEYS

    texts: Schema = {"type": "array", "items": {"type": "string"}}
    anything: Schema = {}
    sample = {**_object(SAMPLE_KEYS, {"text": {"type": "string"}, "expect": texts}), "required": ["text"]}
    samples = {"type": "array", "items": {"anyOf": [{"type": "string"}, sample]}}
    block = _object(
        BLOCK_KEYS,
        dict.fromkeys(KINDS, texts)
        | {"clitics": {"enum": ["ar", "he"]}, "only_lang": {"type": "boolean"}, "left_boundary": {"type": "boolean"}}
        | {"positive": samples, "negative": samples, "not_in": {"type": "array"}, "weak": {"type": "array"}},
    )
    scope = {"type": "object", "additionalProperties": {"enum": ["any", "lang"]}}
    languages = {"type": "object", "additionalProperties": {"anyOf": [block, {"type": "null"}]}}
    known: dict[str, Schema] = {"concept": {"type": "string"}, "scope": scope, "symbols": texts, "languages": languages}
    return {
        "$schema": DRAFT,
        "$id": "urn:news-monitor:schema:config:concepts",
        "title": "concepts/*.yaml",
        "description": "A concept pack: what a thing is called in each language.",
        **_object(TOP_KEYS, {name: known.get(name, anything) for name in TOP_KEYS}),
        "required": ["concept", "languages"],
    }


def _object(keys: frozenset[str], known: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: known.get(key, {}) for key in sorted(keys)},
    }


def _schema(name: str, root: Any) -> Schema:
    """The schema of a root, with the texts under the fields and the defaults as files have them."""
    schema: Schema = adapter(root).json_schema()
    owners = _owners(root)
    _describe(schema, root)
    for title, definition in schema.get("$defs", {}).items():
        if title in owners:
            _describe(definition, owners[title])
    schema.pop("title", None)
    title = "monitor.yaml" if name == "monitor" else f"{name}/*.yaml"
    return {"$schema": DRAFT, "$id": f"urn:news-monitor:schema:config:{name}", "title": title, **schema}


def _owners(root: Any) -> dict[str, Any]:
    """Every dataclass below a root, by name."""
    found: dict[str, Any] = {}
    waiting = [root]
    while waiting:
        owner = waiting.pop()
        if owner.__name__ not in found:
            found[owner.__name__] = owner
            waiting += [inner for key in described.describe(owner) for inner in described.nested(key.kind)]
    return found


def _describe(definition: Schema, owner: Any) -> None:
    definition["description"] = described.summary(owner)
    definition.pop("title", None)
    for key in described.describe(owner):
        shown = definition["properties"][key.name]
        for word in ("title", "default"):
            shown.pop(word, None)
        if key.default is not described.REQUIRED and not isinstance(key.default, dict):
            shown["default"] = key.default
        if key.text:
            shown["description"] = key.text
        pattern = PATTERNS.get((owner.__name__, key.name))
        if pattern:
            definition["properties"][key.name] = {**shown, "pattern": f"^{pattern}$"}
