"""`demo`: the service on feeds it serves itself, without internet, with news arriving live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.common import BUILT_IN, run_async

if TYPE_CHECKING:
    from monitor.app.supervise import Service
    from monitor.config.config import Config
    from monitor.model.event import Outcome
    from monitor.model.feed import FeedSpec
    from monitor.ports import Clock

SETTINGS = """
data_dir: {folder}
contact: https://demo.example.org
fetch: {{allow_cidrs: ["127.0.0.0/8"], allow_ports: [{port}]}}
hosts: {{overrides: {{"127.0.0.1": {{in_flight: 4, spacing: 0s}}}}}}
first_import: {{alert_since: 1h}}
server: {{port: {page}}}
admin: {{port: 0}}
log: {{level: warning}}
"""
FEED = """
  - id: demo-{name}
    name: "{title}"
    url: "http://127.0.0.1:{port}/{name}.xml"
    interval: {{min: 2s, max: 2s}}
"""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(demo)


def demo(
    port: int = typer.Option(
        8080, "--port", min=0, max=65_535, help="Port of the page; another free one is taken if it is in use."
    ),
    seconds: float = typer.Option(0.0, "--seconds", min=0.0, help="End after this time; 0 = run until Ctrl-C."),
) -> None:
    """Show the service at work on made-up news. It serves them itself; nothing leaves this machine."""
    run_async(lambda: _demo(port, seconds))


async def _demo(port: int, seconds: float) -> None:
    import shutil
    import tempfile

    from monitor.app.build.service import Options, build
    from monitor.app.build.source import system_clock
    from monitor.cli.run import serve
    from monitor.server.demo import demo_site
    from monitor.server.web import listen

    folder, clock = tempfile.mkdtemp(prefix="news-monitor-demo-"), system_clock()
    try:
        async with listen(demo_site(clock.now), "127.0.0.1", 0) as feeds:
            config = demo_config(Path(folder), feeds, free_port(port))
            built = await build(config, None, Options(settled=print_alerts))
            if seconds:
                built.service.helpers = [*built.service.helpers, lambda: stop_after(built.service, clock, seconds)]
            await serve(built, config)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def demo_config(folder: Path, feeds: int, page: int) -> Config:
    """The configuration of the demo: its own feeds, polled every two seconds, and the built-in concepts."""
    from monitor.config.load import load
    from monitor.server.demo import demo_feeds

    lines = [FEED.format(name=feed.name, title=feed.title, port=feeds) for feed in demo_feeds()]
    return load(
        {
            "monitor.yaml": SETTINGS.format(folder=folder, port=feeds, page=page),
            "feeds/demo.yaml": "feeds:\n" + "\n".join(lines),
            "watches/demo.yaml": BUILT_IN,
        },
        {},
        {},
    )


def free_port(wanted: int) -> int:
    """The wanted port, or 0 (any free one) if somebody has it."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def print_alerts(_feed: FeedSpec, outcome: Outcome) -> None:
    """One line an alert: which watch, what was found, where, in which headline."""
    from monitor.cli.text import inert
    from monitor.model.event import AlertEvent

    for event in outcome.events:
        if isinstance(event, AlertEvent):
            words = ", ".join(dict.fromkeys(hit.text for hit in event.match.hits))
            said = event.article
            headline = f"{inert(said.article.title)}  ({inert(said.feed.name)})"
            print(f"{event.match.watch.id:>8}  {inert(words)}  |  {headline}", flush=True)


async def stop_after(service: Service, clock: Clock, seconds: float) -> None:
    """Ends the demo by itself."""
    await clock.sleep_until(clock.monotonic() + seconds)
    service.stop()
