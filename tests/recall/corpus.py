"""What the packs find in real news: a folder of feeds (`.xml`) and of articles (`.json`), from wherever they are.

Nothing of it is kept. Surface forms are grouped, each with a few places, so that precision can be read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import feedparser
from lxml import html

from monitor.model.watch import Text
from monitor.normalise.language import detect, primary
from tests.recall.judging import find_hits

Surface = tuple[str, str, str]
"""Concept, language, surface form in small letters."""
PLACES = 25
"""Different places that are shown of one surface form."""


def print_corpus(folder: Path) -> None:
    """Hits per concept, language and surface form, with some of their places."""
    texts, surfaces = 0, Counter[Surface]()
    places: dict[Surface, dict[str, None]] = {}
    for text in _texts(folder):
        texts += 1
        for concept, hits in find_hits(text).items():
            for hit in hits:
                surface = (concept, text.language, hit.text.casefold())
                surfaces[surface] += 1
                places.setdefault(surface, {})[_context(getattr(text, hit.field), hit.start, hit.end)] = None
    print(f"{texts} texts, {surfaces.total()} hits, {len(surfaces)} surface forms")
    for surface, times in sorted(surfaces.items(), key=lambda row: (row[0][:2], -row[1], row[0][2])):
        print(f"{times:5} {surface[0]:8} {surface[1]:4} {surface[2]}")
        print("".join(f"{'':12}… {place}\n" for place in islice(places[surface], PLACES)), end="")


def _context(text: str, start: int, end: int) -> str:
    return " ".join(text[max(0, start - 30) : end + 30].split())


def _texts(folder: Path) -> Iterator[Text]:
    for path in sorted(folder.rglob("*.json")):
        for article in json.loads(path.read_text(encoding="utf-8")).values():
            yield _text(str(article.get("title") or ""), "\n".join(_paragraphs(article.get("body"))))
    for path in sorted(folder.rglob("*.xml")):
        for entry in feedparser.parse(path.read_bytes()).entries:
            yield _text(_plain(entry.get("title")), _plain(entry.get("summary")))


def _text(title: str, body: str) -> Text:
    return Text(title=title, body=body, language=primary(detect(title, body).tag))


def _paragraphs(body: Any) -> Iterator[str]:
    """Every string of a nested body."""
    if isinstance(body, str):
        yield body
    for inner in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from _paragraphs(inner)


def _plain(markup: str | None) -> str:
    """Text of a feed's markup; words of neighbouring elements stay apart."""
    if not markup or not markup.strip():
        return ""
    try:
        return " ".join(html.fromstring(f"<div>{markup}</div>").itertext())
    except (ValueError, html.etree.ParserError):
        return markup
