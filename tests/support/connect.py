"""A Kafka Connect worker with sink connectors. `python -m tests.support.connect` fetches its jars."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.kafka import JVM, VERSION, free_port
from tests.support.maven import copy_jars

FOLDER = Path(__file__).with_name("consumers")
SINK = "LinesSink"


def cache() -> Path:
    """Where the jars are; `MONITOR_TEST_CONNECT` names another place."""
    default = Path.home() / ".cache" / "news-monitor" / f"connect-{VERSION}"
    return Path(os.environ.get("MONITOR_TEST_CONNECT") or default)


def missing() -> str | None:
    """Why no worker can be started here, or None if one can."""
    if shutil.which("javac") is None:
        return "no javac on this machine (deploy/setup-tests.sh installs it)"
    if not list(cache().glob("connect-runtime-*.jar")):
        return f"no jars of Kafka Connect in {cache()} (deploy/setup-tests.sh fetches them)"
    return None


def start_worker(folder: Path, servers: str, *connectors: dict) -> subprocess.Popen[bytes]:
    """A worker of its own, with everything it writes in `folder`; stop it with `terminate`."""
    classes = folder / "classes"
    services = classes / "META-INF" / "services"
    services.mkdir(parents=True)
    (services / "org.apache.kafka.connect.sink.SinkConnector").write_text(f"{SINK}\n")
    source = FOLDER / f"{SINK}.java"
    subprocess.run(["javac", "-cp", f"{cache()}/*", "-d", str(classes), str(source)], check=True)
    (folder / "worker.properties").write_text("".join(f"{key}={value}\n" for key, value in worker(folder, servers)))
    files = [f"{connector['name']}.json" for connector in connectors]
    for name, connector in zip(files, connectors, strict=True):
        (folder / name).write_text(json.dumps(connector))
    main = "org.apache.kafka.connect.cli.ConnectStandalone"
    command = ["java", *JVM, "-cp", f"{classes}:{cache()}/*", main, "worker.properties", *files]
    with (folder / "worker.log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)


def worker(folder: Path, servers: str) -> list[tuple[str, str]]:
    """Settings of the worker: what has to be set, and its default converters."""
    converter = "org.apache.kafka.connect.json.JsonConverter"
    return [
        ("bootstrap.servers", servers),
        ("key.converter", converter),
        ("value.converter", converter),
        ("offset.storage.file.filename", str(folder / "offsets")),
        ("listeners", f"HTTP://127.0.0.1:{free_port()}"),
        ("plugin.discovery", "service_load"),
    ]


def prepare() -> int:
    """Fills the cache if it is empty."""
    if not list(cache().glob("connect-runtime-*.jar")):
        copy_jars(FOLDER / "pom.xml", cache(), "-DincludeScope=runtime")
        print(f"kafka connect {VERSION}: jars fetched")
    print(f"kafka connect {VERSION}: there")
    return 0


if __name__ == "__main__":
    sys.exit(prepare())
