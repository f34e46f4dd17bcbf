"""A picture and a log in which every text that comes from outside is an attack."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice

from monitor.model.feed import FeedSpec
from monitor.model.snapshot import SinkRow
from monitor.model.state import Cadence, Health
from monitor.testing.builders import feed
from monitor.testing.clock import START
from monitor.testing.console import feed_row, watch_row
from tests.support.alerts import Desk, hit
from tests.support.vectors import LINKS, VECTORS


def named(number: int, name: str) -> FeedSpec:
    """A feed that calls itself so."""
    return replace(feed(f"feed-{number}"), name=name)


def hostile_desk() -> Desk:
    """Titles, summaries, hits, names, links, reasons and errors."""
    desk = Desk()
    rows = tuple(watch_row(f"w{number}", name=vector) for number, vector in enumerate(VECTORS))
    failing = Health(failures=3, kind="failed", reason="server", last_poll=START)
    feeds = tuple(
        feed_row(
            named(number, vector),
            health=replace(failing, detail=vector, reason=vector),
            cadence=Cadence(due=START + 5, reason=vector),
            title=vector,
        )
        for number, vector in enumerate(VECTORS)
    )
    desk.console.show(
        watches=rows,
        feeds=feeds,
        sinks=tuple(SinkRow(f"s{number}", "kafka", 1, 2, error=vector) for number, vector in enumerate(VECTORS)),
        ready=False,
        reasons=VECTORS,
        reload_ok=False,
        reload_problems=VECTORS,
        generation=VECTORS[0],
        version=VECTORS[1],
    )
    for number, (vector, link) in enumerate(zip(VECTORS, islice(cycle(LINKS), len(VECTORS)), strict=True)):
        desk.raise_alert(
            number,
            f"w{number}",
            title=vector,
            summary=vector,
            url=link,
            spec=named(number, vector),
            hits=[hit(vector), hit(vector, 0, "summary")],
            authors=(vector,),
            tags=(vector,),
            image="https://e.example/pixel.gif",
        )
    return desk
