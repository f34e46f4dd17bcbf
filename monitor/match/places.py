"""Where an article meets its watches: places of signals, and the hits that are published of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from monitor.match.heard import Heard, Mark
from monitor.match.languages import language_group
from monitor.match.listeners import FIELDS, Listeners, Variant
from monitor.match.query import Query
from monitor.match.scan import Scan, utf16_length
from monitor.match.syntax import Bound, Span
from monitor.model.article import FieldName
from monitor.model.watch import Hit, Match

MAX_HITS = 200
"""Hits a match carries; the rest is counted."""

Said = tuple[FieldName, int, int, tuple[int, int], str, str, str, str | None, str | None]
"""All of a hit but its clause."""


class Place(NamedTuple):
    """An occurrence that counts."""

    start: int
    end: int
    """In the joined original."""
    raw: tuple[int, int]
    """The hit in the folded text."""
    field: FieldName
    variant: Variant
    said: Said


Found = tuple[Place, Span, Bound | None]
"""A place, and the clause of the query it stands for, with the clause's field."""


Raw = tuple[Variant, int, int]
"""A raw hit that counts: whose, and where in the folded text."""

# What the class of a named tuple does beyond this costs more than all else about a hit.
_make: Any = tuple.__new__


def find_places(scan: Scan, listeners: Listeners, wanted: AbstractSet[int]) -> dict[int, list[Place]]:
    """Every occurrence that counts, by the signal it raises; of these signals only."""
    raws = _find_raw(scan, listeners, wanted)
    places: dict[int, list[Place]] = defaultdict(list)
    fields, shifts, astral, group = scan.fields, scan.shifts, scan.astral, scan.group
    one, two = scan.borders[:2]
    for (variant, begin, stop), (start, end) in zip(raws, scan.shown_spans(raws), strict=True):
        number = 0 if begin < one else 1 if begin < two else 2
        field, text = FIELDS[number], fields[number]
        first, last = start - shifts[number], end - shifts[number]
        wide = (utf16_length(text[:first]), utf16_length(text[:last])) if astral[number] else (first, last)
        alias = variant.by_language.get(group, variant.aliases[0])
        said = (field, first, last, wide, text[first:last], alias.written, alias.kind, alias.concept, alias.language)
        place = _make(Place, (start, end, (begin, stop), field, variant, said))
        for signal in variant.signals(field) if variant.fielded else variant.anywhere:
            if signal in wanted:
                places[signal].append(place)
    return places


def _find_raw(scan: Scan, listeners: Listeners, wanted: AbstractSet[int]) -> list[Raw]:
    raised, rows = listeners.raised, listeners.rows
    asked = {pattern: rows[pattern] for pattern in scan.patterns if not wanted.isdisjoint(raised[pattern])}
    return [
        (variant, start, end)
        for pattern, start, end in scan.hits
        if pattern in asked
        for variant in asked[pattern]
        if variant.plain or not scan.objection(variant, start, end)
    ]


def make_match(query: Query, scan: Scan, places: Mapping[int, list[Place]], heard: Heard) -> Match:
    """A watch that is met, with its hits."""
    rows = [(signal, shown) for signal, shown in query.wanted.items() if signal in places]
    if query.witness:
        found = _find(query, rows, places, _made_true(query, heard))
    else:
        found = [(place, clause, bound) for signal, (clause, bound) in rows for place in places[signal]]
    chosen = found if len(found) < 2 else choose(_without_repeated(found, scan), scan.group)
    hits = tuple([_make(Hit, place[5] + (clause,)) for place, clause, _ in chosen[:MAX_HITS]])
    match: Match = _make(Match, (query.watch, query.version, hits, len(chosen), ()))
    return match


def _without_repeated(found: list[Found], scan: Scan) -> list[Found]:
    """Not what the summary has where the body repeats it, unless that is asked for."""
    if not scan.summarised or not scan.repeated or all(row[0].field == "summary" for row in found):
        return found
    return [row for row in found if row[0].field != "summary" or row[2] == "summary"]


def _find(
    query: Query,
    rows: Sequence[tuple[int, tuple[Span, Bound | None]]],
    places: Mapping[int, list[Place]],
    true: AbstractSet[Mark],
) -> list[Found]:
    """Every place of what is shown; of signals that occur in operators over places only what makes them true."""
    bounded = query.bounded
    return [
        (place, clause, bound)
        for signal, (clause, bound) in rows
        for place in places[signal]
        if signal not in bounded or (signal, *place.raw) in true
    ]


def _made_true(query: Query, heard: Heard) -> set[Mark]:
    """The hits that make the operators over places true."""
    return {mark for part in query.witness if part.test(heard) for mark in part.marks(heard)}


def choose(found: list[Found], group: str) -> list[Found]:
    """One hit per place: of several the text's language first, the longest pattern, the query's order, the file's."""
    if _apart(found):
        return found
    ordered = sorted(found, key=_span)
    return ordered if _apart(ordered) else _choose_among(ordered, group)


def _apart(found: list[Found]) -> bool:
    """Does each place end before the next begins?"""
    reach = -1
    for row in found:
        start, end = row[0][:2]
        if start < reach:
            return False
        reach = end
    return True


def _choose_among(ordered: list[Found], group: str) -> list[Found]:
    chosen: list[Found] = []
    cluster: list[Found] = []
    reach = -1
    for row in ordered:
        place = row[0]
        if place.start >= reach:
            chosen.extend(_choose_best(cluster, group))
            cluster = []
        cluster.append(row)
        reach = max(reach, place.end)
    return [*chosen, *_choose_best(cluster, group)]


def _span(row: Found) -> tuple[int, int]:
    return row[0][:2]


def _choose_best(cluster: list[Found], group: str) -> list[Found]:
    if len(cluster) <= 1:
        return cluster
    kept: list[Found] = []
    for row in sorted(cluster, key=lambda row: _preference(row, group)):
        place = row[0]
        if all(place.end <= other.start or other.end <= place.start for other, _, _ in kept):
            kept.append(row)
    return sorted(kept, key=lambda row: row[0].start)


def _preference(row: Found, group: str) -> tuple[bool, int, Span, int, int]:
    place, clause, _ = row
    alias = place.variant.alias_for(group)
    own = bool(group) and language_group(alias.language or "") == group
    # Nothing that depends on what other watches there are: a watch finds the same in every rule set.
    return (not own, -len(alias.core), clause, place.variant.rank, place.start)
