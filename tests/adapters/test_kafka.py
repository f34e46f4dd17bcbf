"""The Kafka adapter where no broker is needed: sizes, security files, remedies, bounds."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from monitor.adapters.kafka.client import ClusterSettings, connection, credentials, read_secret, stamps
from monitor.adapters.kafka.sink import OVERHEAD, KafkaSink, chunks
from monitor.adapters.kafka.topics import Tool, planned
from monitor.config.schema import SecuritySettings
from monitor.errors import Retry, Unreachable
from monitor.model.event import Logged, Record
from monitor.publish.topics import TopicSpec, TopicTable


def logged(seq: int, size: int) -> Logged:
    return Logged(seq, Record("news.articles", "k", b"x" * (size - 1), (), f"event-{seq}", 0.0))


@pytest.fixture
def silent() -> Iterator[str]:
    """A place that takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def closed() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([10], [[1]]),
        ([300, 300, 300], [[1], [2], [3]]),
        ([100, 100, 100], [[1, 2], [3]]),
        ([10, 5000, 10, 10], [[1], [2], [3, 4]]),
    ],
)
def test_chunks_keep_order_and_budget(sizes: list[int], expected: list[list[int]]) -> None:
    """Nothing is left out, nothing changes places, and only a record that is larger by itself exceeds the budget."""
    records = [logged(seq, size) for seq, size in enumerate(sizes, 1)]

    made = list(chunks(records, 400 + OVERHEAD // 2))

    assert [[one.seq for one in chunk] for chunk in made] == expected


async def test_closed_port_is_told_with_its_cause() -> None:
    """Retry names the place and what the system said."""
    place = closed()
    sink = KafkaSink("kafka", ClusterSettings((place,)))
    with pytest.raises(Retry, match=rf"no Kafka at {place}: Unable connect .*Connect call failed.*look at the broker"):
        await sink.write([logged(1, 10)])
    await sink.close()


async def test_silent_place_keeps_the_limit(silent: str) -> None:
    """Connecting ends by its limit, also where connections are taken and nothing is said."""
    sink = KafkaSink("kafka", ClusterSettings((silent,), request_timeout=0.3, start_timeout=0.5))
    started = time.monotonic()
    with pytest.raises(Retry, match=silent):
        await sink.write([logged(1, 10)])
    await sink.close()

    assert time.monotonic() - started < 3


async def test_nothing_to_write_connects_to_nobody() -> None:
    sink = KafkaSink("kafka", ClusterSettings((closed(),)))

    await sink.write([])
    await sink.close()


async def test_missing_secret_is_named() -> None:
    security = SecuritySettings("sasl_plaintext", "PLAIN", "someone", "no/such/password")
    with pytest.raises(Unreachable, match="no/such/password"):
        await connection(ClusterSettings(("127.0.0.1:9092",), security))


def test_plaintext_needs_no_files() -> None:
    assert credentials(SecuritySettings()) == {"security_protocol": "PLAINTEXT"}


def test_password_without_the_editors_line_end(tmp_path: Path) -> None:
    """Blanks inside and at the end belong to the password, a line end does not."""
    secret = tmp_path / "password"
    secret.write_bytes(b" two words \r\n")

    words = credentials(SecuritySettings("sasl_plaintext", "SCRAM-SHA-512", "someone", str(secret)))

    assert words["sasl_plain_password"] == " two words "
    assert (words["sasl_mechanism"], words["sasl_plain_username"]) == ("SCRAM-SHA-512", "someone")


async def test_token_is_read_at_each_handshake(tmp_path: Path) -> None:
    """A token lives for minutes: the file is asked each time."""
    file = tmp_path / "token"
    file.write_text("first\n")
    provider = credentials(SecuritySettings("sasl_ssl", "OAUTHBEARER", token_file=str(file)))[
        "sasl_oauth_token_provider"
    ]
    first = await provider.token()
    file.write_text("second\n")

    assert (first, await provider.token()) == ("first", "second")


def test_client_certificate_is_loaded(tmp_path: Path) -> None:
    """Certificates are verified, names too; a key that does not fit is an error at once."""
    authority = trustme.CA()
    issued = authority.issue_cert("client.example")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    authority.issue_cert("other.example").private_key_pem.write_to_path(str(tmp_path / "other.pem"))
    files = {name: str(tmp_path / f"{name}.pem") for name in ("ca", "cert", "key", "other")}

    context = credentials(SecuritySettings("ssl", ca_file=files["ca"], cert_file=files["cert"], key_file=files["key"]))[
        "ssl_context"
    ]

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    with pytest.raises(ValueError, match=r"`security\.cert_file` .*cert\.pem.*other\.pem"):
        credentials(SecuritySettings("ssl", ca_file=files["ca"], cert_file=files["cert"], key_file=files["other"]))


def test_stamps_change_with_the_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("one")
    security = SecuritySettings(password_file=str(secret))
    before = stamps(security)
    os.utime(secret, (1, 1))

    assert before != stamps(security)


def test_secret_is_read_as_utf8(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes("пароль\n".encode())

    assert read_secret(str(tmp_path / "secret")) == "пароль"


def test_planned_rows_are_the_table() -> None:
    """`topics plan --json` has every key of the interface and asks nobody."""
    rows = planned(TopicTable().plan([]))

    assert [row.topic for row in rows] == ["news.articles", "news.dead-letters", "news.feed-events"]
    for row in rows:
        assert set(row.as_json()) == {"topic", "partitions", "replication", "config", "state", "problem", "remedy"}
        assert row.state == "planned"


def test_remedies_name_the_cluster_and_its_credentials() -> None:
    """A command that can be pasted: all servers, and where credentials go if the cluster asks for them."""
    spec = TopicSpec("news.articles", 12, 3, (("retention.ms", "1"),))
    plain = Tool(ClusterSettings(("a:1", "b:2")))
    secured = Tool(ClusterSettings(("a:1",), SecuritySettings("sasl_ssl", username="news")))

    assert plain.creation(spec) == (
        "kafka-topics.sh --bootstrap-server a:1,b:2 --create --topic news.articles "
        "--partitions 12 --replication-factor 3 --config retention.ms=1"
    )
    assert secured.grant("news.articles", "Write") == (
        "kafka-acls.sh --bootstrap-server a:1 --command-config client.properties "
        "--add --allow-principal User:news --operation Write --topic news.articles"
    )
