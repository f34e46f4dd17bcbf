"""Where an article meets its watches: places of signals, and the hits that are published of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from monitor.match.heard import Heard, Mark
from monitor.match.languages import language_group
from monitor.match.query import Query
from monitor.match.scan import FIELDS, Listeners, Scan, Variant, is_text, utf16_length
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


def find_places(scan: Scan, listeners: Listeners, wanted: frozenset[int]) -> dict[int, list[Place]]:
    """Every occurrence that counts, by the signal it raises; of these signals only."""
    places: dict[int, list[Place]] = defaultdict(list)
    asked = {
        pattern: listeners.rows[pattern]
        for pattern in scan.patterns
        if not wanted.isdisjoint(listeners.raised[pattern])
    }
    for pattern, start, end in scan.hits:
        if pattern in asked:
            for variant in asked[pattern]:
                field = scan.field_at(start)
                signals = wanted.intersection(variant.signals(field))
                if signals and is_text(field) and (variant.plain or not scan.objection(variant, start, end)):
                    place = make_place(scan, variant, field, (start, end))
                    for signal in signals:
                        places[signal].append(place)
    return places


def make_place(scan: Scan, variant: Variant, field: FieldName, raw: tuple[int, int]) -> Place:
    """A raw hit with what is published of it."""
    start, end = scan.shown_span(variant, *raw)
    number = FIELDS.index(field)
    text, shift = scan.fields[number], scan.shifts[number]
    first, last = span = start - shift, end - shift
    if scan.astral[number]:
        span = utf16_length(text[:first]), utf16_length(text[:last])
    alias = variant.alias_for(scan.group)
    said = (field, first, last, span, text[first:last], alias.written, alias.kind, alias.concept, alias.language)
    return Place(start, end, raw, field, variant, said)


def make_match(query: Query, scan: Scan, places: Mapping[int, list[Place]], heard: Heard) -> Match:
    """A watch that is met, with its hits."""
    found = _find(query, places, _made_true(query, heard)) if query.witness else _find_all(query, places)
    if scan.summarised and scan.repeated and any(row[0].field != "summary" for row in found):
        found = [row for row in found if row[0].field != "summary" or row[2] == "summary"]
    chosen = choose(found, scan.group)
    hits = tuple([Hit(*place.said, clause) for place, clause, _ in chosen[:MAX_HITS]])
    return Match(query.watch, query.version, hits, len(chosen))


def _find_all(query: Query, places: Mapping[int, list[Place]]) -> list[Found]:
    """Every place of what is shown."""
    return [
        (place, clause, bound)
        for signal, (clause, bound) in query.wanted.items()
        if signal in places
        for place in places[signal]
    ]


def _find(query: Query, places: Mapping[int, list[Place]], true: set[Mark]) -> list[Found]:
    """The same, but of signals that occur in operators over places only what makes them true."""
    bounded = query.bounded
    return [
        (place, clause, bound)
        for signal, (clause, bound) in query.wanted.items()
        for place in places.get(signal, ())
        if signal not in bounded or (signal, *place.raw) in true
    ]


def _made_true(query: Query, heard: Heard) -> set[Mark]:
    """The hits that make the operators over places true."""
    return {mark for part in query.witness if part.test(heard) for mark in part.marks(heard)}


def choose(found: list[Found], group: str) -> list[Found]:
    """One hit per place: of several the text's language first, the longest, the first clause."""
    if len(found) < 2:
        return found
    ordered = sorted(found, key=_span)
    chosen: list[Found] = []
    cluster: list[Found] = []
    reach = -1
    for row in ordered:
        place = row[0]
        if place.start >= reach:
            chosen.extend(_choose_best(cluster, group) if len(cluster) > 1 else cluster)
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
