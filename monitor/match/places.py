"""Where an article meets its watches: places of signals, and the hits that are published of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import Any, Protocol, cast

from monitor.match.heard import Heard, Mark
from monitor.match.invisible import INVISIBLE, visible_end
from monitor.match.languages import language_group
from monitor.match.listeners import FIELDS, Listeners, Variant
from monitor.match.query import Card, Query, Shown
from monitor.match.scan import Scan
from monitor.match.sighting import Sighting
from monitor.match.syntax import Span
from monitor.model.watch import Hit, Match

MAX_HITS = 200
"""Hits a match carries; the rest is counted."""

Place = tuple[int, int, int, int, int, tuple[Any, ...], Variant]
"""An occurrence that counts: `[start, end)` in the joined original, and in the folded text; the variant's number, so
that places can be sorted; all of a hit but its clause; the variant."""

Found = tuple[Place, Shown]
"""A place, and what it is shown for."""


class Stage(Protocol):
    """An article in which the kernel shows the hits of queries."""

    def show(self, cards: Sequence[Card | None], /) -> list[Match | None]:
        """A match for each; None if its hits are to be worked out here, as for a query that has no card."""


# What the class of a named tuple does beyond this costs more than all else about a hit.
_make: Any = tuple.__new__
_place: Callable[[Found], Place] = itemgetter(0)


def find_places(scan: Scan, listeners: Listeners, wanted: AbstractSet[int]) -> dict[int, list[Place]]:
    """Every occurrence that counts, by the signal it raises; of these signals only."""
    places: dict[int, list[Place]] = {signal: [] for signal in wanted}
    raised, rows = listeners.raised, listeners.rows
    asked = {pattern: rows[pattern] for pattern in scan.patterns if not wanted.isdisjoint(raised[pattern])}
    if not asked:
        return places
    text, original, offsets = scan.folded.text, scan.folded.original, scan.folded.places
    (one, two), shifts, astral, group = scan.borders[:2], scan.shifts, scan.astral, scan.group
    for pattern, begin, stop in [hit for hit in scan.hits if hit[0] in asked]:
        number = 0 if begin < one else 1 if begin < two else 2
        shift = shifts[number]
        for variant in asked[pattern]:
            if not variant.plain and scan.objection(variant, begin, stop):
                continue
            first, last = begin + (text[begin] == " "), stop - (text[stop - 1] == " ")
            if not variant.closed:
                first, last = scan.extended(variant, first, last)
            start, end = offsets[first], offsets[last]
            if end == offsets[last - 1]:
                start, end = scan.folded.span(first, last)
            if original[end - 1] in INVISIBLE:
                end = visible_end(original, start, end)
            span = (start - shift, end - shift)
            wide = scan.utf16_span(number, *span) if astral[number] else span
            told = variant.alone or variant.told(group)
            said = (FIELDS[number], start - shift, end - shift, wide, original[start:end]) + told  # noqa: RUF005
            place = (start, end, begin, stop, variant.order, said, variant)
            for signal in variant.signals(FIELDS[number]) if variant.fielded else variant.anywhere:
                if signal in places:
                    places[signal].append(place)
    return places


def make_matches(met: Sequence[Query], sighting: Sighting, listeners: Listeners, stage: Stage | None) -> list[Match]:
    """Watches that are met, with their hits: those that the stage can show, and the others worked out here."""
    shown = [None] * len(met) if stage is None else stage.show([query.card for query in met])
    rest = [query for query, match in zip(met, shown, strict=True) if match is None]
    if not rest:
        return cast("list[Match]", shown)
    scan, heard = sighting.scan, sighting.heard
    places = find_places(scan, listeners, frozenset().union(*[query.shown & heard for query in rest]))
    made = iter([make_match(query, scan, places, heard) for query in rest])
    return [match or next(made) for match in shown]


def make_match(query: Query, scan: Scan, places: Mapping[int, list[Place]], heard: Heard) -> Match:
    """A watch that is met, with its hits."""
    wanted = query.wanted
    if query.witness:
        found = _find(query, places, _made_true(query, heard))
    else:
        found = [(place, wanted[signal]) for signal in query.shown & heard for place in places[signal]]
    if len(found) > 1:
        found = choose(_without_repeated(found, scan) if scan.summarised else found, scan.group)
    kept = found if len(found) <= MAX_HITS else found[:MAX_HITS]
    hits = tuple([_make(Hit, place[5] + (shown[0],)) for place, shown in kept])
    match: Match = _make(Match, (query.watch, query.version, hits, len(found), ()))
    return match


def _without_repeated(found: list[Found], scan: Scan) -> list[Found]:
    """Not what the summary has where the body repeats it, unless that is asked for."""
    if not scan.repeated or all(place[5][0] == "summary" for place, _ in found):
        return found
    return [(place, shown) for place, shown in found if place[5][0] != "summary" or shown[1] == "summary"]


def _find(query: Query, places: Mapping[int, list[Place]], true: AbstractSet[Mark]) -> list[Found]:
    """Every place of what is shown; of signals that occur in operators over places only what makes them true."""
    bounded = query.bounded
    return [
        (place, shown)
        for signal, shown in query.wanted.items()
        for place in places.get(signal, ())
        if signal not in bounded or (signal, place[2], place[3]) in true
    ]


def _made_true(query: Query, heard: Heard) -> set[Mark]:
    """The hits that make the operators over places true."""
    return {mark for part in query.witness if part.test(heard) for mark in part.marks(heard)}


def choose(found: list[Found], group: str) -> list[Found]:
    """One hit per place: of several the text's language first, the longest pattern, the query's order, the file's."""
    found.sort(key=_place)
    reach = -1
    for place, _ in found:
        if place[0] < reach:
            return _choose_among(found, group)
        reach = place[1]
    return found


def _choose_among(ordered: list[Found], group: str) -> list[Found]:
    chosen: list[Found] = []
    cluster: list[Found] = []
    reach = -1
    for row in ordered:
        start, end = row[0][:2]
        if start >= reach:
            chosen.extend(_choose_best(cluster, group))
            cluster = []
        cluster.append(row)
        reach = max(reach, end)
    return [*chosen, *_choose_best(cluster, group)]


def _choose_best(cluster: list[Found], group: str) -> list[Found]:
    if len(cluster) <= 1:
        return cluster
    kept: list[Found] = []
    for row in sorted(cluster, key=lambda row: _preference(row, group)):
        start, end = row[0][:2]
        if all(end <= other[0] or other[1] <= start for other, _ in kept):
            kept.append(row)
    return sorted(kept, key=_place)


def _preference(row: Found, group: str) -> tuple[bool, int, Span, int, int, int, int]:
    (start, end, *_, variant), (clause, _, number) = row
    alias = variant.alias_for(group)
    own = bool(group) and language_group(alias.language or "") == group
    # Nothing that depends on what other watches there are: a watch finds the same in every rule set.
    return (not own, -len(alias.core), clause, variant.rank, start, end, number)
