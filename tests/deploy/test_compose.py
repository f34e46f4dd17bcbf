"""The compose file: what the specification says of it, and that each part of it works without a daemon."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from monitor.adapters.kafka.client import ClusterSettings, close_bounded, open_admin
from monitor.config.config import Config
from monitor.config.load import load
from monitor.config.schema import KafkaLedgerSettings, SecuritySettings
from monitor.server.demo import demo_feeds
from tests.deploy.tools import DEPLOY, ROOT, needs, run
from tests.support.kafka import START_LIMIT, Node, end, free_port, launch, wait_until_open

FOLDER = DEPLOY / "compose"


def composed() -> dict[str, Any]:
    """The file, with its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def configuration() -> Config:
    """The configuration of the service in it."""
    files = {str(path.relative_to(FOLDER / "config")): path.read_text() for path in (FOLDER / "config").rglob("*.yaml")}
    return load(files, {}, {})


@needs("check-jsonschema", "group dev")
def test_compose_file_is_what_the_specification_allows() -> None:
    """No misspelt key."""
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_every_file_that_is_mounted_is_there() -> None:
    """A missing one would be made a directory by the daemon, and fail later."""
    mounts = [
        str(mount).split(":")[0] for service in composed()["services"].values() for mount in service.get("volumes", ())
    ]

    assert len([mount for mount in mounts if mount.startswith("./")]) == 4
    assert all((DEPLOY / mount).exists() for mount in mounts if mount.startswith("./"))


def test_service_knows_its_neighbours() -> None:
    """Brokers, feeds and the one private network it may ask are those of the file."""
    config, file = configuration(), composed()
    ledger = config.settings.ledger
    (subnet,) = (row["subnet"] for row in file["networks"]["inside"]["ipam"]["config"])

    assert isinstance(ledger, KafkaLedgerSettings)
    assert [server.split(":")[0] for server in ledger.bootstrap_servers] == ["kafka"]
    assert config.settings.fetch.allow_cidrs == (subnet,)
    assert ip_network(subnet).is_private
    assert {feed.url for feed in config.feeds} == {f"http://feeds:8080/{feed.name}.xml" for feed in demo_feeds()}
    assert {"kafka", "feeds"} <= file["services"].keys()
    assert config.warnings == ()


def test_containers_of_ours_have_no_rights() -> None:
    """As in the chart."""
    for name in ("feeds", "monitor"):
        service = composed()["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]


@asynccontextmanager
async def serving(port: int) -> AsyncIterator[None]:
    """The server of feeds as its container starts it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(FOLDER / "feeds.py"),
        str(port),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.timeout(60)
async def test_feeds_are_served_by_themselves() -> None:
    """Every feed the configuration names is a document there."""
    port = free_port()
    async with serving(port), aiohttp.ClientSession() as session:
        for name in [feed.name for feed in demo_feeds()]:
            assert "<item>" in await patiently(session, f"http://127.0.0.1:{port}/{name}.xml")


async def patiently(session: aiohttp.ClientSession, url: str) -> str:
    """What stands there, as soon as somebody listens."""
    async with asyncio.timeout(30):
        while True:
            try:
                async with session.get(url) as response:
                    assert response.status == 200
                    return await response.text()
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


@pytest.mark.service
@pytest.mark.timeout(120)
async def test_broker_starts_with_the_environment_of_the_file(tmp_path: Path, kafka_jars: None) -> None:
    """The image turns KAFKA_A_B into a.b; a real Kafka comes up with that, on other ports, and answers."""
    node = Node(1, tmp_path)
    node.config.write_text("".join(f"{key}={value}\n" for key, value in properties(node).items()))
    format_ = launch("kafka.tools.StorageTool", ["format", "-t", "A" * 22, "-c", str(node.config)], node.log)
    assert await asyncio.to_thread(format_.wait, START_LIMIT) == 0, node.log.read_text()
    node.process = launch("kafka.Kafka", [str(node.config)], node.log)
    try:
        await asyncio.to_thread(wait_until_open, node)
        await close_bounded(await open_admin(ClusterSettings((f"127.0.0.1:{node.port}",), SecuritySettings())))
    finally:
        node.process.terminate()
        await asyncio.to_thread(end, node, 20.0)


def properties(node: Node) -> dict[str, str]:
    """The broker's properties as its image would write them; addresses and the folder are those of the test."""
    environment = composed()["services"]["kafka"]["environment"]
    found = {key.removeprefix("KAFKA_").lower().replace("_", "."): value for key, value in environment.items()}
    moved = {
        r"(//|@)(kafka)?:9092": rf"\g<1>127.0.0.1:{node.port}",
        r"(//|@)(kafka)?:9093": rf"\g<1>127.0.0.1:{node.controller}",
    }
    for pattern, place in moved.items():
        found = {key: re.sub(pattern, place, value) for key, value in found.items()}
    return {**found, "log.dirs": str(node.folder / "data")}
