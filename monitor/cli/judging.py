"""A text and the watches it meets, as `explain` and `match` show it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import msgspec

from monitor.cli.text import counted, cut, inert
from monitor.match.automaton import MAX_HITS
from monitor.match.explain import Explained, WhyNot
from monitor.match.explain import explain as judge
from monitor.match.packs import Concept
from monitor.match.scan import MAX_FIELD, utf16_length
from monitor.match.segments import Standing
from monitor.model.article import FieldName, Language, Removed
from monitor.model.watch import Hit, Limit, Text
from monitor.normalise.furniture import Stripped, strip_furniture
from monitor.normalise.language import detect, primary, read_tag
from monitor.publish.envelope import hit

_BREAK = re.compile("\r(?!\n)|[\x0b\x0c\x85\u2028\u2029]")
"""Line ends of other systems; each is one character, so that no span moves."""
AROUND = 30
"""Characters of context on each side of a hit, for people."""

LIMITS: Mapping[Limit, str] = {
    "field": f"only the first {MAX_FIELD:,} characters of a text were judged",
    "hits": f"of a term that occurs {MAX_HITS:,} times no more places were looked at: there may be more hits",
}
"""What it means for people that a bound was reached."""


class Line(msgspec.Struct):
    """One text of `match --jsonl`."""

    body: str
    id: Any = None
    title: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """A text as its file has it, and what each watch says to it. Spans of `results` are those of the clean text."""

    raw: str
    title: str
    language: Language
    stripped: Stripped
    removed: tuple[Removed, ...]
    results: tuple[Explained, ...]

    def span(self, field: FieldName, start: int, end: int) -> tuple[int, int]:
        """Where that stands in the file."""
        return self.stripped.raw_span(start, end) if field == "body" else (start, end)

    def source(self, field: FieldName) -> str:
        """The text that spans index."""
        return self.raw if field == "body" else self.title


def examine(
    raw: str,
    rules: Standing,
    *,
    title: str = "",
    lang: str | None = None,
    concepts: Mapping[str, Concept] = MappingProxyType({}),
) -> Examined:
    """Takes foreign lines out, finds the language (`lang` overrules it) and judges by every watch.

    `concepts`: those the watches name, for what is nearly found.
    """
    stripped = strip_furniture(_BREAK.sub("\n", raw), "body")
    language = spoken(title, stripped.text, lang)
    text = Text(title=title, body=stripped.text, language=primary(language.tag).lower())
    removed = tuple(map(_without_line_end, stripped.removed))
    return Examined(raw, title, language, stripped, removed, judge(rules, text, removed, concepts))


def _without_line_end(line: Removed) -> Removed:
    """Of a carriage return and a line feed the rules leave the first half on the line."""
    bare = line.text.rstrip("\r")
    return replace(line, text=bare, end=line.start + len(bare))


def spoken(title: str, text: str, lang: str | None) -> Language:
    """The language of a text: as said, else as detected."""
    said = read_tag(lang)
    return Language(said, "declared", 1.0) if said else detect(title, text)


def verdict_of(examined: Examined, found: Explained) -> dict[str, Any]:
    """One watch, for programs: its hits, or what it missed."""
    return {
        "watch": found.watch,
        "version": found.version,
        "matched": found.matched,
        "hits": [placed(one, examined) for one in found.hits],
        "hits_total": found.hits_total,
        "limits": list(found.limits),
        "why_not": [_reason(why, examined) for why in found.why_not],
    }


def text_of(examined: Examined) -> dict[str, Any]:
    """The text itself, for programs."""
    language = examined.language
    spoken_as = {"tag": language.tag, "source": language.source, "confidence": round(language.confidence, 3)}
    removed = [
        {"start": line.start, "end": line.end, "kind": line.kind, "text": line.text} for line in examined.removed
    ]
    return {"text": {"language": spoken_as, "chars": len(examined.raw)}, "removed": removed}


def placed(found: Hit, examined: Examined) -> dict[str, Any]:
    """A hit with its place in the file: the slice there equals its text."""
    text = examined.source(found.field)
    start, end = examined.span(found.field, found.start, found.end)
    before = utf16_length(text[:start])
    utf16 = [before, before + utf16_length(text[start:end])]
    return {**hit(found), "start": start, "end": end, "utf16": utf16, "text": text[start:end]}


def sentences(examined: Examined, results: Sequence[Explained]) -> Iterator[str]:
    """The same for people."""
    for found in results:
        if found.matched:
            yield f"{found.watch}: {counted(found.hits_total, 'hit')}"
            yield from (_shown(one, examined) for one in found.hits)
        else:
            yield f"{found.watch}: not met"
            yield from (_missed(why, examined) for why in found.why_not)
        yield from (f"  {LIMITS[limit]}" for limit in found.limits)
    language = examined.language
    known = f"{language.tag} ({language.source}, {language.confidence:.2f})"
    yield f"text: {counted(len(examined.raw), 'character')}, language {known}"
    for line in examined.removed:
        yield f"  removed by {line.kind}: {cut(line.text, 80)}"


def _missed(why: WhyNot, examined: Examined) -> str:
    """A reason with the place of what comes nearest."""
    told = _reason(why, examined)
    place = "" if told["start"] is None else f" ({told['field']} {told['start']}–{told['end']})"
    return f"  {inert(why.message)}{place}"


def _shown(found: Hit, examined: Examined) -> str:
    text = examined.source(found.field)
    start, end = examined.span(found.field, found.start, found.end)
    before, behind = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    return (
        f"  {found.field} {start}–{end}  …{inert(before + '⟦' + text[start:end] + '⟧' + behind)}…  {inert(found.term)}"
    )


def _reason(why: WhyNot, examined: Examined) -> dict[str, Any]:
    start, end = why.start, why.end
    if start is not None and end is not None and why.field is not None and why.reason != "removed":
        start, end = examined.span(why.field, start, end)
    return {
        "clause": list(why.clause),
        "reason": why.reason,
        "message": why.message,
        "text": why.text,
        "field": why.field,
        "start": start,
        "end": end,
    }
