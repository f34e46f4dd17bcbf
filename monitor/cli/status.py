"""`status`: the installation on one screen, whether its service runs or not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import CONFIG, JSON, configuration, print_json, run_async, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.app.build.picture import Picture
    from monitor.config.config import Config
    from monitor.model.event import Logged
    from monitor.model.snapshot import FeedRow

WORST = 5
"""Hosts that are named."""
AGAIN = 2.0
"""Seconds between two pictures of `--watch`."""
LATE = 120.0
"""Seconds a feed may be behind its time before it counts as late, if the service runs: times of polls that changed
nothing are written once a minute."""
LIVE = ("started", "ready", "reasons", "uplink", "reload")
"""Keys of `GET /api/status` that no ledger holds."""
CLEAR = "\x1b[H\x1b[2J"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(status)


def status(
    watch: bool = typer.Option(False, "--watch", help="Go on, with a new picture every two seconds."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Show how feeds and sinks do. Also the worst hosts, the last alert and the version."""
    known = configuration(config)
    run_async(lambda: _status(known, watch, json))


async def _status(config: Config, watch: bool, json: bool) -> None:
    import asyncio
    import sys

    from monitor.app.build.admin import live_status
    from monitor.app.build.picture import take_picture

    while True:
        picture = await take_picture(config)
        live = await asyncio.to_thread(live_status, config) if picture.active else {}
        found = describe(picture, config, live)
        if json:
            print_json(found)
        else:
            if watch and sys.stdout.isatty():
                sys.stdout.write(CLEAR)
            say(*sentences(found))
        if not watch:
            return
        sys.stdout.flush()
        await asyncio.sleep(AGAIN)


def describe(picture: Picture, config: Config, live: Mapping[str, Any]) -> dict[str, Any]:
    """One object. `live`: what only the running service knows of itself, null where it does not run."""
    from dataclasses import asdict, fields

    from monitor import __version__
    from monitor.cli.sinks import row_of
    from monitor.model.state import Counts
    from monitor.model.units import rfc3339

    totals = Counts(*(sum(getattr(row.totals, field.name) for row in picture.feeds) for field in fields(Counts)))
    return {
        "at": rfc3339(picture.at),
        "version": __version__,
        "generation": config.generation,
        "ledger": config.settings.ledger.kind,
        "running": picture.running,
        "members": picture.members,
        "problem": picture.problem or None,
        **{name: live.get(name) for name in LIVE},
        "feeds": dict(Counter(condition(row, picture) for row in picture.feeds)),
        "watches": sum(not watch.paused for watch in config.watches),
        "head": picture.head,
        "items": asdict(totals),
        "unaccounted": totals.unaccounted,
        "sinks": [row_of(sink, cursor, picture.head) for sink, cursor in picture.sinks],
        "worst": worst(picture.feeds),
        "last_alert": _alert(picture.last_alert),
    }


def condition(row: FeedRow, picture: Picture) -> str:
    """One word for how a feed does; `late`: its time has passed, and the running service has not asked."""
    from monitor.server.shapes import state_of

    state = state_of(row)
    overdue = row.cadence.due and picture.at - row.cadence.due > LATE
    return "late" if state == "ok" and picture.active and overdue and not picture.problem else state


def worst(rows: Sequence[FeedRow]) -> list[dict[str, Any]]:
    """Hosts with failing feeds, most of them first, each with its commonest reason."""
    from monitor.config.forms import host_of

    hosts: dict[str, Counter[str]] = {}
    for row in rows:
        if row.health.failures and not row.spec.paused:
            reason = f"{row.health.kind} {row.health.reason}".strip()
            hosts.setdefault(host_of(row.spec.url), Counter())[reason] += 1
    ranked = sorted(hosts.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    return [
        {"host": host, "feeds": reasons.total(), "reason": reasons.most_common(1)[0][0]}
        for host, reasons in ranked[:WORST]
    ]


def sentences(found: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    from monitor.cli.text import counted, cut, inert

    yield f"news-monitor {found['version']}, {_running(found)}; configuration {found['generation']}"
    if found["problem"]:
        yield f"  {inert(found['problem'])}; `news-monitor topics verify` says what to do"
    if found["ready"] is False:
        yield f"  not ready: {'; '.join(map(inert, found['reasons'] or ()))}"
    if found["uplink"] is False:
        yield "  the network as a whole is down; nothing is counted against feeds"
    if found["reload"] and not found["reload"].get("ok"):
        yield "  the last change of the configuration was refused; `news-monitor check` says why"
    states = ", ".join(f"{count} {state}" for state, count in sorted(found["feeds"].items()))
    yield f"feeds: {states or 'none'}"
    events = "" if found["head"] is None else f"events: {found['head']}; "
    yield f"watches: {found['watches']}; {events}items: {found['items']['fetched']}"
    for host in found["worst"]:
        yield f"  {host['host']}: {counted(host['feeds'], 'feed')} failing, {host['reason']}"
    for sink in found["sinks"]:
        yield f"sink {sink['name']}: {sink['lag']} behind, {sink['dead']} given up"
    last = found["last_alert"]
    yield (
        f"last alert: {last['at'][:19]}Z {last['watch']}: {cut(last['title'] or '', 80)}"
        if last
        else "last alert: none"
    )


def _running(found: dict[str, Any]) -> str:
    from monitor.cli.text import counted

    if found["ledger"] == "kafka":
        count = found["members"]
        return "nobody can say who runs" if count is None else f"{counted(count, 'replica')} running"
    return f"running as process {found['running']}" if found["running"] else "not running"


def _alert(one: Logged | None) -> dict[str, Any] | None:
    import msgspec

    from monitor.model.units import rfc3339

    if one is None:
        return None
    value = msgspec.json.decode(one.record.value)
    return {"at": rfc3339(one.record.at), "watch": value["watch"]["id"], "title": value["article"]["title"]}
