"""Fields: HTML to text beside lxml.html, dates beside feedparser, document by document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import lxml.html
from feedparser.datetimes import _parse_date
from lxml.etree import ParserError

from monitor.model.article import Parsed, ParsedFeed
from monitor.normalise.dates import parse_date
from monitor.normalise.text import html_to_text
from monitor.parse.reader import read_document
from tests.benchmarks.figures import Bench, Figure, paired, summed_up, times
from tests.benchmarks.material import NOW, documents, origin

EACH = 50
"""Texts and dates of one document, at most."""


def figures(bench: Bench) -> Iterator[Figure]:
    """Both, per document, over everything the documents hold."""
    feeds = list(_feeds(bench))
    texts = [found for feed in feeds if (found := _texts(feed))]
    pair = summed_up([_side_by_side(part, html_to_text, _text_content) for part in texts]).scaled(1e3)
    note = "; ".join(filter(None, (f"{sum(map(len, texts))} texts; per document", origin(bench))))
    yield Figure.of("HTML to text", "ms", pair, "lxml.html text_content", times(2) if bench.corpus else None, note)
    dates = [found for feed in feeds if (found := _dates(feed))]
    pair = summed_up([_side_by_side(part, _date, _peer_date) for part in dates]).scaled(1e3)
    raws = {raw for part in dates for raw in part}
    unread = sum(_date(raw) is None and _peer_date(raw) is not None for raw in raws)
    note = f"{len(raws)} different dates, {unread} that only the peer reads; per document"
    yield Figure.of("dates", "ms", pair, "feedparser", times(2.5) if bench.corpus else None, note)


def _feeds(bench: Bench) -> Iterator[ParsedFeed]:
    for document in documents(bench):
        found = read_document(document.body, url=f"https://{document.name}.example/feed.xml")
        if isinstance(found, Parsed):
            yield found.feed


def _texts(feed: ParsedFeed) -> list[str]:
    constructs = [one for entry in feed.entries for one in (entry.summary, *entry.contents) if one and one.html]
    return [one.value for one in constructs if "<" in one.value][:EACH]


def _dates(feed: ParsedFeed) -> list[str]:
    found = [raw for entry in feed.entries for raw in (entry.published, entry.updated) if raw]
    return found[:EACH]


def _side_by_side(values: Sequence[str], ours, theirs) -> tuple[float, float]:
    """Seconds both need for these values, from two rounds each."""
    pair = paired(partial(_all, ours, values), partial(_all, theirs, values), rounds=2)
    return pair.ours, pair.peer


def _all(convert, values: Sequence[str]) -> None:
    for value in values:
        convert(value)


def _text_content(html: str) -> str:
    try:
        return lxml.html.fromstring(html).text_content()
    except (ParserError, ValueError):
        return ""


def _date(raw: str) -> float | None:
    return parse_date(raw, fetched_at=NOW).instant


def _peer_date(raw: str) -> object:
    return _parse_date(raw)
