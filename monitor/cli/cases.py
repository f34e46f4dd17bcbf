"""The cases of a watch with what was found, for programs and for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.cli.text import counted, cut, inert
from monitor.config.judging import text_of
from monitor.match.compiler import compile_rules
from monitor.match.concepts import load_packs
from monitor.match.explain import WhyNot, explain
from monitor.match.matcher import RuleSet
from monitor.match.packs import Concept, Sample
from monitor.model.ids import WatchId
from monitor.model.watch import Case, Hit, Place, Watch

WIDEST = 100
"""Characters of a text that are shown."""


def outcomes(watch: Watch, rules: RuleSet, packs: Mapping[str, Concept]) -> Iterator[dict[str, Any]]:
    """Every case of a watch with what was found, and for one that fails what lacks and why."""
    for number, case in enumerate(watch.cases, 1):
        matches = rules.match(text_of(case), frozenset({watch.id}))
        hits = [hit for match in matches for hit in match.hits]
        found = [hit.text for hit in hits]
        yield {
            "watch": watch.id,
            "case": number,
            "ok": tuple(found) == case.expect,
            "text": case.text,
            "title": case.title,
            "lang": case.lang,
            "field": case.field,
            "expect": list(case.expect),
            "found": found,
            "missing": list((Counter(case.expect) - Counter(found)).elements()),
            "unexpected": list(map(_placed, _surplus(hits, case))),
            "why_not": [] if matches or not case.expect else list(map(_reason, _missed(watch, case, packs))),
            "file": case.place.file,
            "line": case.place.line,
        }


def pack_watches(files: Mapping[str, str]) -> Iterator[Watch]:
    """Packs as watches whose cases are the packs' own examples: one for each tier, called as queries call it."""
    for file, text in files.items():
        for name, concept in load_packs({file: text})[0].items():
            for tier in ("", ".weak"):
                query = f"@{name}{tier}"
                cases = [_case(sample, file) for sample in concept.samples if sample.weak is bool(tier)]
                yield from [Watch(WatchId(query), query, cases=tuple(cases))] if cases else ()


def _case(sample: Sample, file: str) -> Case:
    return Case(sample.text, sample.expect, sample.language, sample.title, Place(file))


def _surplus(hits: Sequence[Hit], case: Case) -> Iterator[Hit]:
    left = Counter(case.expect)
    for hit in hits:
        left[hit.text] -= 1
        if left[hit.text] < 0:
            yield hit


def _placed(hit: Hit) -> dict[str, Any]:
    names = ("field", "start", "end", "text", "term", "concept", "language")
    return {name: getattr(hit, name) for name in names}


def _missed(watch: Watch, case: Case, packs: Mapping[str, Concept]) -> Sequence[WhyNot]:
    """Why a watch is not met, judged alone: only a case that fails is worth it."""
    (told,) = explain(compile_rules([watch], packs), text_of(case), concepts=packs)
    return told.why_not


def _reason(why: WhyNot) -> dict[str, Any]:
    return {"reason": why.reason, "message": why.message, "text": why.text}


def sentences(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The cases that fail, each with what was expected and what was found, and how many there were."""
    failed = [row for row in rows if not row["ok"]]
    for row in failed:
        yield from _told(row)
    yield f"{counted(len(rows), 'case')}, {len(failed)} failed"


def _told(row: Mapping[str, Any]) -> Iterator[str]:
    expected, found = (", ".join(map(inert, row[key])) or "nothing" for key in ("expect", "found"))
    place = f"{row['file']}:{row['line']}" if row["line"] else row["file"]
    yield f"{row['watch']}: case {row['case']} ({place}) expects {expected}; found {found}"
    if row["title"]:
        yield f"  title       {cut(row['title'], WIDEST)}"
    language = row["lang"] or "language unknown"
    yield f"  {row['field']:<11} {cut(row['text'], WIDEST)} [{language}]"
    if row["missing"]:
        yield f"  missing     {', '.join(map(inert, row['missing']))}"
    for hit in row["unexpected"]:
        yield f"  unexpected  {_found(hit)}"
    if not row["missing"] and not row["unexpected"]:
        yield "  order       the same places, in another order"
    yield from (f"  why not     {inert(why['message'])}" for why in row["why_not"])


def _found(hit: Mapping[str, Any]) -> str:
    """A place nobody asked for, with the entry that brought it."""
    pack = f" of @{hit['concept']}" if hit["concept"] else ""
    language = f", {hit['language']}" if hit["language"] else ""
    place = f"{hit['field']} {hit['start']}–{hit['end']}"
    return f"{inert(hit['text'])}, {place}, by {inert(hit['term'])}{pack}{language}"
