"""The service as tests run it: killed or frozen at a named point, or measured.

`python -m tests.acceptance.daemon CONFIG …`: production code reads no switch that could kill it, this program hands the
crash point to `build`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from monitor.app.build.counts import counted
from monitor.app.build.service import Options, build
from monitor.app.build.source import file_source
from monitor.app.reload import load_documents
from monitor.app.running import Round
from monitor.app.supervise import signals
from monitor.ports import Point, pass_by
from monitor.testing.crash import CrashPoints


class Stalls:
    """The longest time the event loop's thread worked between two turns, CPU seconds: what delays every other feed."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        """Looks at every turn of the loop, once what is imported at the start is there."""
        await asyncio.sleep(1)
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.worst, last = max(self.worst, now - last), now
            await asyncio.sleep(0.002)
            last = time.thread_time() if time.thread_time() - last > 1 else last


def point_of(arguments: argparse.Namespace) -> Point:
    """Where the process ends or stops itself, if anywhere."""
    if not (wanted := arguments.point or arguments.freeze):
        return pass_by
    name, _, count = wanted.partition("=")
    return CrashPoints(name, int(count or 1), signal.SIGKILL if arguments.point else signal.SIGSTOP)


async def run(arguments: argparse.Namespace) -> None:
    """Runs the service until it is told to stop, or for one round."""
    source = file_source(arguments.config, os.environ)
    documents = await source.read()
    config = load_documents(documents, frequencies=await counted(documents))
    stalls = Stalls()
    round_ = Round(all=True) if arguments.once else None
    built = await build(config, source, Options(point=point_of(arguments), round=round_))
    built.service.helpers = [*built.service.helpers, stalls.watch]
    print("ready", flush=True)
    with signals(built.service, built.service.console.reload, lambda: os._exit(1)):
        await built.service.run()
    print(json.dumps({"worst_stall_s": round(stalls.worst, 4)}), flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("--point", default="", help="NAME=N: SIGKILL at the N-th pass")
    parser.add_argument("--freeze", default="", help="NAME=N: SIGSTOP at the N-th pass; SIGCONT wakes it")
    parser.add_argument("--once", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
