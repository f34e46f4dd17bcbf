"""Schemas for editors: as committed, and true of real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from monitor import data
from monitor.config.json_schema import render, schemas

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = schemas()


def faults(name: str, value: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMAS[name]).iter_errors(value)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_committed_schema_is_the_generated_one(name: str) -> None:
    """`news-monitor config schema` writes it."""
    Draft202012Validator.check_schema(SCHEMAS[name])

    assert (ROOT / "config" / "schema" / f"{name}.json").read_text(encoding="utf-8") == render(SCHEMAS[name])


FILES = sorted(path for path in (ROOT / "config").rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_files_satisfy_their_schema(path: Path) -> None:
    """And name it in their first line."""
    text = path.read_text(encoding="utf-8")
    name = "monitor" if path.parent.name in ("config", "conf.d") else path.parent.name
    name = "cases" if path.name.endswith(".cases.yaml") else name
    up = "" if path.parent.name == "config" else "../"

    assert text.split("\n")[0] == f"# yaml-language-server: $schema={up}schema/{name}.json"
    for document in yaml.safe_load_all(text):
        assert document is None or faults(name, document) == []


@pytest.mark.parametrize("pack", data.names("concepts"))
def test_built_in_packs_satisfy_the_schema(pack: str) -> None:
    """The schema knows every key that packs use."""
    assert faults("concepts", yaml.safe_load(data.text(f"concepts/{pack}"))) == []


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("monitor", {}, True),
        ("monitor", {"server": None, "fetch": {"total_timeout": "30s"}}, True),
        ("monitor", {"fetch": {"total_timeout": 30}}, False),
        ("monitor", {"fetch": {"concurency": 3}}, False),
        ("monitor", {"schedule": {"class": "news"}}, True),
        ("monitor", {"sinks": [{"kind": "kafka", "bootstrap_servers": ["a:1"]}]}, True),
        ("monitor", {"sinks": [{"kind": "kafka"}]}, False),
        ("monitor", {"sinks": [{"kind": "os.system"}]}, False),
        ("monitor", {"sinks": [{}]}, False),
        ("monitor", {"ledger": {"kind": "kafka"}}, False),
        ("feeds", {"feeds": [{"url": "https://example.org/", "interval": "5m"}]}, True),
        ("feeds", {"feeds": [{"url": "https://example.org/", "interval": {"min": "5m", "max": "1h"}}]}, True),
        ("feeds", {"feeds": [{"url": "https://example.org/", "interval": 5}]}, False),
        ("feeds", {"feeds": [{"url": "ftp://example.org/"}]}, False),
        ("feeds", {"feeds": [{"id": "x"}]}, False),
        ("feeds", {"defaults": {"class": "news", "url": "https://example.org/"}}, False),
        ("watches", {"id": "a", "query": "drone"}, True),
        ("watches", {"watches": [{"id": "a", "keywords": ["x"]}]}, True),
        ("watches", {"id": "a"}, False),
        ("watches", {"id": "a", "query": "x", "keywords": ["x"]}, False),
        ("watches", {"id": "A", "query": "x"}, False),
        ("watches", {"watches": [], "id": "a"}, False),
        ("watches", {"id": "a", "query": "x", "cases": [{"text": "x", "expect": ["x"], "field": "summary"}]}, True),
        ("cases", [{"text": "x", "expect": []}, {"text": "x", "expect": ["x"], "lang": "en", "title": "X"}], True),
        ("cases", [{"text": "x"}], False),
        ("cases", [{"text": "x", "expect": [], "field": "headline"}], False),
        ("cases", {"cases": []}, False),
        ("concepts", {"concept": "x", "languages": {"en": {"terms": ["a"]}}}, True),
        ("concepts", {"concept": "x", "languages": {"en": {"colour": "red"}}}, False),
        ("concepts", {"languages": {}}, False),
    ],
)
def test_schema_agrees_with_the_loader(name: str, value: Any, good: bool) -> None:
    """What an editor marks is what would be refused."""
    assert (faults(name, value) == []) is good, json.dumps(value)
