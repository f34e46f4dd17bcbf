"""The image, built without a daemon and started: minutes, hence `make soak`."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import __version__
from tests.deploy.tools import DEPLOY, needs
from tests.support.kafka import free_port

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    needs("buildah", "deploy/setup-tests.sh"),
    needs("debootstrap", "deploy/setup-tests.sh"),
    pytest.mark.skipif(os.geteuid() != 0, reason="no container without a daemon but for root"),
]

TAG = "localhost/news-monitor:test"
CACHE = Path(os.environ.get("NEWS_MONITOR_CACHE") or Path.home() / ".cache" / "news-monitor")
STORE = (
    "--storage-driver=vfs",
    f"--root={CACHE / 'containers'}",
    f"--runroot={Path(tempfile.gettempdir()) / 'news-monitor-containers'}",
)
INSIDE = """
import json, subprocess, sys, time, urllib.error, urllib.request
admin, page = sys.argv[1:]

def ask(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0

service = subprocess.Popen(["news-monitor", "run"], stderr=subprocess.DEVNULL)
found, until = {}, time.monotonic() + 120
while time.monotonic() < until and service.poll() is None and set(found.values()) != {200}:
    found = {name: ask(f"http://127.0.0.1:{admin}/{name}") for name in ("startupz", "livez", "readyz", "metrics")}
    time.sleep(0.2)
found["page"] = ask(f"http://127.0.0.1:{page}/")
service.terminate()
found["code"] = service.wait(60)
print(json.dumps(found))
"""
"""Starts the service as the image does, asks its probes and its page, stops it, and says what came of it."""


def buildah(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it on the store of the build script."""
    return subprocess.run(["buildah", *STORE, *arguments], capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """A container of a fresh image."""
    built = subprocess.run([DEPLOY / "build-image.sh", TAG], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    name = buildah("from", "--pull-never", TAG).stdout.strip()
    buildah("config", "--entrypoint", "[]", name)
    yield name
    buildah("rm", name)


def inside(container: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in it, as the image's own user."""
    return buildah("run", "--isolation", "chroot", container, "--", *command)


def test_image_is_the_version_of_the_checkout(container: str) -> None:
    """Version, user, and a file system that is not its own."""
    assert json.loads(inside(container, "news-monitor", "version", "--json").stdout)["version"] == __version__
    assert inside(container, "id", "-u").stdout.strip() == "65532"
    assert inside(container, "touch", "/opt/news-monitor/x").returncode != 0
    assert inside(container, "touch", "/var/lib/news-monitor/x").returncode == 0


def test_image_has_all_it_needs_but_for_the_network(container: str) -> None:
    """`doctor` finds nothing wrong with the image itself; names may be out of reach."""
    done = inside(container, "news-monitor", "doctor", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]

    assert {row["check"] for row in found if not row["ok"]} <= {"names"}
    assert len(found) >= 6


def test_image_can_install_nothing(container: str) -> None:
    """No pip beside the service, and bytecode for all of it."""
    assert inside(container, "/opt/news-monitor/bin/python", "-m", "pip", "--version").returncode != 0
    looked = "set -- /opt/news-monitor/lib/python3*/site-packages/monitor/__pycache__/__init__.*.pyc; test -f $1"
    assert inside(container, "sh", "-c", looked).returncode == 0


def test_image_has_the_kernel_and_no_compiler(container: str) -> None:
    """It is built where nothing of it is shipped."""
    assert json.loads(inside(container, "news-monitor", "version", "--json").stdout)["engine"] == "native"
    assert inside(container, "sh", "-c", "command -v cc gcc g++").stdout == ""


def test_service_of_the_image_starts_answers_and_stops(container: str) -> None:
    """No feed is asked: the shipped ones are other people's."""
    admin, page = str(free_port()), str(free_port())
    settings = [f"MONITOR__ADMIN__PORT={admin}", f"MONITOR__SERVER__PORT={page}", "MONITOR__FETCH__PAUSED=true"]

    done = inside(container, "env", *settings, "python3", "-c", INSIDE, admin, page)

    assert done.returncode == 0, done.stderr[-3000:]
    expected = {"startupz": 200, "livez": 200, "readyz": 200, "metrics": 200, "page": 200, "code": 0}
    assert json.loads(done.stdout.splitlines()[-1]) == expected
