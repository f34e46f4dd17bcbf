"""The configuration that comes with the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.config import Config
from monitor.config.load import load

DIRECTORY = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture(scope="module")
def shipped() -> Config:
    files = {
        path.relative_to(DIRECTORY).as_posix(): path.read_text(encoding="utf-8")
        for path in DIRECTORY.rglob("*")
        if path.suffix in (".yaml", ".txt", ".opml")
    }
    return load(files, {}, {})


def test_loads_with_one_warning(shipped: Config) -> None:
    """Whoever runs it has to say who they are; nothing else."""
    assert {problem.id for problem in shipped.warnings} <= {"MON-CFG-030", "MON-CFG-033"}


def test_feeds_of_the_world(shipped: Config) -> None:
    """Enough to be useful in many languages, few enough for one machine; each says what it is."""
    assert 55 <= len(shipped.feeds) <= 70
    assert len({(feed.language or "").split("-")[0] for feed in shipped.feeds}) >= 20
    for feed in shipped.feeds:
        assert feed.name, feed.id
        assert feed.language, feed.id
        assert feed.country, feed.id
        assert feed.tags, feed.id
        assert feed.cls == "news", feed.id
        assert feed.url.startswith("https://"), feed.id


def test_no_host_is_asked_too_much(shipped: Config) -> None:
    """One request a second and host: a round has to fit into the shortest interval by far."""
    hosts = [feed.url.split("/")[2] for feed in shipped.feeds]

    assert max(hosts.count(host) for host in hosts) <= 15


def test_recent_news_alert_on_first_import(shipped: Config) -> None:
    """So that a first run shows something."""
    assert shipped.settings.first_import.alert_since == 6 * 3600
