"""Documents: bytes to articles, beside feedparser on the same bytes, document by document."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import feedparser

from monitor.model.article import Reading
from monitor.parse.reader import read_document
from monitor.pipeline import read
from tests.benchmarks.figures import Bench, Figure, summed_up, timed, times
from tests.benchmarks.material import Document, documents, origin

PEERS = {
    "feedparser": feedparser.parse,
    "feedparser, bare": partial(feedparser.parse, sanitize_html=False, resolve_relative_uris=False),
}
"""As everybody calls it, and without the two passes over the HTML that it can do without."""


def figures(bench: Bench) -> Iterator[Figure]:
    """Parsing alone and all of reading, against both ways to call feedparser."""
    found = documents(bench)
    _times(found[0])  # warms up
    rows = [_times(document) for document in found]
    size = sum(len(document.body) for document in found)
    agreeing = f"{sum(row['same'] for row in rows):g} of {len(rows)} documents with the same entries"
    for name in ("parse", "read"):
        for peer in PEERS:
            pairs = [(row[name], row[peer]) for row in rows]
            ours, theirs = map(sum, zip(*pairs, strict=True))
            note = f"{agreeing}; all together {theirs / ours:.3g} ×, {size / ours / 1e6:.3g} MB/s"
            goal = times(25) if (name, peer) == ("parse", "feedparser") and bench.corpus else None
            note = "; ".join(filter(None, (note, origin(bench))))
            yield Figure.of(f"{name} a document, {peer}", "ms", summed_up(pairs).scaled(1e3), peer, goal, note)


def _times(document: Document) -> dict[str, float]:
    """Seconds of each side; ours before and after the peers, so that a disturbance meets both."""
    before = _ours(document)
    theirs = {name: timed(partial(parse, document.body)) for name, parse in PEERS.items()}
    after = _ours(document)
    ours = {name: (before[name] + after[name]) / 2 for name in before}
    return {**ours, **theirs, "same": float(_same(document))}


def _ours(document: Document) -> dict[str, float]:
    task = document.task()
    verdict = task.verdict
    parse = partial(read_document, verdict.body, url=verdict.url, headers=verdict.response.headers, lenient=True)
    return {"read": timed(lambda: read(task, lenient=True)), "parse": timed(parse)}


def _same(document: Document) -> bool:
    """Whether feedparser counts the same entries."""
    found = read(document.task(), lenient=True)
    theirs = feedparser.parse(document.body, sanitize_html=False, resolve_relative_uris=False)
    return isinstance(found, Reading) and found.entries == len(theirs.entries)
