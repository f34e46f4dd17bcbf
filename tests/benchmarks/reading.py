"""Documents: bytes to articles, beside feedparser on the same bytes, document by document."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import feedparser

from monitor.model.article import Reading
from monitor.parse.reader import read_document
from monitor.pipeline import read
from tests.benchmarks.figures import Bench, Figure, result_of, summed_up, times
from tests.benchmarks.material import Document, documents, origin

T = TypeVar("T")

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
    before, found = _ours(document)
    theirs, entries = {}, 0
    for name, parse in PEERS.items():
        theirs[name], answer = _alone(partial(parse, document.body))
        entries = len(answer.entries)
    after, _ = _ours(document)
    ours = {name: (before[name] + after[name]) / 2 for name in before}
    return {**ours, **theirs, "same": float(isinstance(found, Reading) and found.entries == entries)}


def _ours(document: Document) -> tuple[dict[str, float], object]:
    """Seconds of reading and of parsing alone, and the reading."""
    task = document.task()
    verdict = task.verdict
    parse = partial(read_document, verdict.body, url=verdict.url, headers=verdict.response.headers, lenient=True)
    whole, found = _alone(partial(read, task, lenient=True))
    return {"read": whole, "parse": _alone(parse)[0]}, found


def _alone(job: Callable[[], T]) -> tuple[float, T]:
    """Seconds and result; what others left behind is not collected on this one's account."""
    gc.collect()
    return result_of(job)
