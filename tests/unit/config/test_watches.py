"""`watches/*.yaml`."""

from __future__ import annotations

import pytest

from monitor.config import watches
from monitor.model.watch import Case, Place, Watch


def read(text: str, files: dict[str, str] | None = None) -> list[Watch]:
    found, problems = watches.read("watches/a.yaml", text, files or {})
    assert problems == []
    return [entry.watch for entry in found]


def test_one_watch_a_file() -> None:
    """The name is the id if none is given."""
    (watch,) = read("id: a\nquery: drone\n")

    assert (watch.id, watch.name, watch.query, watch.severity) == ("a", "a", "drone", "medium")


def test_all_keys() -> None:
    """The keys of the file are the fields of the noun."""
    (watch,) = read(
        """
id: a
name: A
query: drone
severity: high
topic: alerts.shared
tags: [x]
owner: me
notes: text
paused: true
languages: [uk]
feeds: [f]
feed_tags: [t]
burst: [g]
cases: [{text: A drone, title: T, lang: en, expect: [drone]}]
"""
    )

    assert watch == Watch(
        id="a",
        name="A",
        query="drone",
        severity="high",
        topic="alerts.shared",
        tags=("x",),
        owner="me",
        notes="text",
        paused=True,
        languages=("uk",),
        feeds=("f",),
        feed_tags=("t",),
        burst=("g",),
        cases=(Case("A drone", ("drone",), "en", "T", Place("watches/a.yaml", 15, 9)),),
        place=Place("watches/a.yaml", 4, 8),
    )


def test_languages_are_written_as_texts_are_known() -> None:
    """In small letters: a watch for `PT` takes Portuguese articles."""
    (watch,) = read("id: a\nquery: drone\nlanguages: [PT, uk]\n")

    assert watch.languages == ("pt", "uk")


def test_several_documents_and_a_list() -> None:
    """Both forms, also mixed."""
    text = "id: a\nquery: drone\n---\n---\nwatches:\n  - {id: b, query: ship}\n  - {id: c, keywords: [plane]}\n"

    assert [watch.id for watch in read(text)] == ["a", "b", "c"]


def test_keywords() -> None:
    """An OR of the entries, phrases in quotes."""
    (watch,) = read("id: a\nkeywords: [TSMC, chip war, semiconduct*]\n")

    assert watch.query.count(" OR ") == 2
    assert '"chip war"' in watch.query


def test_keywords_file() -> None:
    """One a line, blank lines and comments left out, windows line ends too."""
    (watch,) = read("id: a\nkeywords_file: lists/a.txt\n", {"watches/lists/a.txt": "# list\r\nTSMC\r\n\r\n ASML \r\n"})

    assert watch.query == "TSMC OR ASML"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("id: a\nquery: drone\n", 2, 8),
        ("id: a\nquery: 'drone'\n", 2, 9),
        ('id: a\nquery:  "drone"\n', 2, 10),
        ("id: a\nquery: |\n  drone\n", 3, 3),
        ("id: a\nquery: >-\n    drone\n", 3, 5),
    ],
)
def test_place_of_the_query_text(text: str, line: int, column: int) -> None:
    """A caret points into the file, not at the key."""
    assert read(text)[0].place == Place("watches/a.yaml", line, column)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "watches: []\n"])
def test_files_without_watches(text: str) -> None:
    """An emptied file is not an error."""
    assert read(text) == []


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("a.txt", "watches/a.txt"),
        ("./a.txt", "watches/a.txt"),
        ("sub/a.txt", "watches/sub/a.txt"),
        ("../a.txt", None),
        ("sub/../../a.txt", None),
        ("/etc/passwd", None),
        ("", None),
    ],
)
def test_keywords_path(named: str, path: str | None) -> None:
    """A list lies beside the watch or below it."""
    assert watches.keywords_path("watches/w.yaml", named) == path


def test_place_at_the_end_of_a_file() -> None:
    """A block without a line is not beyond the text."""
    node = watches.places.read("a", "q: |")[0][0].at(("q",))

    assert watches.text_place(node, "q: |") == Place("a", 2, 1)
