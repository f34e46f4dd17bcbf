"""The running service on a broker that asks who it is and what it may: F06 and F14, with I6 and I1–I4 afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.guarded import Guarded, Papers
from tests.support.operator import commands, obey
from tests.support.secrets import write_certificates
from tests.support.stand import FLOW, Stand, stand, until

pytestmark = [pytest.mark.service, pytest.mark.acceptance, pytest.mark.timeout(180)]

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates, and the password in a file."""
    folder = tmp_path_factory.mktemp("secrets")
    write_certificates(folder)
    (folder / "password").write_text(f"{PASSWORD}\n")
    return folder


@pytest.fixture(scope="module")
def guarded(kafka_jars: None, secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Nobody has any right here but who comes by the plain listener."""
    users = {"news": PASSWORD, "other": PASSWORD}
    cluster = Guarded(tmp_path_factory.mktemp("guarded"), Papers(secrets / "server.pem", users, secrets / "ca.pem"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.kill()


def ledger(guarded: Guarded, secrets: Path, user: str) -> dict[str, Any]:
    """The ledger's settings of a user with a password, over TLS."""
    return {
        "kind": "kafka",
        "bootstrap_servers": list(guarded.secured_servers),
        "shards": 2,
        "session_timeout": "3s",
        "transaction_timeout": "10s",
        "security": {
            "protocol": "sasl_ssl",
            "mechanism": "SCRAM-SHA-256",
            "username": user,
            "password_file": str(secrets / "password"),
            "ca_file": str(secrets / "ca.pem"),
        },
    }


def test_f06_i6_every_right_that_lacks_is_named_with_its_command(
    guarded: Guarded, secrets: Path, tmp_path: Path
) -> None:
    """Who has no right at all is told of all it needs, step by step; whoever does as told has a service that works."""
    with stand(guarded, tmp_path, ledger=ledger(guarded, secrets, "news")) as here:
        ended = here.installation.run("run", check=False)
        assert ended.returncode == 2
        assert "Traceback" not in ended.stderr
        assert obey(guarded.bootstrap_servers, ended.stderr) == ended.stderr.count("kafka-acls.sh") >= 8
        # Without it the group loses its members again and again, and what is told changes with them.
        read = f"--operation Read --topic {here.prefix} --resource-pattern-type prefixed"
        assert obey(guarded.bootstrap_servers, f"kafka-acls.sh --add --allow-principal User:news {read}") == 1
        here.fleet.start()
        done: set[tuple[str, str]] = set()
        while word := heard(here, done):
            obey(guarded.bootstrap_servers, word)
            done.update(commands(word))
        assert len(done) >= 2, done
        here.flow(items=10)
        here.judge(least=40)


def test_f14_i6_a_wrong_password_is_told_and_the_right_one_picked_up(
    guarded: Guarded, secrets: Path, tmp_path: Path
) -> None:
    """The process stays up and says which key to look at; when the file has been mended it goes to work by itself."""
    file = tmp_path / "password"
    file.write_text("battery staple\n")
    settings = ledger(guarded, secrets, "other")
    settings["security"]["password_file"] = str(file)
    with stand(guarded, tmp_path, ledger=settings) as here:
        app = here.prefix.rstrip(".")
        everything = f"--topic {app} --group {app} --transactional-id {app} --resource-pattern-type prefixed"
        allow = f"kafka-acls.sh --add --allow-principal User:other --operation All {everything}"
        assert obey(guarded.bootstrap_servers, allow) == 1
        daemon = here.fleet.start()
        assert "`security.username` and `security.password_file`" in here.told("SaslAuthenticationFailed")
        time.sleep(3.0)
        assert here.ask("/livez")[0] == 200
        assert daemon.poll() is None
        file.write_text(f"{PASSWORD}\n")
        until(here.ready, FLOW, "readiness")
        here.flow(items=10)
        here.judge(least=40)


def heard(here: Stand, done: set[tuple[str, str]]) -> str:
    """What it says that lacks, once there is a command in it that was not carried out; empty when it is ready."""
    answers: list[tuple[int, str]] = []

    def news() -> bool:
        answers.append(here.ask("/readyz"))
        status, body = answers[-1]
        return status == 200 or (status == 503 and not done.issuperset(commands(body)))

    until(news, 2 * FLOW, f"neither readiness nor another command than {done}")
    return answers[-1][1] if answers[-1][0] == 503 else ""
