"""A process that is a member of a group of pollers and prints every set it is given: to be killed and frozen.

python -m tests.support.poller SERVERS APP TOPIC SHARDS SESSION_SECONDS
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.ownership import KafkaOwnership
from monitor.model.ids import ShardId


async def main(servers: str, app: str, topic: str, shards: str, session: str) -> None:
    """Until SIGTERM, which leaves the group. SIGUSR1 asks whether shard 0 is its own."""
    installation = Installation(app=app, feeds=topic, shards=int(shards), session_timeout=float(session))
    ownership = KafkaOwnership(
        ClusterSettings(tuple(servers.split(","))), installation, SystemClock(lambda _note: None)
    )
    leaving, loop, asking = asyncio.Event(), asyncio.get_running_loop(), set[asyncio.Task[None]]()
    loop.add_signal_handler(signal.SIGTERM, leaving.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: asking.add(loop.create_task(ask())))

    async def ask() -> None:
        print(json.dumps({"confirmed": await ownership.confirmed(ShardId(0))}), flush=True)

    async def tell() -> None:
        async for owned in ownership.assignments():
            print(json.dumps({"at": time.time(), "shards": sorted(owned)}), flush=True)

    telling = asyncio.create_task(tell())
    await leaving.wait()
    await ownership.close()
    telling.cancel()


class Poller:
    """Such a process, seen from a test."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, servers: Sequence[str], installation: Installation) -> Poller:
        """Not joined yet."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.poller",
            ",".join(servers),
            installation.app,
            installation.feeds,
            str(installation.shards),
            str(installation.session_timeout),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        return cls(process)

    async def told(self) -> tuple[float, set[int]]:
        """The next set it was given, and when."""
        line = await self.line()
        return line["at"], set(line["shards"])

    async def line(self) -> dict[str, Any]:
        """The next thing it says."""
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return said

    async def until(self, wanted: set[int]) -> float:
        """When it had exactly these shards."""
        while True:
            at, shards = await self.told()
            if shards == wanted:
                return at

    async def end(self, signal_: int = signal.SIGKILL) -> int:
        """Its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal_)
        return await self.process.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
