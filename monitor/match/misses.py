"""How near an operator over places came to being true."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from monitor.match.heard import Heard, Spot
from monitor.match.operators.atleast import count_apart, counted_signals, occurrences
from monitor.match.operators.base import Part
from monitor.match.operators.near import Neighbours, apart, halves_between
from monitor.match.operators.score import GRAIN
from monitor.match.operators.window import narrowest_of, others
from monitor.match.plan import plan
from monitor.match.syntax import Leaf, Node, Op

AROUND = 3
"""Places on either side of another that are compared: the nearest is among them unless many overlap."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A reason, what was found, what is asked, and where."""

    reason: str
    found: str
    asked: str
    spots: tuple[Spot, ...] = ()


def operator_miss(node: Op, signals: Mapping[Leaf, int], heard: Heard) -> Miss | None:
    """Why a false operator is false although its operands are not; None if an operand is."""
    parts = [plan(part, signals, len) for part in node.parts]
    measure = MEASURES.get(node.name)
    if measure is None:
        return None
    wanted = parts[:1] if node.name == "NOT NEAR" else [] if node.name == "SCORE" else parts
    return measure(node, parts, heard) if all(part.test(heard) for part in wanted) else None


def _near(node: Op, parts: Sequence[Part], heard: Heard) -> Miss | None:
    sides = [list(part.spots(heard)) if part.spots else [] for part in parts]
    found = min(_neighbours(*sides), key=lambda pair: halves_between(*pair), default=None)
    if found is None:
        return Miss("apart", "", str(node.count))
    words = _words(halves_between(*found))
    ordered = node.ordered and found[0].start > found[1].start
    return Miss("order" if ordered else "near", words, str(node.count), found)


def _neighbours(left: Sequence[Spot], right: Sequence[Spot]) -> Iterator[tuple[Spot, Spot]]:
    """Pairs in one field that share no letter, among them the nearest."""
    starts = [spot.start for spot in right]
    for spot in left:
        at = bisect_left(starts, spot.start)
        for other in right[max(0, at - AROUND) : at + AROUND]:
            if apart(spot, other) and spot.field == other.field:
                yield spot, other


def _guard(node: Op, parts: Sequence[Part], heard: Heard) -> Miss | None:
    left, right = parts
    if left.spots is None or right.spots is None:
        return None
    known = Neighbours(right.spots(heard), node.count, node.ordered)
    for spot in left.spots(heard):
        for other in known.of(spot):
            return Miss("guarded", "", str(node.count), (other,))
    return None


def _window(node: Op, parts: Sequence[Part], heard: Heard) -> Miss | None:
    rows = list(narrowest_of(parts, heard))
    if not rows:
        return Miss("apart", "", str(node.count))
    best = min(rows, key=others)
    return Miss("window", _words(others(best)), str(node.count), tuple(best))


def _piece(node: Op, _: Sequence[Part], __: Heard) -> Miss:
    return Miss("sentence" if node.name == "SENTENCE" else "paragraph", "", "")


def _first(node: Op, parts: Sequence[Part], heard: Heard) -> Miss:
    ends = sorted({spot.finish for _, signal in parts[0].leaves for spot in heard.spots(signal)})
    signals = dict(parts[0].leaves)
    for end in ends:
        words = -(-end // 2)
        if plan(node._replace(count=words), signals, len).test(heard):
            return Miss("first", str(words), str(node.count))
    return Miss("first", "none", str(node.count))


def _often(node: Op, parts: Sequence[Part], heard: Heard) -> Miss:
    number = count_apart(occurrences(counted_signals(parts, node), heard))
    return Miss("atleast", str(number), str(node.count))


def _score(node: Op, parts: Sequence[Part], heard: Heard) -> Miss | None:
    leaves = chain.from_iterable(part.leaves for part in parts)
    total = sum(round(leaf.weight * GRAIN) for leaf, signal in leaves if signal in heard)
    return Miss("score", f"{total / GRAIN:g}", str(node.count)) if total else None


def _words(halves: int) -> str:
    return str(-(-halves // 2))


MEASURES: Mapping[str, Callable[[Op, Sequence[Part], Heard], Miss | None]] = {
    "NEAR": _near,
    "ONEAR": _near,
    "NOT NEAR": _guard,
    "~": _window,
    "SENTENCE": _piece,
    "PARAGRAPH": _piece,
    "FIRST": _first,
    "ATLEAST": _often,
    "SCORE": _score,
}


def holds(node: Node, signals: Mapping[Leaf, int], heard: Heard) -> bool:
    """Is a part of a query true by itself?"""
    return plan(node, signals, len).test(heard)
