"""An installation of the service in a folder of its own: configuration, commands, and what it has published."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent


class Installation:
    """A configuration directory and its data."""

    def __init__(self, folder: Path, port: int, **settings: Any) -> None:
        """`port` is that of the site whose feeds are polled; `settings` are merged over what a test needs."""
        self.folder, self.config, self.data = folder, folder / "config", folder / "data"
        base = {
            "data_dir": str(self.data),
            "contact": "tests@example.org",
            "fetch": {"allow_cidrs": ["127.0.0.0/8"], "allow_ports": [port]},
            "hosts": {"overrides": {"127.0.0.1": {"in_flight": 8, "spacing": "0s"}}},
            "server": None,
            "admin": None,
            "log": {"format": "json"},
        }
        self.write("monitor.yaml", {**base, **settings})
        self.write(
            "watches/all.yaml", {"watches": [{"id": w, "query": f"@{w}"} for w in ("ukraine", "taiwan", "drones")]}
        )

    @property
    def log(self) -> IO[str]:
        """The file that takes the log of every process."""
        return (self.folder / "log").open("a", encoding="utf-8")

    def write(self, name: str, value: Any) -> None:
        """A file of the configuration."""
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            value if isinstance(value, str) else yaml.safe_dump(value, allow_unicode=True), encoding="utf-8"
        )

    def feeds(self, feeds: Iterable[dict[str, Any]]) -> None:
        """The feeds to poll."""
        self.write("feeds/all.yaml", {"feeds": list(feeds)})

    def run(
        self, *arguments: str, timeout: float = 120, check: bool = True, **more: Any
    ) -> subprocess.CompletedProcess:
        """A command on this installation, to its end."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=timeout, env=self.environ(), **more
        )
        if check and done.returncode:
            raise AssertionError(
                f"{arguments} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            )
        return done

    def start(self, *arguments: str, module: str = "monitor", **more: Any) -> subprocess.Popen:
        """A command on this installation, running."""
        return subprocess.Popen(self.command(*arguments, module=module), env=self.environ(), text=True, **more)

    def command(self, *arguments: str, module: str = "monitor") -> list[str]:
        """The command line."""
        if module != "monitor":
            return [sys.executable, "-m", module, str(self.config), *arguments]
        return [sys.executable, "-m", module, *arguments[:1], "--config", str(self.config), *arguments[1:]]

    def environ(self) -> dict[str, str]:
        """The environment of commands."""
        return {**os.environ, "PYTHONPATH": str(ROOT), "MONITOR_CONFIG": ""} | {"NO_COLOR": "1"}

    def count(self, table: str) -> int:
        """Rows of a table of the ledger."""
        with closing(sqlite3.connect(self.data / "ledger.db")) as connection:
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def events(self, topic: str | None = None) -> list[tuple[int, str, str, dict[str, Any]]]:
        """Rows of the log as the file has them: seq, event id, topic, value."""
        with closing(sqlite3.connect(self.data / "ledger.db")) as connection:
            rows = connection.execute("SELECT seq, id, topic, value FROM events ORDER BY seq").fetchall()
        return [(seq, id_, name, json.loads(value)) for seq, id_, name, value in rows if topic in (None, name)]

    def lines(self, topic: str) -> Iterator[dict[str, Any]]:
        """Lines of the jsonl sink, oldest first, set-aside files included."""
        for path in sorted((self.data / "events").glob(f"{topic}*.jsonl*")):
            with path.open(encoding="utf-8") as file:
                yield from map(json.loads, file)
