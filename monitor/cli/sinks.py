"""`sinks`: how far each has come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.cli.common import CONFIG, JSON, configuration, group, print_rows, run_async, say

if TYPE_CHECKING:
    import typer

    from monitor.model.snapshot import SinkRow
    from monitor.model.units import Instant
    from monitor.ports import SinkCursor

app = group("sinks", "Where events go besides the ledger.")
STATUS = ("name", "kind", "seq", "lag", "dead", "oldest", "at")


def register(root: typer.Typer) -> None:
    """Adds the group."""
    root.add_typer(app)


@app.command()
def status(config: Path = CONFIG, json: bool = JSON) -> None:
    """Show how far each sink has come. How many events it lags behind, and how many it gave up."""
    from monitor.app.build.picture import take_picture

    known = configuration(config)
    picture = run_async(lambda: take_picture(known))
    print_rows([row_of(sink, cursor, picture.head) for sink, cursor in picture.sinks], json, STATUS)
    if not picture.sinks and not json:
        say("no sinks are configured: events stay in the ledger")


def row_of(sink: SinkRow, cursor: SinkCursor | None, head: int | None) -> dict[str, Any]:
    """One sink, for programs. `at`: when its cursor moved; `oldest`: when its oldest undelivered event was made.

    On Kafka `seq`, `head` and `oldest` are null, and `lag` counts offsets.
    """
    return {
        "name": sink.name,
        "kind": sink.kind,
        "seq": None if head is None else sink.seq,
        "head": head,
        "lag": sink.lag,
        "dead": sink.dead,
        "oldest": _time(sink.oldest),
        "at": _time(cursor.at if cursor else None),
    }


def _time(at: Instant | None) -> str | None:
    from monitor.model.units import rfc3339

    return None if at is None else rfc3339(at)
