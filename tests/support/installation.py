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
from typing import Any

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
        """A command on this installation, running; what it logs goes to the file `log`."""
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            command = self.command(*arguments, module=module)
            return subprocess.Popen(command, env=self.environ(), text=True, **{"stderr": log, **more})

    def command(self, *arguments: str, module: str = "monitor") -> list[str]:
        """The command line."""
        if module != "monitor":
            return [sys.executable, "-m", module, str(self.config), *arguments]
        return [sys.executable, "-m", module, *arguments[:1], "--config", str(self.config), *arguments[1:]]

    def environ(self) -> dict[str, str]:
        """The environment of commands."""
        return {**os.environ, "PYTHONPATH": str(ROOT), "MONITOR_CONFIG": ""} | {"NO_COLOR": "1"}

    def cursor(self, sink: str) -> int:
        """How far a sink has come; 0 if it has never delivered."""
        rows = self.rows("SELECT seq FROM cursors WHERE sink = ?", sink)
        return rows[0][0] if rows else 0

    def count(self, table: str) -> int:
        """Rows of a table of the ledger."""
        rows = self.rows(f"SELECT count(*) FROM {table}")
        return rows[0][0] if rows else 0

    def events(self, topic: str | None = None) -> list[tuple[int, str, str, dict[str, Any]]]:
        """Rows of the log as the file has them: seq, event id, topic, value."""
        rows = self.rows("SELECT seq, id, topic, value FROM events ORDER BY seq")
        return [(seq, id_, name, json.loads(value)) for seq, id_, name, value in rows if topic in (None, name)]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the ledger answers; nothing while a first start is still making it."""
        if not (self.data / "ledger.db").exists():
            return []
        with closing(sqlite3.connect(self.data / "ledger.db")) as connection:
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                return []
            return connection.execute(query, values).fetchall()

    def lines(self, topic: str) -> Iterator[dict[str, Any]]:
        """Lines of the jsonl sink, oldest first, set-aside files included."""
        for path in sorted((self.data / "events").glob(f"{topic}*.jsonl*")):
            with path.open(encoding="utf-8") as file:
                yield from map(json.loads, file)
