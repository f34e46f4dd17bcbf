"""Real feed documents: as many entries as feedparser finds, nothing opened, nothing raised."""

from __future__ import annotations

import csv
import io
import os
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import feedparser
import pytest

from monitor.model.article import Parsed
from monitor.model.poll import Failed
from monitor.parse.formats import lenient  # noqa: F401 - imported before anything is watched
from monitor.parse.reader import read_document

URL = "https://news.example/feed"
PARTS = 6


@pytest.fixture(scope="session")
def documents(corpus: Path) -> dict[str, bytes]:
    """Name → bytes."""
    with tarfile.open(corpus / "feeds.tar.xz") as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {Path(file.name).stem: archive.extractfile(file).read() for file in files}  # type: ignore[union-attr]


@pytest.fixture(scope="session")
def counts(corpus: Path) -> dict[str, int]:
    """Name → entries by feedparser."""
    with (corpus / "feeds.tsv").open(encoding="utf-8") as table:
        return {Path(row["file"]).stem: int(row["entries"]) for row in csv.DictReader(table, delimiter="\t")}


@pytest.mark.parametrize("part", range(PARTS))
def test_as_many_entries_as_feedparser(
    documents: dict[str, bytes],
    counts: dict[str, int],
    part: int,
    watched: list[tuple[str, Any]],
) -> None:
    """Document by document; each entry that is not there is an article lost."""
    names = sorted(documents)[part::PARTS]
    watched.clear()

    read = {name: read_document(documents[name], url=URL, lenient=True) for name in names}

    found = {name: len(one.feed.entries) + one.feed.cut for name, one in read.items() if isinstance(one, Parsed)}
    assert found == {name: counts[name] for name in names}
    assert watched == []


def test_hardly_any_document_needs_feedparser(documents: dict[str, bytes]) -> None:
    """The strict routes read nearly all of them."""
    routes = Counter(type(read_document(body, url=URL)).__name__ for body in list(documents.values())[::4])

    assert routes["NeedsLenient"] <= 0.03 * routes.total()


@pytest.fixture
def folder(corpus: Path, tmp_path: Path) -> Path:
    """The folder that `MONITOR_TEST_FEEDS` names, else the documents of another parser's suite."""
    if given := os.environ.get("MONITOR_TEST_FEEDS"):
        return Path(given)
    with tarfile.open(corpus / "suite-gofeed.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def test_a_folder_of_documents(folder: Path) -> None:
    """Every file against feedparser itself; differences are listed."""
    different = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        body = file.read_bytes()
        ours = read_document(body, url=URL, lenient=True)
        theirs = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
        count = len(ours.feed.entries) + ours.feed.cut if isinstance(ours, Parsed) else 0
        if count != len(theirs["entries"]):
            different[str(file)] = (count, len(theirs["entries"]), ours.kind if isinstance(ours, Failed) else "ok")

    assert different == {}
