"""`process`: articles of a document to events, records and the next state, in the main process."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from monitor.pipeline import Moment, process
from monitor.state.codec import decode_state, encode_state
from tests.benchmarks.figures import Bench, Figure, at_most, typical
from tests.benchmarks.material import NOW, judged, origin, outcomes, readings, shipped


def figures(bench: Bench) -> Iterator[Figure]:
    """What a new article costs, one that is known, and the state of a feed."""
    rounds = bench.pick(5, 2)
    found = readings(bench)
    new = median(typical(lambda r=r: judged(r), rounds) / len(r.articles) for r in found) * 1e6
    count = sum(len(reading.articles) for reading in found)
    note = "; ".join(filter(None, (f"{count} articles, three watches, events encoded", origin(bench))))
    yield Figure(name="process a new article", unit="µs", ours=new, goal=at_most(1000), note=note)
    again = [(one, _again(one, reading, rounds)) for one, reading in zip(outcomes(bench), found, strict=True)]
    known = median(seconds / one.counts.fetched for one, seconds in again) * 1e6
    yield Figure(name="process a known article", unit="µs", ours=known, note="the same document again")
    states = [(one.state, len(one.state.items)) for one in outcomes(bench) if one.state.items]
    coded = median(typical(lambda s=s: decode_state(encode_state(s)), rounds) / n for s, n in states) * 1e6
    size = median(len(encode_state(state)) / items for state, items in states)
    yield Figure(name="write and read a state, an item", unit="µs", ours=coded, note=f"{size:.0f} bytes an item")


def _again(outcome, reading, rounds: int) -> float:
    moment = Moment(NOW + 600)
    return typical(lambda: process(outcome.feed, reading, outcome.state, shipped(), moment), rounds)
