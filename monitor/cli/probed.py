"""What came of a probe, for programs and for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from monitor.cli.text import counted, cut, inert
from monitor.model.article import Reading
from monitor.model.event import ArticleEvent
from monitor.model.feed import FeedSpec
from monitor.model.mask import mask_url
from monitor.model.poll import Failed, Fetched, NotModified, Validators, Verdict
from monitor.model.state import FeedState
from monitor.model.units import Instant, spell_duration
from monitor.pipeline import Moment, Polled, Rules, process
from monitor.publish.envelope import article

SHOWN = 10
"""Articles that people see; `--json` shows all."""


def describe(source: str, feed: FeedSpec, result: Polled, rules: Rules, now: Instant) -> dict[str, Any]:
    """One source, for programs. A feed's own filter is put aside: here everything is shown."""
    outcome = process(feed, result, FeedState(feed.id), replace(rules, filters={}), Moment(now))
    verdict = verdict_of(result)
    reading = result if isinstance(result, Reading) and result.failed is None else None
    cadence = outcome.state.cadence
    return {
        "source": mask_url(source) if "://" in source else source,
        "verdict": {"kind": verdict.kind, "reason": verdict.reason},
        "detail": verdict.detail if isinstance(verdict, Failed) else "",
        "status": verdict.response.status or None,
        "redirects": [{"url": mask_url(hop.url), "status": hop.status} for hop in verdict.response.hops],
        "validators": _validators(result),
        "reading": _reading(reading),
        "feed": {"title": reading and reading.feed_title, "language": reading and reading.language},
        "articles": [
            {**article(event.article), "watches": list(event.watches)}
            for event in outcome.events
            if isinstance(event, ArticleEvent)
        ],
        "next_poll": {"after_s": round(cadence.due - now, 3), "reason": cadence.reason},
    }


def verdict_of(result: Polled) -> Verdict:
    """What the poll as a whole came to."""
    if isinstance(result, Reading):
        return result.failed or result.verdict
    return result


def sentences(answer: dict[str, Any]) -> Iterator[str]:
    """One source, for people."""
    verdict = answer["verdict"]
    reason = f" ({verdict['reason']})" if verdict["reason"] else ""
    yield f"{inert(answer['source'])}: {verdict['kind']}{reason}, status {answer['status'] or '-'}"
    if answer["detail"]:
        yield f"  {inert(answer['detail'])}"
    for hop in answer["redirects"]:
        yield f"  redirected by {hop['status']} at {inert(hop['url'])}"
    known = ", ".join(f"{name} {inert(value)}" for name, value in answer["validators"].items() if value)
    if known or answer["reading"]:
        yield f"  validators: {known or 'none, so every poll reads the whole document'}"
    if answer["reading"]:
        yield from _read_so(answer)
    yield from _listed(answer.get("articles", ()))
    after = answer["next_poll"]
    wait = spell_duration(round(after["after_s"]))
    yield f"  next poll in {wait}: {inert(after['reason'].removeprefix(f'{wait}: '))}"


def _read_so(answer: dict[str, Any]) -> Iterator[str]:
    reading, feed = answer["reading"], answer["feed"]
    yield f"  feed: {inert(feed['title'] or 'without title')}, language {inert(feed['language'] or 'not said')}"
    lost = "".join(f", {reading[name]} {name}" for name in ("quarantined", "cut", "repairs") if reading[name])
    charset = f"{reading['charset']} ({reading['charset_source']})"
    yield f"  read {reading['route']}, charset {charset}: {counted(reading['entries'], 'entry', 'entries')}{lost}"


def _listed(articles: Any) -> Iterator[str]:
    for one in articles[:SHOWN]:
        flags = f"  [{', '.join(one['watches'])}]" if one["watches"] else ""
        date = (one["published"] or one["updated"] or "without date")[:16]
        yield f"  - {date} {one['language']['tag']} {cut(one['title'] or one['url'] or '', 90)}{flags}"
    if len(articles) > SHOWN:
        yield f"  … and {len(articles) - SHOWN} more; --json shows all"


def _validators(result: Polled) -> dict[str, str | None]:
    found = result.verdict if isinstance(result, Reading) else result
    known = found.validators if isinstance(found, Fetched | NotModified) else Validators()
    return {"etag": known.etag, "last_modified": known.last_modified}


def _reading(reading: Reading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "route": reading.route,
        "charset": reading.charset,
        "charset_source": reading.charset_source,
        "repairs": reading.repairs,
        "entries": reading.entries,
        "quarantined": len(reading.quarantined),
        "cut": reading.cut,
    }
