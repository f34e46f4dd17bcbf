"""`"a b"~n`: all words of a phrase close together, in any order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import groupby

from monitor.match.heard import Heard, Spot
from monitor.match.operators.base import Cost, Example, Marks, Need, Operator, Part, Spots, Test
from monitor.match.operators.near import hull, marks_of_spots
from monitor.match.syntax import Op


def windows(parts: Sequence[Part], node: Op, heard: Heard) -> Iterator[Spot]:
    """The windows with all words and at most n others, each as narrow as it can be."""
    return (hull(row) for row in narrowest_of(parts, heard) if others(row) <= 2 * node.count)


def narrowest_of(parts: Sequence[Part], heard: Heard) -> Iterator[list[Spot]]:
    """The places of all words, per field and per place that completes them."""
    wanted = Counter(part.leaves[0][1] for part in parts)
    places = sorted((spot, signal) for signal in wanted for spot in heard.spots(signal))
    for _, row in groupby(places, key=lambda place: place[0].field):
        yield from narrowest(list(row), wanted)


def narrowest(places: Sequence[tuple[Spot, int]], wanted: Counter[int]) -> Iterator[list[Spot]]:
    """The windows with all words that have no such window in them; by a queue of the latest places per word."""
    latest: dict[int, deque[Spot]] = {signal: deque(maxlen=number) for signal, number in wanted.items()}
    begin = -1
    for spot, signal in places:
        queue = latest[signal]
        if not queue or queue[-1].start < spot.start:
            queue.append(spot)
        if all(len(latest[each]) == number for each, number in wanted.items()):
            first = min(row[0].start for row in latest.values())
            if first > begin:
                begin = first
                yield [found for row in latest.values() for found in row]


def others(spots: Sequence[Spot]) -> int:
    """Half words of a window that are no part of it."""
    begin, finish = min(spot.begin for spot in spots), max(spot.finish for spot in spots)
    return finish - begin - sum(last - first for first, last in {spot[2:4] for spot in spots})


def need_words(needs: Sequence[Need], _: Cost) -> Need:
    """Every word."""
    return Need(tuple(dict.fromkeys(group for need in needs for group in need.groups)), False)


def judge_window(parts: Sequence[Part], node: Op) -> Test:
    """True when some window is narrow enough."""
    return lambda heard: next(windows(parts, node, heard), None) is not None


def spots_of_windows(parts: Sequence[Part], node: Op) -> Spots:
    """Each window as one place."""
    return lambda heard: sorted(windows(parts, node, heard))


def marks_of_windows(parts: Sequence[Part], node: Op) -> Marks:
    """The hits of all windows."""
    return marks_of_spots(spots_of_windows(parts, node))


OPERATOR = Operator(
    name="~",
    syntax='"a b"~n',
    power=50,
    summary="all these words in any order, in one field, with at most n other words among them",
    examples=(
        Example('"plant power"~0', True),
        Example('"kyiv drone"~1', False),
        Example('"kyiv drone"~2', True),
        Example('"drone drone"~5', False),
        Example('"kyiv power"~5', False),
    ),
    test=judge_window,
    need=need_words,
    marks=marks_of_windows,
    spots=spots_of_windows,
    placed=True,
)
