"""TLS, passwords and rights on a real broker: what is right works, what is wrong says why."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import Consumer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from monitor.adapters.kafka import topics
from monitor.adapters.kafka.client import ClusterSettings, close_bounded, open_admin
from monitor.adapters.kafka.consumer import assign, close_consumer, open_consumer
from monitor.adapters.kafka.producer import Producer
from monitor.adapters.kafka.sink import KafkaSink
from monitor.adapters.kafka.transaction import Entry, Transactional
from monitor.config.schema import SecuritySettings
from monitor.errors import LedgerError, Retry, Unreachable
from monitor.publish.topics import TopicSpec
from tests.support.cluster import logged, make_topic
from tests.support.fixtures import absent
from tests.support.guarded import Guarded, Papers, unsigned_token
from tests.support.project import DOCS
from tests.support.reader import read_topic
from tests.support.secrets import write_certificates, write_client

pytestmark = [pytest.mark.service, pytest.mark.timeout(60)]

USER, PASSWORD = "news", "correct horse"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates, and the password in a file."""
    folder = tmp_path_factory.mktemp("secrets")
    write_client(write_certificates(folder), folder, "client")
    write_client(trustme.CA(), folder, "foreign")
    trustme.CA().cert_pem.write_to_path(str(folder / "stranger.pem"))
    (folder / "password").write_text(f"{PASSWORD}\n")
    (folder / "wrong").write_text("incorrect\n")
    (folder / "token").write_text(unsigned_token(USER, 3600))
    (folder / "expired").write_text(unsigned_token(USER, -600))
    return folder


@pytest.fixture(scope="module")
def guarded(kafka_jars: None, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A broker that asks who you are and what you may."""
    papers = Papers(folder / "server.pem", {USER: PASSWORD, "nobody": PASSWORD, "moving": PASSWORD}, folder / "ca.pem")
    cluster = Guarded(tmp_path_factory.mktemp("guarded-kafka"), papers)
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


def settings(guarded: Guarded, security: SecuritySettings) -> ClusterSettings:
    return ClusterSettings(guarded.secured_servers, security, request_timeout=3.0, recheck=0.0)


async def grant(
    guarded: Guarded,
    name: str,
    *operations: AclOperation,
    user: str = USER,
    kind: ResourceType = ResourceType.TOPIC,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> None:
    """Rights on one topic for our user, given by the plain listener's super user."""
    admin = AdminClient({"bootstrap.servers": ",".join(guarded.bootstrap_servers)})
    allow = AclPermissionType.ALLOW
    made = [AclBinding(kind, name, pattern, f"User:{user}", "*", operation, allow) for operation in operations]
    for done in admin.create_acls(made).values():
        await asyncio.to_thread(done.result, 10)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN"])
async def test_f14_password_over_tls(guarded: Guarded, security: SecuritySettings, mechanism: str) -> None:
    """Both mechanisms get through with the rights of the documentation: WRITE, which implies DESCRIBE."""
    topic = await make_topic(guarded)
    await grant(guarded, topic, AclOperation.WRITE)
    sink = KafkaSink("kafka", settings(guarded, replace(security, mechanism=mechanism)))
    await sink.write([logged(1, topic)])
    await sink.close()

    messages = await asyncio.to_thread(read_topic, guarded.bootstrap_servers, topic)

    assert [message.id for message in messages] == ["event-1"]


async def test_f14_wrong_password(guarded: Guarded, security: SecuritySettings, folder: Path) -> None:
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


async def test_f14_untrusted_certificate(guarded: Guarded, security: SecuritySettings, folder: Path) -> None:
    """A broker whose certificate nobody we trust has signed is not talked to, and the reason says so."""
    sink = KafkaSink("kafka", settings(guarded, replace(security, ca_file=str(folder / "stranger.pem"))))
    with pytest.raises(Retry, match=r"(?i)certificate"):
        await sink.write([logged(1, "news.articles")])
    await sink.close()


async def test_f14_missing_security_file(guarded: Guarded, security: SecuritySettings) -> None:
    """The file is named."""
    sink = KafkaSink("kafka", settings(guarded, replace(security, password_file="secrets/kafka")))
    with pytest.raises(Retry, match="secrets/kafka"):
        await sink.write([logged(1, "news.articles")])
    await sink.close()


async def test_f06_no_right_to_write(guarded: Guarded, security: SecuritySettings) -> None:
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


async def test_f06_no_right_at_all(guarded: Guarded, security: SecuritySettings) -> None:
    """A user without WRITE anywhere gets no producer id; the reason says that, not that no broker is there."""
    nobody = replace(security, username="nobody", mechanism="PLAIN")
    sink = KafkaSink("kafka", settings(guarded, nobody))
    with pytest.raises(Retry, match="nobody may write to no topic"):
        await sink.write([logged(1, "news.articles")])
    await sink.close()


async def test_f06_no_right_to_create(guarded: Guarded, security: SecuritySettings) -> None:
    """`ensure` answers with the command that grants the right."""
    spec = TopicSpec("test.not-ours", 1, 1, ())

    (row,) = await topics.ensure(settings(guarded, security), [spec])

    assert (row.state, row.usable) == ("denied", False)
    assert f"--allow-principal User:{USER} --operation Create --operation Write --topic test.not-ours" in row.remedy
    assert "--command-config" in row.remedy


def ways(folder: Path) -> dict[str, tuple[str, SecuritySettings]]:
    """Listener and settings by name."""
    ca, secret = str(folder / "ca.pem"), str(folder / "password")
    password = SecuritySettings("sasl_ssl", username=USER, password_file=secret, ca_file=ca)
    certificates = {"cert_file": str(folder / "client.crt"), "key_file": str(folder / "client.key")}
    return {
        "tls": ("SEALED", SecuritySettings("ssl", ca_file=ca)),
        "certificates": ("MUTUAL", SecuritySettings("ssl", ca_file=ca, **certificates)),
        "plain": ("SASL_SSL", replace(password, mechanism="PLAIN")),
        "scram-256": ("SASL_SSL", replace(password, mechanism="SCRAM-SHA-256")),
        "scram-512": ("SASL_SSL", replace(password, mechanism="SCRAM-SHA-512")),
        "bare": ("BARE", replace(password, protocol="sasl_plaintext", ca_file=None)),
        "token": ("TOKEN", SecuritySettings("sasl_ssl", "OAUTHBEARER", token_file=str(folder / "token"), ca_file=ca)),
    }


@pytest.mark.parametrize("way", ["tls", "certificates", "plain", "scram-256", "scram-512", "bare", "token"])
async def test_f14_every_kind_of_client_gets_through(guarded: Guarded, folder: Path, way: str) -> None:
    """A transaction, a consumer of what it committed, and an administrator, each by this way alone."""
    topic = await make_topic(guarded, 1)
    await grant(guarded, topic, AclOperation.WRITE, AclOperation.READ)
    await grant(guarded, f"id-{topic}", AclOperation.WRITE, kind=ResourceType.TRANSACTIONAL_ID)
    listener, security = ways(folder)[way]
    here = ClusterSettings(guarded.at(listener), security)

    producer = await Transactional.open(here, f"id-{topic}", 30)
    places = await producer.commit([Entry(topic, b"key", b"value")])
    await producer.close()
    consumer = await open_consumer(here)
    assign(consumer, {TopicPartition(topic, 0): 0})
    record = await consumer.getone()
    await close_consumer(consumer)
    (row,) = await topics.verify(here, [TopicSpec(topic, 1, 1, ())])

    assert (record.value, record.offset) == (b"value", places[0][1])
    assert (row.state, row.usable) == ("ok", True)


WRONG = {
    "password, plain": (
        "plain",
        "SASL_SSL",
        {"password_file": "wrong"},
        "(?i)authentication.*`security.password_file`",
    ),
    "password, scram": (
        "scram-512",
        "SASL_SSL",
        {"password_file": "wrong"},
        "(?i)authentication.*`security.password_f",
    ),
    "certificate of the broker": ("plain", "SASL_SSL", {"ca_file": "stranger.pem"}, "(?i)certificate.*`security.ca_fi"),
    "no certificate": ("tls", "MUTUAL", {}, "closed; .*want a certificate.*`security.cert_file`"),
    "foreign certificate": (
        "certificates",
        "MUTUAL",
        {"cert_file": "foreign.crt", "key_file": "foreign.key"},
        "closed; .*want a certificate.*`security.cert_file`",
    ),
    "expired token": ("token", "TOKEN", {"token_file": "expired"}, "refuse a token.*`security.token_file`"),
    "no token": ("token", "TOKEN", {"token_file": "wrong"}, "refuse a token.*`security.token_file`"),
    "mechanism": ("scram-256", "TOKEN", {}, "does not offer SCRAM-SHA-256.*`security.mechanism`"),
    "password where TLS is wanted": ("bare", "SASL_SSL", {}, "closed; .*expect TLS.*`security.protocol`"),
    "password where none is asked for": ("bare", "PLAINTEXT", {}, "asks for no password.*`security.protocol`"),
    "no password where one is asked for": ("tls", "SASL_SSL", {}, "closed; .*password.*`security.protocol`"),
    "TLS where there is none": ("tls", "PLAINTEXT", {}, "Unable connect.*no TLS.*`security.protocol`"),
    "file that is none": ("tls", "SEALED", {"ca_file": "wrong"}, "`security.ca_file` .*wrong.*certificate"),
    "key of another certificate": (
        "certificates",
        "MUTUAL",
        {"key_file": "foreign.key"},
        "`security.cert_file` .*forei",
    ),
}
"""What is wrong: the way, the listener, the changes that make it wrong, and what has to be told."""


@pytest.mark.parametrize("case", WRONG)
async def test_f14_reason_names_the_key(guarded: Guarded, folder: Path, case: str) -> None:
    """The same for producers, transactions, consumers and administrators: one line, no hanging."""
    way, listener, changes, told = WRONG[case]
    security = replace(ways(folder)[way][1], **{key: str(folder / name) for key, name in changes.items()})
    here = ClusterSettings(guarded.at(listener), security, request_timeout=3.0, start_timeout=4.0)

    with pytest.raises(Unreachable, match=told) as told_once:
        await open_admin(here)
    with pytest.raises(Unreachable, match=told):
        await Producer.open(here)
    with pytest.raises(LedgerError, match=told):
        await Transactional.open(here, "unused", 30)
    with pytest.raises(Unreachable, match=told):
        await open_consumer(here)
    assert "\n" not in str(told_once.value)


async def test_f14_plaintext_where_it_is_not_spoken(guarded: Guarded) -> None:
    """The most frequent slip: `security` is not set at all."""
    for listener in ("SASL_SSL", "BARE", "SEALED"):
        with pytest.raises(Unreachable, match=r"closed; .*TLS or a password.*`security.protocol`"):
            await open_admin(ClusterSettings(guarded.at(listener)))


@pytest.mark.parametrize("key", ["username", "password_file"])
async def test_f14_missing_key_is_named(security: SecuritySettings, key: str) -> None:
    """Nobody is asked."""
    with pytest.raises(Unreachable, match=f"`security.{key}` is missing"):
        await open_admin(ClusterSettings(("127.0.0.1:1",), replace(security, **{key: None})))


async def test_f14_password_changes_while_running(guarded: Guarded, security: SecuritySettings, folder: Path) -> None:
    """First at the broker, where a connection lives on, then in the file: nothing is lost, the next client has it."""
    topic = await make_topic(guarded)
    await grant(guarded, topic, AclOperation.WRITE, user="moving")
    secret = folder / "moving"
    secret.write_text(PASSWORD)
    here = settings(guarded, replace(security, username="moving", password_file=str(secret)))
    sink = KafkaSink("kafka", here)
    await sink.write([logged(1, topic)])
    await change_password(guarded, "moving", "another horse")
    await sink.write([logged(2, topic)])
    with pytest.raises(Unreachable, match=r"`security.password_file`"):
        await open_admin(here)
    secret.write_text("another horse")

    await sink.write([logged(3, topic)])
    await sink.close()
    await close_bounded(await open_admin(here))
    assert len(await asyncio.to_thread(read_topic, guarded.bootstrap_servers, topic)) == 3


async def change_password(guarded: Guarded, user: str, password: str) -> None:
    """For SCRAM-SHA-256."""
    change = UserScramCredentialUpsertion(
        user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), password.encode()
    )
    admin = AdminClient({"bootstrap.servers": ",".join(guarded.bootstrap_servers)})
    for done in admin.alter_user_scram_credentials([change]).values():
        await asyncio.to_thread(done.result, 10)


async def test_f14_certificate_changes_while_running(guarded: Guarded, folder: Path, tmp_path: Path) -> None:
    """A certificate the broker does not take is told and costs no record; the next one is picked up by itself."""
    topic = await make_topic(guarded)
    await grant(guarded, topic, AclOperation.WRITE)
    listener, security = ways(folder)["certificates"]
    mine = replace(security, cert_file=str(tmp_path / "mine.crt"), key_file=str(tmp_path / "mine.key"))

    def show(name: str) -> None:
        for kind in ("crt", "key"):
            (tmp_path / f"mine.{kind}").write_bytes((folder / f"{name}.{kind}").read_bytes())

    show("client")
    sink = KafkaSink("kafka", ClusterSettings(guarded.at(listener), mine, request_timeout=3.0, recheck=0.0))
    await sink.write([logged(1, topic)])
    show("foreign")
    with pytest.raises(Retry, match=r"`security.cert_file`"):
        await sink.write([logged(2, topic)])
    show("client")

    await sink.write([logged(2, topic)])
    await sink.close()
    assert len(await asyncio.to_thread(read_topic, guarded.bootstrap_servers, topic)) == 2


async def test_f14_token_changes(guarded: Guarded, folder: Path, tmp_path: Path) -> None:
    """The file is read at each handshake: what was refused gets through with the next token."""
    token = tmp_path / "token"
    token.write_text(unsigned_token(USER, -600))
    listener, security = ways(folder)["token"]
    here = ClusterSettings(guarded.at(listener), replace(security, token_file=str(token)))
    with pytest.raises(Unreachable, match=r"`security.token_file`"):
        await open_consumer(here)
    token.write_text(unsigned_token(USER, 600))

    await close_consumer(await open_consumer(here))


SETTINGS = {
    "security.protocol": "SASL_SSL",
    "ssl.ca.location": "ca.pem",
    "sasl.mechanism": "PLAIN",
    "sasl.username": USER,
    "sasl.password": PASSWORD,
}
"""As `docs/consumers.md` names them for kcat and confluent-kafka."""


@pytest.fixture
async def readable(guarded: Guarded) -> str:
    """A topic with one record that our user has no right to read."""
    topic = await make_topic(guarded, 1)
    sink = KafkaSink("kafka", ClusterSettings(guarded.bootstrap_servers))
    await sink.write([logged(1, topic)])
    await sink.close()
    return topic


async def grant_reading(guarded: Guarded, topic: str, group: str) -> None:
    """The two rights of `docs/consumers.md`, each for what begins like that."""
    prefixed = ResourcePatternType.PREFIXED
    await grant(guarded, topic[:-2], AclOperation.READ, pattern=prefixed)
    await grant(guarded, group[:-2], AclOperation.READ, kind=ResourceType.GROUP, pattern=prefixed)


async def test_kcat_with_the_rights_and_settings_of_the_page(guarded: Guarded, folder: Path, readable: str) -> None:
    """Without the rights nothing is read, with them and no others everything."""
    if shutil.which("kcat") is None:
        absent("no kcat on this machine (deploy/setup-tests.sh installs it)")
    group = f"alerts-{readable}"
    words = [word for name, value in SETTINGS.items() for word in ("-X", f"{name}={value}")]
    reading = ["-X", "auto.offset.reset=earliest", "-q", "-e", "-f", r"%k\n", "-G", group, readable]
    command = ["kcat", "-b", guarded.at("SASL_SSL")[0], *words, *reading]
    refused = await run(command, folder)
    await grant_reading(guarded, readable, group)
    taken = await run(command, folder)

    assert "authorization failed" in refused.lower()
    assert taken == "article-1\n"


async def test_python_with_the_rights_and_settings_of_the_page(guarded: Guarded, folder: Path, readable: str) -> None:
    """Both libraries, by SCRAM."""
    page = (DOCS / "consumers.md").read_text(encoding="utf-8")
    assert [name for name in SETTINGS if f"`{name}" not in page] == []
    group, here = f"alerts-{readable}", guarded.at("SASL_SSL")
    await grant_reading(guarded, readable, group)
    more = {"sasl.mechanism": "SCRAM-SHA-512", "ssl.ca.location": str(folder / "ca.pem")}
    where = {"bootstrap.servers": here[0], "group.id": group, "auto.offset.reset": "earliest"}
    confluent = Consumer({**SETTINGS, **more, **where})
    confluent.subscribe([readable])
    record = await asyncio.to_thread(confluent.poll, 20)
    confluent.close()
    consumer = AIOKafkaConsumer(
        readable,
        bootstrap_servers=list(here),
        group_id=f"{group}-2",
        auto_offset_reset="earliest",
        security_protocol="SASL_SSL",
        ssl_context=ssl.create_default_context(cafile=str(folder / "ca.pem")),
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=USER,
        sasl_plain_password=PASSWORD,
    )
    async with consumer:
        other = await consumer.getone()

    assert (record.error(), record.key(), other.key) == (None, b"article-1", b"article-1")


async def run(command: list[str], folder: Path) -> str:
    """What it prints, complaints included."""
    out = subprocess.STDOUT
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, stdout=subprocess.PIPE, stderr=out, text=True, timeout=30
    )
    return done.stdout
