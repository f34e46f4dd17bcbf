"""Documents of `tests/corpus/parse`, each with what has to be read from it in a file beside it.

A case names only the fields it is about. A text given as a string is compared by its value; `advice.ttl` is a path.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import feedparser
import pytest

from monitor.model.article import Parsed
from monitor.parse.reader import read_document

FOLDER = Path(__file__).resolve().parents[2] / "corpus" / "parse"
CASES = sorted(FOLDER.glob("*/*.xml"))
URL = "https://feeds.example/all"


def read(case: Path) -> Parsed:
    found = read_document(case.read_bytes(), url=URL, lenient=True)
    assert isinstance(found, Parsed), found
    return found


def at(value: dict[str, Any], path: str) -> Any:
    for part in path.split("."):
        value = value[part]
    return value


def comparable(found: Any, expected: Any) -> Any:
    """What was found, in the shape the expectation has."""
    if isinstance(found, dict) and isinstance(expected, str):
        return found["value"]
    if isinstance(found, dict) and isinstance(expected, dict):
        return {key: comparable(found[key], value) for key, value in expected.items()}
    if isinstance(found, frozenset):
        return sorted(found)
    return list(found) if isinstance(found, tuple) else found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_case(case: Path) -> None:
    """Every field a case names is read as it says."""
    expected = json.loads(case.with_suffix(".json").read_text(encoding="utf-8"))
    found = asdict(read(case))
    entries = found["feed"]["entries"]

    assert len(entries) == len(expected["entries"])
    for entry, wanted in zip(entries, expected["entries"], strict=True):
        assert {path: comparable(at(entry, path), value) for path, value in wanted.items()} == wanted
    wanted = expected.get("feed", {})
    assert {path: comparable(at(found["feed"], path), value) for path, value in wanted.items()} == wanted
    about = {key: value for key, value in expected.items() if key not in ("feed", "entries", "format")}
    assert {key: found[key] for key in about} == about
    assert found["feed"]["format"] == expected.get("format", found["feed"]["format"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_as_many_entries_as_feedparser(case: Path) -> None:
    """feedparser is the oracle of counts."""
    theirs = feedparser.parse(io.BytesIO(case.read_bytes()), sanitize_html=False, resolve_relative_uris=False)

    assert len(read(case).feed.entries) == len(theirs["entries"])
