"""From one configuration to the next, and back."""

from __future__ import annotations

import pytest

from monitor.config.config import Config
from monitor.config.diff import ConfigDiff, Delta, diff, feeds, mass_removal
from monitor.config.load import load
from monitor.config.schema import Settings
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId


def config(files: dict[str, str], secrets: dict[str, str] | None = None) -> Config:
    return load(files, secrets or {}, {})


def listed(*names: str, origin: str = "config") -> list[FeedSpec]:
    return [FeedSpec(FeedId(name), f"https://example.org/{name}", origin=origin) for name in names]  # type: ignore[arg-type]


BASE = {
    "monitor.yaml": "fetch: {concurrency: 10}\n",
    "feeds/a.yaml": "feeds: [{id: a, url: 'https://e.org/a'}, {id: b, url: 'https://e.org/b'}]\n",
    "watches/w.yaml": "id: w\nquery: drone\n",
}


def test_nothing_changed() -> None:
    """Moving a watch to another line or file is no change."""
    moved = {**BASE, "watches/v.yaml": "# comment\n\n" + BASE["watches/w.yaml"]}
    del moved["watches/w.yaml"]

    assert not diff(config(BASE), config(moved))


def test_feeds_added_changed_removed() -> None:
    """By id."""
    text = "feeds: [{id: b, url: 'https://e.org/b', class: news}, {id: c, url: 'https://e.org/c'}]\n"

    found = diff(config(BASE), config({**BASE, "feeds/a.yaml": text}))

    assert [feed.id for feed in found.feeds.added] == ["c"]
    assert [(old.cls, new.cls) for old, new in found.feeds.changed] == [("polite", "news")]
    assert [feed.id for feed in found.feeds.removed] == ["a"]
    assert [feed.id for feed in found.feed_changes().put] == ["c", "b"]
    assert found.feed_changes().removed == ("a",)
    assert (found.settings, found.rules, found.secrets) == ((), False, ())


def test_flipped_leads_back() -> None:
    """The diff of the other direction."""
    one, two = (
        config(BASE),
        config(
            {
                **BASE,
                "feeds/a.yaml": "feeds: [{id: b, url: 'https://e.org/x'}]\n",
                "watches/v.yaml": "id: v\nquery: ship\n",
            }
        ),
    )

    assert diff(one, two).flipped() == diff(two, one)


def test_watches() -> None:
    """Their rules change with them."""
    found = diff(config(BASE), config({**BASE, "watches/w.yaml": "id: w\nquery: ship\n"}))

    assert [(old.query, new.query) for old, new in found.watches.changed] == [("drone", "ship")]
    assert found.rules
    assert not found.feeds


def test_packs_and_filters_are_rules() -> None:
    """Articles are judged by other rules, though no watch differs."""
    pack = {"concepts/x.yaml": "concept: x\nlanguages: {en: {terms: [frigate]}}\n"}
    filtered = {
        "feeds/a.yaml": "feeds: [{id: a, url: 'https://e.org/a', filter: ship}, {id: b, url: 'https://e.org/b'}]\n"
    }

    assert diff(config(BASE), config({**BASE, **pack})).rules
    assert diff(config(BASE), config({**BASE, **filtered})).rules


def test_settings_and_what_waits_for_a_restart() -> None:
    """Paths of values that differ, sinks one by one."""
    text = "fetch: {concurrency: 20}\nserver: {port: 0}\nsinks: [{kind: jsonl}, {kind: stdout}]\n"

    found = diff(config(BASE), config({**BASE, "monitor.yaml": text}))

    assert "fetch.concurrency" in found.settings
    assert "server.port" in found.restart
    assert "sinks[1].kind" in found.restart
    assert "fetch.concurrency" not in found.restart


def test_section_switched_off() -> None:
    """What is gone differs too."""
    assert (
        "server.port"
        in diff(config(BASE), config({**BASE, "monitor.yaml": "fetch: {concurrency: 10}\nserver: null\n"})).settings
    )


def test_secrets() -> None:
    """A changed secret is a change, and only its path is told."""
    files = {"feeds/a.yaml": "feeds: [{id: a, url: 'https://e.org/a', auth_file: /s}]\n"}

    found = diff(config(files, {"/s": "one"}), config(files, {"/s": "two"}))

    assert found.secrets == ("/s",)
    assert found
    assert "two" not in repr(found)


def test_feeds_added_while_running_stay() -> None:
    """A configuration touches only what came from one."""
    assert feeds([*listed("a"), *listed("r", origin="runtime")], listed("a")) == Delta()


@pytest.mark.parametrize(
    ("before", "gone", "refused"),
    [
        (5000, 5000, True),
        (100, 11, True),
        (100, 10, False),
        (1000, 100, False),
        (1000, 101, True),
        (10, 10, False),
        (12, 11, True),
    ],
)
def test_h195_mass_removal(before: int, gone: int, refused: bool) -> None:
    """More than ten feeds and more than a tenth of them need the flag."""
    old = listed(*(f"f{n}" for n in range(before)))
    delta = feeds(old, old[gone:])

    assert bool(mass_removal(delta, before, Settings())) is refused
    assert mass_removal(delta, before, Settings(allow_mass_removal=True)) == ()


def test_renamed_feeds_are_not_gone() -> None:
    """They name what they were."""
    old = listed(*(f"f{n}" for n in range(50)))
    new = [FeedSpec(FeedId(f"g{n}"), f"https://example.org/f{n}", renamed_from=FeedId(f"f{n}")) for n in range(50)]

    assert mass_removal(feeds(old, new), 50, Settings()) == ()


def test_empty_diff_is_false() -> None:
    """So that a reload can ask."""
    assert not ConfigDiff(Delta(), Delta(), (), False, ())
