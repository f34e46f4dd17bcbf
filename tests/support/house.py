"""An installation on a folder whose commands are called as users call them, and three feeds for it to read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.support.fixtures import Brokers
from tests.support.installation import Installation
from tests.support.site import Issuer, Site

NAMES = ("one", "two", "three")


class Papers:
    """Three feeds that say something new only when they are told to."""

    def __init__(self) -> None:
        self.issuers = {name: Issuer(name, 0.0, 1000) for name in NAMES}
        self.edition = 0
        for issuer in self.issuers.values():
            issuer.issue(9)

    def page(self, name: str) -> bytes:
        """The document is another one each time, so that no server can answer `304`."""
        self.edition += 1
        return self.issuers[name].document() + f"<!-- edition {self.edition} -->".encode()


class House(Installation):
    """An installation with its commands."""

    def call(self, *arguments: str, code: int | None = 0, **more: Any) -> subprocess.CompletedProcess[bytes]:
        """A command to its end, with the exit code it has to have; None = any."""
        environ = {**self.environ(), "MONITOR_CONFIG": str(self.config)}
        command = [sys.executable, "-m", "monitor", *arguments]
        done = subprocess.run(command, capture_output=True, timeout=120, env=environ, **more)
        assert code in {None, done.returncode}, (arguments, done.returncode, done.stdout[-1000:], done.stderr[-3000:])
        assert b"Traceback" not in done.stderr
        return done

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """The objects a command prints."""
        return [json.loads(line) for line in self.call(*arguments, "--json").stdout.splitlines()]

    def poll(self) -> dict[str, int]:
        """One round over all feeds; how many items were new, by feed."""
        *polls, _ = self.rows("once", "--all")
        assert {poll["verdict"]["kind"] for poll in polls} == {"ok"}, polls
        return {poll["feed"]: poll["items"]["new"] for poll in polls}


def house(folder: Path, site: Site, **settings: Any) -> House:
    """On the embedded ledger unless told otherwise."""
    made = House(folder, site.port, **{"sinks": [], **settings})
    made.feeds([{"id": name, "url": site.url(f"/{name}")} for name in NAMES])
    return made


def on_kafka(brokers: Brokers, shards: int = 3) -> dict[str, Any]:
    """Settings of an installation nobody else has."""
    name = f"move-{uuid4().hex[:8]}"
    return {
        "app": name,
        "ledger": {"kind": "kafka", "bootstrap_servers": list(brokers.bootstrap_servers), "shards": shards},
        "topics": {"prefix": f"{name}.", "replication": 1, "min_insync_replicas": 1},
    }
