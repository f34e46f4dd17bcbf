"""TLS, passwords and rights on a real broker: what is right works, what is wrong says why."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from monitor.adapters.kafka import topics
from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.sink import KafkaSink
from monitor.config.schema import SecuritySettings
from monitor.errors import Retry
from monitor.publish.topics import TopicSpec
from tests.support.cluster import logged, make_topic
from tests.support.kafka import KafkaCluster, Secured
from tests.support.reader import read_topic
from tests.support.secrets import write_certificates

pytestmark = [pytest.mark.service, pytest.mark.timeout(60)]

USER, PASSWORD = "news", "correct horse"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates, and the password in a file."""
    folder = tmp_path_factory.mktemp("secrets")
    write_certificates(folder)
    trustme.CA().cert_pem.write_to_path(str(folder / "stranger.pem"))
    (folder / "password").write_text(f"{PASSWORD}\n")
    (folder / "wrong").write_text("incorrect\n")
    return folder


@pytest.fixture(scope="module")
def guarded(kafka_jars: None, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker that asks who you are and what you may."""
    secured = Secured(folder / "server.pem", {USER: PASSWORD, "nobody": PASSWORD})
    cluster = KafkaCluster(tmp_path_factory.mktemp("guarded-kafka"), secured=secured)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def security(folder: Path) -> SecuritySettings:
    return SecuritySettings(
        protocol="sasl_ssl",
        mechanism="SCRAM-SHA-256",
        username=USER,
        password_file=str(folder / "password"),
        ca_file=str(folder / "ca.pem"),
    )


def settings(guarded: KafkaCluster, security: SecuritySettings) -> ClusterSettings:
    return ClusterSettings(guarded.secured_servers, security, request_timeout=3.0, recheck=0.0)


async def grant(guarded: KafkaCluster, topic: str, *operations: AclOperation) -> None:
    """Rights on one topic for our user, given by the plain listener's super user."""
    admin = AdminClient({"bootstrap.servers": ",".join(guarded.bootstrap_servers)})
    kind, pattern, allow = ResourceType.TOPIC, ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    made = [AclBinding(kind, topic, pattern, f"User:{USER}", "*", operation, allow) for operation in operations]
    for done in admin.create_acls(made).values():
        await asyncio.to_thread(done.result, 10)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN"])
async def test_f14_password_over_tls(guarded: KafkaCluster, security: SecuritySettings, mechanism: str) -> None:
    """Both mechanisms get through with the rights of the documentation: WRITE, which implies DESCRIBE."""
    topic = await make_topic(guarded)
    await grant(guarded, topic, AclOperation.WRITE)
    sink = KafkaSink("kafka", settings(guarded, replace(security, mechanism=mechanism)))
    await sink.write([logged(1, topic)])
    await sink.close()

    messages = await asyncio.to_thread(read_topic, guarded.bootstrap_servers, topic)

    assert [message.id for message in messages] == ["event-1"]


async def test_f14_wrong_password(guarded: KafkaCluster, security: SecuritySettings, folder: Path) -> None:
    """The reason speaks of authentication, not of a broker that is not there; the right file then needs no restart."""
    topic = await make_topic(guarded)
    await grant(guarded, topic, AclOperation.WRITE)
    secret = folder / "changing"
    secret.write_text("incorrect\n")
    sink = KafkaSink("kafka", settings(guarded, replace(security, password_file=str(secret))))
    with pytest.raises(Retry, match=r"(?i)authentication"):
        await sink.write([logged(1, topic)])
    secret.write_text(f"{PASSWORD}\n")

    await sink.write([logged(1, topic)])
    await sink.close()


async def test_f14_untrusted_certificate(guarded: KafkaCluster, security: SecuritySettings, folder: Path) -> None:
    """A broker whose certificate nobody we trust has signed is not talked to, and the reason says so."""
    sink = KafkaSink("kafka", settings(guarded, replace(security, ca_file=str(folder / "stranger.pem"))))
    with pytest.raises(Retry, match=r"(?i)certificate"):
        await sink.write([logged(1, "news.articles")])
    await sink.close()


async def test_f14_missing_security_file(guarded: KafkaCluster, security: SecuritySettings) -> None:
    """The file is named."""
    sink = KafkaSink("kafka", settings(guarded, replace(security, password_file="secrets/kafka")))
    with pytest.raises(Retry, match="secrets/kafka"):
        await sink.write([logged(1, "news.articles")])
    await sink.close()


async def test_f06_no_right_to_write(guarded: KafkaCluster, security: SecuritySettings) -> None:
    """An operator can grant a right, so nothing is given up: Retry has the command, then the record goes through."""
    topic, other = await make_topic(guarded), await make_topic(guarded)
    await grant(guarded, other, AclOperation.WRITE)
    await grant(guarded, topic, AclOperation.DESCRIBE)
    sink = KafkaSink("kafka", settings(guarded, security))
    with pytest.raises(
        Retry, match=f"no right to write to {topic}: kafka-acls.sh .* --operation Write --topic {topic}"
    ):
        await sink.write([logged(1, topic), logged(2, other)])
    await grant(guarded, topic, AclOperation.WRITE)

    await sink.write([logged(1, topic), logged(2, other)])
    await sink.close()

    assert [one.id for one in await asyncio.to_thread(read_topic, guarded.bootstrap_servers, topic)] == ["event-1"]
    assert [one.id for one in await asyncio.to_thread(read_topic, guarded.bootstrap_servers, other)] == ["event-2"]


async def test_f06_no_right_at_all(guarded: KafkaCluster, security: SecuritySettings) -> None:
    """A user without WRITE anywhere gets no producer id; the reason says that, not that no broker is there."""
    nobody = replace(security, username="nobody", mechanism="PLAIN")
    sink = KafkaSink("kafka", settings(guarded, nobody))
    with pytest.raises(Retry, match="nobody may write to no topic"):
        await sink.write([logged(1, "news.articles")])
    await sink.close()


async def test_f06_no_right_to_create(guarded: KafkaCluster, security: SecuritySettings) -> None:
    """`ensure` answers with the command that grants the right."""
    spec = TopicSpec("test.not-ours", 1, 1, ())

    (row,) = await topics.ensure(settings(guarded, security), [spec])

    assert (row.state, row.usable) == ("denied", False)
    assert f"--allow-principal User:{USER} --operation Create --operation Write --topic test.not-ours" in row.remedy
    assert "--command-config" in row.remedy
