"""A real Apache Kafka for the tests: one node or three on loopback, with faults on request.

`python -m tests.support.kafka` fills the cache (jars, class-data archives); `deploy/setup-tests.sh` calls it.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.support.maven import copy_jars

VERSION = "4.4.0"
POM = Path(__file__).with_name("pom.xml")
JVM = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Xlog:cds=off",
    "-Xlog:cds+dynamic=off",
)
START_LIMIT, STOP_LIMIT = 60.0, 20.0

PROPERTIES = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.num.partitions": "3",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "controlled.shutdown.enable": "true",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


def cache() -> Path:
    """Where jars and archives live; `MONITOR_TEST_CACHE` names another place."""
    default = Path.home() / ".cache" / "news-monitor" / f"kafka-{VERSION}"
    return Path(os.environ.get("MONITOR_TEST_CACHE") or default)


def missing() -> str | None:
    """Why no broker can be started here, or None if one can."""
    if shutil.which("java") is None:
        return "no java on this machine (deploy/setup-tests.sh installs it)"
    if not list(cache().glob("kafka_*.jar")):
        return f"no Kafka jars in {cache()} (deploy/setup-tests.sh fetches them)"
    return None


def free_port() -> int:
    """A port nobody listens on now, outside the range the system gives to outgoing connections."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(200):
        port = 10_000 + int.from_bytes(os.urandom(2), "big") % max(low - 10_000, 1_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on loopback")


@dataclass(frozen=True)
class Secured:
    """A second listener with TLS, passwords and rights; on the plain one everybody may do everything."""

    keystore: Path
    """PEM: the key (PKCS#8) and the certificate of 127.0.0.1."""
    users: Mapping[str, str]
    """Passwords by name, for SCRAM-SHA-256 and PLAIN."""

    def properties(self) -> dict[str, str]:
        here, modules = "listener.name.sasl_ssl", "org.apache.kafka.common.security"
        users = " ".join(f'user_{name}="{password}"' for name, password in self.users.items())
        return {
            f"{here}.ssl.keystore.type": "PEM",
            f"{here}.ssl.keystore.location": str(self.keystore),
            "sasl.enabled.mechanisms": "SCRAM-SHA-256,PLAIN",
            f"{here}.scram-sha-256.sasl.jaas.config": f"{modules}.scram.ScramLoginModule required;",
            f"{here}.plain.sasl.jaas.config": f"{modules}.plain.PlainLoginModule required {users};",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    def arguments(self) -> list[str]:
        """For `format`."""
        users = [f"SCRAM-SHA-256=[name={name},password={password}]" for name, password in self.users.items()]
        return [word for user in users for word in ("--add-scram", user)]


@dataclass
class Node:
    """One broker process, its ports, its folder."""

    id: int
    folder: Path
    port: int = field(default_factory=free_port)
    controller: int = field(default_factory=free_port)
    secure: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        return self.folder / "server.properties"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def listening(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class KafkaCluster:
    """Brokers that keep their ports and their data over `stop`, `kill` and `start`.

    Every method blocks until what it says is so; call them with `asyncio.to_thread` beside running code. `node` counts
    from 0; without it a method means all nodes.
    """

    def __init__(
        self,
        folder: Path,
        nodes: int = 1,
        properties: Mapping[str, str] | None = None,
        secured: Secured | None = None,
    ) -> None:
        self.nodes = [Node(number, folder / f"node-{number}") for number in range(nodes)]
        self._secured = secured
        self._extra = {**(secured.properties() if secured else {}), **(properties or {})}
        self._formatted = False

    def __enter__(self) -> Self:
        """Running brokers; killed in the end, for nobody needs what they hold."""
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def bootstrap_servers(self) -> tuple[str, ...]:
        return tuple(f"127.0.0.1:{node.port}" for node in self.nodes)

    @property
    def secured_servers(self) -> tuple[str, ...]:
        return tuple(f"127.0.0.1:{node.secure}" for node in self.nodes)

    def start(self, node: int | None = None, wait: bool = True) -> None:
        """Formats the storage the first time; returns when every port is open and its own process lives."""
        self._format()
        for each in self._chosen(node):
            if not each.alive:
                each.process = launch("kafka.Kafka", [str(each.config)], each.log)
        if wait:
            for each in self._chosen(node):
                wait_until_open(each)

    def stop(self, node: int | None = None) -> None:
        """SIGTERM, as an operator would; SIGKILL for what is still there after the limit."""
        self._signal(node, signal.SIGTERM)
        self._signal(node, signal.SIGCONT)  # a frozen one would not hear it
        deadline = time.monotonic() + STOP_LIMIT
        for each in self._chosen(node):
            end(each, max(deadline - time.monotonic(), 0.1))

    def kill(self, node: int | None = None) -> None:
        """SIGKILL: nothing is flushed, nobody is told."""
        self._signal(node, signal.SIGKILL)
        for each in self._chosen(node):
            end(each, STOP_LIMIT)

    def restart(self, node: int | None = None) -> None:
        self.stop(node)
        self.start(node)

    def freeze(self, node: int | None = None) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self._signal(node, signal.SIGSTOP)

    def thaw(self, node: int | None = None) -> None:
        self._signal(node, signal.SIGCONT)

    def _chosen(self, node: int | None) -> Sequence[Node]:
        return self.nodes if node is None else [self.nodes[node]]

    def _signal(self, node: int | None, number: signal.Signals) -> None:
        for each in self._chosen(node):
            if each.process is not None and each.process.poll() is None:
                each.process.send_signal(number)

    def _format(self) -> None:
        """Writes each node's properties and prepares its storage, all nodes at once."""
        if self._formatted:
            return
        cluster = base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()
        # An id that begins with "-" would be read as an option.
        cluster = "A" + cluster[1:]
        runs = []
        for node in self.nodes:
            node.folder.mkdir(parents=True, exist_ok=True)
            node.config.write_text("".join(f"{key}={value}\n" for key, value in self._properties(node).items()))
            arguments = ["format", "-t", cluster, "-c", str(node.config)]
            arguments += self._secured.arguments() if self._secured else []
            runs.append((node, launch("kafka.tools.StorageTool", arguments, node.folder / "format.log")))
        for node, run in runs:
            if run.wait(START_LIMIT) != 0:
                raise RuntimeError(f"formatting failed: {(node.folder / 'format.log').read_text()[-2000:]}")
        self._formatted = True

    def _properties(self, node: Node) -> dict[str, str]:
        several = len(self.nodes) > 1
        open_to_clients = f"PLAINTEXT://127.0.0.1:{node.port}"
        if self._secured:
            open_to_clients += f",SASL_SSL://127.0.0.1:{node.secure}"
        return {
            **PROPERTIES,
            "node.id": str(node.id),
            "log.dirs": str(node.folder / "data"),
            "listeners": f"{open_to_clients},CONTROLLER://127.0.0.1:{node.controller}",
            "advertised.listeners": open_to_clients,
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
            "controller.quorum.voters": ",".join(f"{each.id}@127.0.0.1:{each.controller}" for each in self.nodes),
            "offsets.topic.replication.factor": "3" if several else "1",
            "transaction.state.log.replication.factor": "3" if several else "1",
            "transaction.state.log.min.isr": "2" if several else "1",
            "min.insync.replicas": "2" if several else "1",
            **self._extra,
        }


def launch(
    main: str, arguments: Sequence[str], log: Path, archive: Sequence[str] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a class of Kafka with its output in `log`."""
    config = write_logging(log.parent)
    command = ["java", *JVM, *(archived(main) if archive is None else archive), f"-Dlog4j2.configurationFile={config}"]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*command, "-cp", f"{cache()}/*", main, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def write_logging(folder: Path) -> Path:
    config = folder / "log4j2.properties"
    if not config.exists():
        config.write_text(
            "appender.out.type=Console\nappender.out.name=out\nappender.out.layout.type=PatternLayout\n"
            "appender.out.layout.pattern=%d %p %c{1}: %m%n\nrootLogger.level=warn\nrootLogger.appenderRef.out.ref=out\n"
        )
    return config


def archive_of(main: str) -> Path:
    return cache() / f"{main}.jsa"


def archived(main: str) -> list[str]:
    return [f"-XX:SharedArchiveFile={archive_of(main)}"] if archive_of(main).exists() else []


def wait_until_open(node: Node) -> None:
    """Raises with the end of the node's log if its process ends or its port stays closed."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and node.alive:
        if node.listening() and node.alive:
            return
        time.sleep(0.02)
    raise RuntimeError(f"Kafka node {node.id} did not come up:\n{node.log.read_text(errors='replace')[-4000:]}")


def end(node: Node, limit: float) -> None:
    """Waits for the process, and does not leave it behind."""
    if node.process is None:
        return
    try:
        node.process.wait(limit)
    except subprocess.TimeoutExpired:
        node.process.kill()
        node.process.wait()
    node.process = None


def write_archives() -> None:
    """Runs format and a broker once and keeps their loaded classes: later starts take half the time."""
    with tempfile.TemporaryDirectory() as scratch:
        cluster = KafkaCluster(Path(scratch))
        node = cluster.nodes[0]
        node.folder.mkdir()
        node.config.write_text("".join(f"{key}={value}\n" for key, value in cluster._properties(node).items()))
        tool = "kafka.tools.StorageTool"
        launch(tool, ["format", "-t", "A" * 22, "-c", str(node.config)], node.log, dumping(tool)).wait(START_LIMIT)
        node.process = launch("kafka.Kafka", [str(node.config)], node.log, dumping("kafka.Kafka"))
        wait_until_open(node)
        node.process.terminate()
        end(node, START_LIMIT)
    for main in (tool, "kafka.Kafka"):
        archive_of(main).with_suffix(".new").replace(archive_of(main))


def dumping(main: str) -> list[str]:
    return [f"-XX:ArchiveClassesAtExit={archive_of(main).with_suffix('.new')}"]


def prepare() -> int:
    """Fills the cache with what it lacks; says what it did in one line each."""
    if not list(cache().glob("kafka_*.jar")):
        copy_jars(POM, cache())
        print(f"kafka {VERSION}: jars fetched")
    if not all(archive_of(main).exists() for main in ("kafka.tools.StorageTool", "kafka.Kafka")):
        write_archives()
        print(f"kafka {VERSION}: class archives written")
    print(f"kafka {VERSION}: there")
    return 0


if __name__ == "__main__":
    sys.exit(prepare())
