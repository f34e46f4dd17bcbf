"""`read`: bytes to articles. Heavy and hostile, so it runs in a worker process."""

from __future__ import annotations

from dataclasses import replace

from monitor.model.article import Article, Entry, Parsed, Quarantined, Reading, ReadTask
from monitor.model.poll import Failed
from monitor.normalise.article import normalise
from monitor.parse.reader import NeedsLenient, read_document

REMEMBERED = ("parse", "parse_timeout", "parse_memory", "truncated")
"""Failures that are remembered with the hash of the body."""


def read(task: ReadTask, lenient: bool = False) -> Reading | NeedsLenient:
    """The reading of one document; `NeedsLenient` if only feedparser can read it and `lenient` is false."""
    verdict = task.verdict
    found = read_document(
        verdict.body,
        url=verdict.url,
        headers=verdict.response.headers,
        charset=task.hints.charset,
        lenient=lenient,
        truncated_streak=task.hints.truncated_streak,
    )
    match found:
        case NeedsLenient():
            return found
        case Failed():
            return _refused(task, found)
        case Parsed():
            return _reading(task, found)


def _refused(task: ReadTask, failed: Failed) -> Reading:
    body_hash = task.verdict.body_hash if failed.kind in REMEMBERED else None
    whole = replace(failed, response=task.verdict.response, body_hash=body_hash)
    return Reading(replace(task.verdict, body=b""), failed=whole)


def _reading(task: ReadTask, parsed: Parsed) -> Reading:
    feed, known = parsed.feed, task.hints.known
    fresh = [entry for entry in feed.entries if entry.raw_hash not in known]
    results = [_clean(entry, parsed, task) for entry in fresh]
    return Reading(
        verdict=replace(task.verdict, body=b""),
        route=parsed.route,
        charset=parsed.charset,
        charset_source=parsed.charset_source,
        replaced=parsed.replaced,
        repairs=parsed.repairs,
        entries=len(feed.entries) + feed.cut,
        articles=tuple(one for one in results if isinstance(one, Article)),
        known=tuple(entry.raw_hash for entry in feed.entries if entry.raw_hash in known),
        quarantined=tuple(one for one in results if isinstance(one, Quarantined)),
        cut=feed.cut,
        feed_title=feed.title,
        language=feed.language,
        advice=feed.advice,
    )


def _clean(entry: Entry, parsed: Parsed, task: ReadTask) -> Article | Quarantined:
    return normalise(entry, parsed, task.feed, task.hints, task.verdict.url)
