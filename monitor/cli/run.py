"""`run`: the daemon."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.common import CONFIG, FAILED, INTERRUPTED, check_directory, read_config, run_async, source_of, tell

if TYPE_CHECKING:
    from monitor.app.build.service import Built
    from monitor.config.config import Config

GREETING_WAIT = 5.0
"""Seconds the greeting waits for the listeners."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(run)


def run(
    config: Path = CONFIG,
    dry_run: bool = typer.Option(False, "--dry-run", help="Print events instead of handing them to the sinks."),
) -> None:
    """Run the service. SIGTERM or Ctrl-C ends it."""
    run_async(lambda: _run(config, dry_run))


async def _run(directory: Path, dry_run: bool) -> None:
    from monitor.app.build.service import Options, build

    check_directory(directory)
    source = source_of(directory)
    settings = await read_config(source)
    if dry_run:
        settings = rehearsal(settings)
    built = await build(settings, source, Options())
    await serve(built, settings)


async def serve(built: Built, config: Config) -> None:
    """Runs a built service with its signals, and greets whoever started it on a terminal."""
    built.service.helpers = [*built.service.helpers, lambda: greet(built, config)]
    with interruptible(built):
        await built.service.run()


@contextmanager
def interruptible(built: Built) -> Iterator[None]:
    """Lets signals stop a service; SIGTERM is an end like any other, Ctrl-C an interruption.

    Raises typer.Abort behind the block after Ctrl-C.
    """
    import asyncio
    import signal

    from monitor.app.supervise import signals

    service, interrupted = built.service, False

    def die() -> None:
        os._exit(INTERRUPTED if interrupted else FAILED)

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        die() if service.stopping.is_set() else service.stop()

    with signals(service, service.console.reload, die):
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
        yield
    if interrupted:
        raise typer.Abort


def rehearsal(config: Config) -> Config:
    """The same configuration with stdout as its only sink and an embedded ledger that is thrown away."""
    import atexit
    import shutil
    import tempfile
    from dataclasses import replace

    from monitor.config.schema import SqliteLedgerSettings, StdoutSettings

    folder = tempfile.mkdtemp(prefix="news-monitor-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    alone = replace(config.settings, ledger=SqliteLedgerSettings(), data_dir=folder, sinks=(StdoutSettings(),))
    return replace(config, settings=alone)


async def greet(built: Built, config: Config) -> None:
    """At most ten lines on stderr: where the page is, what is polled and when, where events go."""
    clock = built.service.parts.clock
    expected = {name for name, on in (("page", config.settings.server), ("admin", config.settings.admin)) if on}
    until = clock.monotonic() + GREETING_WAIT
    while not (expected <= built.addresses.keys() and built.service.console.snapshot().ready):
        if clock.monotonic() >= until:
            break
        await clock.sleep_until(clock.monotonic() + 0.05)
    tell(*greeting(built, config))


def greeting(built: Built, config: Config) -> Sequence[str]:
    """The lines of the greeting."""
    from monitor.model.units import spell_duration

    picture = built.service.console.snapshot()
    dues = sorted(row.cadence.due for row in picture.feeds if row.cadence.due > picture.at)
    # Of feeds that are shared each replica sees its own only, and none before the group has shared them out.
    feeds = max(len(picture.feeds), len(config.feeds))
    lines = [f"news-monitor {picture.version}: {feeds} feeds, {len(picture.watches)} watches"]
    for name, text in (("page", "page and API"), ("admin", "probes and metrics")):
        if name in built.addresses:
            lines.append(f"  {text}: {built.addresses[name]}")
    if not picture.feeds:
        lines.append(f"  nothing is polled{why_not(config, picture.reasons)}")
    else:
        later = f"; the next known one in {spell_duration(dues[0] - picture.at)}" if dues else ""
        lines.append(f"  first polls begin now and are spread{later}")
    return [*lines, *ways(config, len(built.service.shards.shards)), "  stop with Ctrl-C"]


def ways(config: Config, shards: int) -> Sequence[str]:
    """Where events go. `shards`: those of this process, which only a ledger that is shared has more than one of."""
    from monitor.app.build.sinks import name_of
    from monitor.config.schema import KafkaLedgerSettings

    settings = config.settings
    sinks, ledger = ", ".join(name_of(sink) for sink in settings.sinks), settings.ledger
    if not isinstance(ledger, KafkaLedgerSettings):
        return [f"  events go to the ledger in {settings.data_dir}/ and from there to: {sinks or 'no sink'}"]
    onwards = f" and from there to: {sinks}" if sinks else ""
    return [
        f"  events go to the topics {settings.topics.prefix}* at {', '.join(ledger.bootstrap_servers)}{onwards}",
        f"  {shards} of {ledger.shards} shards are polled here; the group {settings.app}-pollers shares them out",
    ]


def why_not(config: Config, reasons: Sequence[str]) -> str:
    """Why nothing is polled. `reasons`: what keeps the service from being ready."""
    if not config.feeds:
        return ": add a feed as a file in feeds/ of the configuration directory"
    if reasons:
        return f" yet: {reasons[0]}"
    return " here yet: the group is still sharing the feeds out, or other replicas have them"
