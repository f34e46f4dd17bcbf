"""Configurations of every kind: read again while running, refused whole, said clearly."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.installation import Installation
from tests.support.site import Issuer, Site

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]

INVALID = 3
SECOND = {"min": "1s", "max": "1s"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Three feeds that bring an item a second."""
    issuers = [Issuer(name, 1.0, window=60) for name in ("a", "b", "c")]
    with Site({f"/{one.name}.xml": one.document for one in issuers}).running() as running:
        yield running


@pytest.fixture
def installation(tmp_path, site) -> Installation:
    """One that polls `a`."""
    made = Installation(tmp_path, site.port)
    feeds(made, site, "a")
    return made


def feeds(installation: Installation, site: Site, *names: str) -> None:
    """These are polled from now on, each second."""
    installation.feeds({"id": name, "url": site.url(f"/{name}.xml"), "interval": SECOND} for name in names)


@contextmanager
def daemon(installation: Installation) -> Iterator[subprocess.Popen]:
    """`news-monitor run` until the block ends; then a clean end."""
    process = installation.start("run", stdout=subprocess.DEVNULL)
    try:
        yield process
        assert process.poll() is None, (installation.folder / "log").read_text()[-3000:]
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
    assert code == 0


def until(happened: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits for something, at most so long."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def lines(installation: Installation, event: str) -> list[dict]:
    """Log lines of one kind, so far."""
    whole = (installation.folder / "log").read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
    return [line for line in map(json.loads, (one for one in whole if one.startswith("{"))) if line["event"] == event]


def polled(installation: Installation) -> list[str]:
    """Feeds in the order in which they were polled."""
    return [line["feed_id"] for line in lines(installation, "poll")]


def reloads(installation: Installation) -> list[bool]:
    """How reading the configuration again has ended, each time."""
    return [line["ok"] for line in lines(installation, "configuration_read")]


def test_feeds_and_watches_change_while_the_daemon_runs(installation, site):
    """A feed that is added is polled, one that is removed is not any more, a watch that changes judges what comes."""
    with daemon(installation):
        until(lambda: "a" in polled(installation))
        feeds(installation, site, "a", "b")
        until(lambda: "b" in polled(installation))
        feeds(installation, site, "b")
        until(lambda: reloads(installation) == [True, True])
        time.sleep(1)  # for the poll that was under way
        seen = len(polled(installation))
        until(lambda: polled(installation)[seen:].count("b") > 3)
        assert "a" not in polled(installation)[seen:]
        installation.write("watches/all.yaml", {"watches": [{"id": "plain", "query": "plain", "name": "Plain"}]})
        until(lambda: installation.events("news.alerts.plain"))
    (generation,) = {value["generation"] for _, _, _, value in installation.events("news.alerts.plain")}
    assert generation == lines(installation, "configuration_read")[-1]["generation"]


def test_r01_h194_a_bad_file_keeps_what_was_and_says_where_it_is_bad(installation, site):
    """Half a file, a wrong key, then the right one: polls never stop, and the log names file and line."""
    with daemon(installation):
        until(lambda: "a" in polled(installation))
        installation.write("feeds/more.yaml", "feeds:\n  - {id: b, url: ")
        until(lambda: reloads(installation) == [False])
        installation.write("feeds/more.yaml", f"feeds:\n  - {{id: b, url: '{site.url('/b.xml')}', colour: red}}\n")
        until(lambda: reloads(installation) == [False, False])
        seen = len(polled(installation))
        until(lambda: len(polled(installation)) > seen + 2)
        assert set(polled(installation)) == {"a"}
        problems = [line["problems"] for line in lines(installation, "configuration_read")]
        assert "feeds/more.yaml:3" in problems[0][0]
        assert "colour" in problems[1][0]
        installation.write("feeds/more.yaml", f"feeds:\n  - {{id: b, url: '{site.url('/b.xml')}'}}\n")
        until(lambda: "b" in polled(installation))


def test_sighup_reads_the_files_at_once(installation, site):
    """Also when nothing has changed."""
    with daemon(installation) as process:
        until(lambda: "a" in polled(installation))
        process.send_signal(signal.SIGHUP)
        until(lambda: reloads(installation) == [True])
        feeds(installation, site, "a", "c")
        process.send_signal(signal.SIGHUP)
        until(lambda: "c" in polled(installation))


def test_an_empty_configuration_runs_and_says_how_to_begin(tmp_path, site):
    """No feeds: up, idle, with advice; the first feed that is written is polled."""
    installation = Installation(tmp_path, site.port)
    with daemon(installation):
        until(lambda: "add a feed" in (installation.folder / "log").read_text())
        feeds(installation, site, "a")
        until(lambda: "a" in polled(installation))


BAD = {
    "half-written": ("feeds/x.yaml", "feeds:\n  - {id: b, url: ", "feeds/x.yaml:3"),
    "tabs": ("feeds/x.yaml", "feeds:\n\t- url: https://example.org/\n", "feeds/x.yaml:2"),
    "key": ("monitor.yaml", "contact: x\nfetch: {concurency: 3}\n", "concurrency"),
    "type": ("monitor.yaml", "contact: x\nfetch: {concurrency: many}\n", "fetch.concurrency"),
    "query": ("watches/x.yaml", "id: x\nquery: '(port AND'\n", "MON-QRY"),
    "scheme": ("feeds/x.yaml", "feeds: [{id: b, url: 'ftp://example.org/'}]\n", "feeds/x.yaml:1"),
    "double": ("feeds/x.yaml", "feeds: [{id: a, url: 'https://example.org/'}]\n", "feeds/x.yaml:1"),
    "binary": ("feeds/x.yaml", "\x00\x01\x02", "feeds/x.yaml"),
    "huge": ("feeds/x.yaml", "# " + "x" * (21 << 20), "feeds/x.yaml"),
    "aliases": (
        "feeds/x.yaml",
        "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
        "feeds/x.yaml",
    ),
}


@pytest.mark.parametrize(
    ("command", "name"), [*(("check", name) for name in BAD), ("run", "half-written"), ("run", "query")]
)
def test_a_wrong_configuration_is_refused_with_its_place(installation, command, name):
    """Exit code 3, one message a problem with file and line, no traceback, in good time."""
    path, text, expected = BAD[name]
    installation.write(path, text)
    done = installation.run(command, check=False, timeout=30)
    said = done.stdout + done.stderr
    assert done.returncode == INVALID, said[-2000:]
    assert expected in said
    assert "Traceback" not in said
    assert len(said) < 5_000


def test_a_directory_that_is_not_there_is_said(tmp_path):
    """With its path, and what to do."""
    installation = Installation(tmp_path, 1)
    for path in sorted(installation.config.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    installation.config.rmdir()
    done = installation.run("check", check=False)
    assert done.returncode in (INVALID, 2)
    assert str(installation.config) in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
