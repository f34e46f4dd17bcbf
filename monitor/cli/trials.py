"""What a back-test found, for programs and for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.cli.text import counted, cut, inert, table
from monitor.model.units import rfc3339
from monitor.pipeline.trial import Sample, Trial
from monitor.publish.envelope import hit
from monitor.publish.snippet import snippet

HALF = 0.5
"""Share of all hits above which one alias decides what a watch is about."""
MOST = 10
"""Lines of each table for people."""


def rows(trial: Trial) -> Iterator[dict[str, Any]]:
    """Every count and every sample, each with its kind under `row`; the total last."""
    for day in sorted(trial.judged):
        found = {"judged": trial.judged[day], "met": trial.met[day], "hits": trial.hits[day]}
        yield {"row": "day", "day": day, **found}
    for language, met in trial.languages.most_common():
        yield {"row": "language", "language": language, "met": met}
    for feed, met in trial.by_feed.most_common():
        yield {"row": "feed", "feed": feed, "met": met}
    yield from _aliases(trial)
    for kind, samples in _samples(trial):
        yield from ({"row": kind, **_sample(one)} for one in samples)
    yield {"row": "total", **_total(trial)}


def _aliases(trial: Trial) -> Iterator[dict[str, Any]]:
    whole = trial.aliases.total()
    for (term, kind, concept, language), hits in trial.aliases.most_common():
        named = {"term": term, "kind": kind, "concept": concept, "language": language}
        yield {"row": "alias", **named, "hits": hits, "share": round(hits / whole, 3)}


def _samples(trial: Trial) -> list[tuple[str, list[Sample]]]:
    kinds = (("sample", trial.samples), ("added", trial.added.samples), ("removed", trial.removed.samples))
    return [(name, samples.shown) for name, samples in kinds]


def _sample(one: Sample) -> dict[str, Any]:
    said = one.said
    return {
        "time": rfc3339(said.time),
        "article": said.id,
        "revision": said.revision,
        "title": said.text.title,
        "url": said.url,
        "feed": said.feed.id,
        "language": said.text.language,
        "hits": [hit(found) for found in one.match.hits],
        "hits_total": one.match.hits_total,
        "snippet": _snippet(one),
    }


def _snippet(one: Sample) -> dict[str, Any] | None:
    text = one.said.text
    made = snippet({"title": text.title, "summary": text.summary, "body": text.body}, one.match.hits)
    return None if made is None else {"field": made.field, "text": made.text, "marks": [list(m) for m in made.marks]}


def _total(trial: Trial) -> dict[str, Any]:
    heavy = next((row for row in _aliases(trial) if row["share"] > HALF), None)
    compared = trial.against is not None
    return {
        "watch": trial.tried.watch.id,
        "version": trial.tried.name,
        "against": trial.against.name if trial.against is not None else None,
        "judged": trial.total,
        "met": trial.met.total(),
        "revisions": trial.revisions,
        "baseline": trial.baseline,
        "hits": trial.hits.total(),
        "added": trial.added.count if compared else None,
        "removed": trial.removed.count if compared else None,
        "heavy": heavy and heavy["term"],
        "bodiless": trial.bodiless,
        "unreadable": trial.unreadable,
        "cost": {
            "us_per_article": round(1e6 * trial.seconds / (trial.total or 1), 1),
            "cpu_s": round(trial.seconds, 3),
        },
    }


def sentences(trial: Trial) -> Iterator[str]:
    """The same for people: the longest tables cut, what needs a remark in words."""
    found = list(rows(trial))
    total = found[-1]
    yield (
        f"{total['watch']}: {counted(total['met'], 'article')} met of {total['judged']} judged,"
        f" {counted(total['hits'], 'hit')}"
    )
    yield from _table(found, "day", ("day", "judged", "met", "hits"))
    yield from _table(found, "language", ("met", "language"))
    yield from _table(found, "feed", ("met", "feed"))
    yield from _table(found, "alias", ("hits", "share", "kind", "concept", "language", "term"))
    yield from _remarks(total)
    for kind, title in (
        ("sample", "samples"),
        ("added", "only the tried version"),
        ("removed", "only the other version"),
    ):
        yield from _shown([row for row in found if row["row"] == kind], title)
    yield f"cost: {total['cost']['us_per_article']:g} µs an article, {total['cost']['cpu_s']:g} s of CPU"


def _table(found: Sequence[Mapping[str, Any]], kind: str, columns: Sequence[str]) -> Iterator[str]:
    chosen = [row for row in found if row["row"] == kind]
    newest = chosen[-MOST:] if kind == "day" else chosen[:MOST]
    lines = table(newest, columns)
    yield from ("", *lines) if lines else ()
    if len(chosen) > MOST:
        yield f"and {len(chosen) - MOST} more"


def _remarks(total: Mapping[str, Any]) -> Iterator[str]:
    """What somebody should know before they believe the numbers."""
    remarks = []
    if total["heavy"]:
        remarks.append(f"more than half of the hits are of one entry: {inert(total['heavy'])}")
    if total["against"]:
        change = f"{total['added']} more and {total['removed']} fewer articles"
        remarks.append(f"against version {total['against']}: {change}")
    if total["baseline"]:
        remarks.append(f"{total['baseline']} of the articles stood in the first document of their feed")
    if total["bodiless"]:
        lacking = counted(total["bodiless"], "revision")
        remarks.append(f"{lacking} came without body (`publish.body`): what stands only there is not found")
    if total["unreadable"]:
        remarks.append(f"{counted(total['unreadable'], 'record')} could not be read")
    yield from ("", *remarks) if remarks else ()


def _shown(samples: Sequence[Mapping[str, Any]], title: str) -> Iterator[str]:
    yield from ("", f"{title}:") if samples else ()
    for row in samples:
        words = ", ".join(dict.fromkeys(hit["text"] for hit in row["hits"]))
        yield f"  {row['time'][:16]}Z  {row['feed']}  {cut(row['title'], 100)}"
        yield f"    {cut(words, 60)}  |  {cut(row['snippet']['text'] if row['snippet'] else '', 140)}"
