"""The whole configuration."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from monitor.config.load import load
from monitor.config.schema import Settings
from monitor.errors import ConfigError
from monitor.model.watch import Place

FEED = "feeds: [{id: a, url: 'https://example.org/a', watches: [w], auth_file: /run/secrets/a}]\n"
WATCH = "id: w\nquery: drone\nburst: [a]\n"
FILES = {"monitor.yaml": "contact: https://example.net/me\n", "feeds/a.yaml": FEED, "watches/w.yaml": WATCH}


def warnings(files: dict[str, str]) -> list[str]:
    return [problem.id for problem in load(files, {"/run/secrets/a": "x"}, {}).warnings]


def test_empty_configuration_runs() -> None:
    """It says what is missing, and how to add it."""
    config = load({}, {}, {})

    assert config.settings == Settings()
    assert (config.feeds, config.watches, config.rules.watches) == ((), (), ())
    assert [problem.id for problem in config.warnings] == ["MON-CFG-030", "MON-CFG-031", "MON-CFG-033"]
    assert "feeds/mine.yaml" in config.warnings[1].message


def test_whole_configuration() -> None:
    """Everything in one value, secrets by the path that names them."""
    config = load(FILES, {"/run/secrets/a": "top"}, {"MONITOR__APP": "other"})

    assert config.settings.app == "other"
    assert [feed.id for feed in config.feeds] == ["a"]
    assert [watch.id for watch in config.watches] == ["w"]
    assert config.secret("/run/secrets/a") == "top"
    assert config.secret(None) is None
    assert config.places == {"a": Place("feeds/a.yaml", 1, 9)}
    assert config.warnings == ()


def test_unreadable_files_are_problems() -> None:
    """With the reason, beside every other problem."""
    with pytest.raises(ConfigError) as raised:
        load({"monitor.yaml": "appp: x\n"}, {}, {}, unreadable=[("feeds/a.yaml", "Permission denied")])

    assert [str(problem) for problem in raised.value.problems] == [
        "feeds/a.yaml: cannot be read: Permission denied [MON-CFG-014]",
        'monitor.yaml:1:1: appp: unknown key; did you mean "app"? [MON-CFG-004]',
    ]


def test_files_elsewhere_are_left_alone() -> None:
    """Notes, schemas and backups may lie in the directory."""
    files = {"README.md": "x: [", "feeds/notes.txt": "x: [", "schema/monitor.json": "{", "feed/a.yaml": "x: ["}

    assert load(files, {}, {}).feeds == ()


def test_unknown_feed_of_a_watch_is_a_warning() -> None:
    """It may be added while the program runs."""
    assert "MON-CFG-012" in warnings({**FILES, "watches/v.yaml": "id: v\nquery: ship\nfeeds: [later]\n"})


def test_broken_watch_does_not_make_feeds_wrong() -> None:
    """One slip, one problem."""
    with pytest.raises(ConfigError) as raised:
        load({**FILES, "watches/w.yaml": "id: w\nquery: @ukraine\n"}, {"/run/secrets/a": "x"}, {})

    assert len(raised.value.problems) == 1


def test_class_of_the_settings_holds_for_feeds_that_name_none() -> None:
    """YAML and OPML alike."""
    opml = '<opml><body><outline text="o" xmlUrl="https://example.org/o"/></body></opml>'
    files = {
        "monitor.yaml": "schedule: {class: news}\n",
        "feeds/a.yaml": "feeds: [{url: 'https://e.org/'}]",
        "feeds/b.opml": opml,
    }

    assert {feed.cls for feed in load(files, {}, {}).feeds} == {"news"}


@pytest.mark.parametrize(
    "change",
    [
        {"monitor.yaml": "contact: https://example.net/other\n"},
        {"feeds/b.yaml": "feeds: [{url: 'https://example.org/b'}]\n"},
        {"watches/w.yaml": "id: w\nquery: drones\n"},
        {"watches/w.yaml": WATCH + "paused: true\n"},
        {"feeds/a.yaml": FEED.replace("watches: [w]", "class: news")},
        {"conf.d/x.yaml": "hosts: {overrides: {example.org: {in_flight: 2}}}\n"},
    ],
)
def test_h196_generation_changes_with_what_is_effective(change: dict[str, str]) -> None:
    """Two replicas with two configurations show two generations."""
    secrets = {"/run/secrets/a": "x"}

    assert load(FILES, secrets, {}).generation != load({**FILES, **change}, secrets, {}).generation


def test_h196_generation_is_that_of_the_effective_configuration() -> None:
    """Files renamed, comments and defaults written out change nothing, nor does a secret."""
    moved = {
        "monitor.yaml": "# comment\ncontact: https://example.net/me\napp: news-monitor\n",
        "feeds/other.yaml": "\n" + FEED,
        "watches/other.yaml": "---\n" + WATCH + "severity: medium\n",
    }

    assert load(FILES, {"/run/secrets/a": "x"}, {}).generation == load(moved, {"/run/secrets/a": "y"}, {}).generation


def test_h198_environment_overrides_are_effective() -> None:
    """In the value, and in the generation."""
    config = load({}, {}, {"MONITOR__SINKS": "[{kind: stdout, name: out}]", "MONITOR__SERVER__PORT": "0"})

    assert [sink.name for sink in config.settings.sinks] == ["out"]
    assert config.settings.server is not None
    assert config.settings.server.port == 0


def test_problems_are_in_order_of_their_places() -> None:
    """An operator mends a file from top to bottom."""
    with pytest.raises(ConfigError) as raised:
        load({"b/x": "", "monitor.yaml": "a: 1\nb: 2\nc: 3\n", "feeds/z.yaml": "x: 1\n"}, {}, {})

    places = [(problem.file, problem.line) for problem in raised.value.problems]
    assert places == sorted(places)


LIGHT = """
import sys
import monitor.config, monitor.config.diff, monitor.config.load, monitor.config.opml, monitor.config.references
print(sorted({"asyncio", "socket", "aiohttp", "aiokafka", "sqlite3", "pydantic"} & set(sys.modules)))
"""


def test_import_is_light() -> None:
    """pydantic is loaded by the first check, not by an import: `--help` must not wait for it."""
    run = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


def test_many_feeds_are_read_in_linear_time() -> None:
    """A reload of 10,000 feeds takes about a second; twice the feeds must not take much more than twice that."""

    def spent(count: int) -> float:
        lines = (f"  - {{url: 'https://h{n}.example.org/rss', language: en, tags: [a, b]}}\n" for n in range(count))
        text = "feeds:\n" + "".join(lines)
        started = time.process_time()
        assert len(load({"feeds/a.yaml": text}, {}, {}).feeds) == count
        return time.process_time() - started

    spent(10)
    assert spent(2000) < 6 * spent(1000)


@pytest.mark.parametrize(
    ("url", "setting"),
    [
        ("http://127.0.0.1/feed", "fetch.allow_cidrs"),
        ("https://news.example.org:9090/feed", "fetch.allow_ports"),
        ("http://intranet/feed", "fetch.allow_hosts"),
    ],
)
def test_a_feed_that_will_never_be_asked_is_a_warning_that_names_the_setting(url: str, setting: str) -> None:
    """Better at `check` than at the first poll."""
    config = load({"feeds/a.yaml": f"feeds:\n- {{id: a, url: '{url}'}}\n"}, {}, {})
    (warning,) = [one for one in config.warnings if one.id == "MON-CFG-034"]

    assert (warning.file, warning.line) == ("feeds/a.yaml", 2)
    assert setting in warning.message


@pytest.mark.parametrize(
    ("template", "watch", "place"),
    [
        ("alerts.{watch}", "{id: x, query: ukraine, topic: feeds}", "topic"),
        ("alerts.{watch}", "{id: x, query: ukraine, topic: feed-state}", "topic"),
        ("{watch}", "{id: rescue, query: ukraine}", "id"),
        ("feeds", "{id: x, query: ukraine}", "id"),
    ],
)
def test_no_alerts_among_the_records_of_the_ledger(template: str, watch: str, place: str) -> None:
    """One alert in the registry, and no shard can be opened any more: its record is no feed, and stays."""
    files = {
        "monitor.yaml": f"contact: tests@example.org\nalerts: {{topic: '{template}'}}\n",
        "watches/a.yaml": f"watches:\n  - {watch}\n",
    }
    with pytest.raises(ConfigError) as raised:
        load(files, {}, {})
    (problem,) = raised.value.problems
    assert (problem.id, problem.file, problem.line) == ("MON-CFG-010", "watches/a.yaml", 2)
    assert problem.path.endswith(place)
    assert "the ledger's own" in problem.message
