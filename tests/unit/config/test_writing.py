"""Feeds as a file of feeds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.config import feeds
from monitor.config.writing import feeds_file
from monitor.model.feed import FeedOverrides, FeedSpec, Interval
from monitor.model.ids import FeedId

PLAIN = FeedSpec(FeedId("a"), "https://example.org/a")
FULL = FeedSpec(
    id=FeedId("b"),
    url="https://example.org/b?x=1&y='2'",
    name='Новини: "quoted" #1 🚀\\',
    language="no",
    country="NO",
    tags=("x y", "true"),
    cls="news",
    interval=Interval(90.5, 3600.0),
    watches=(),
    filter="drone OR ship",
    paused=True,
    renamed_from=FeedId("c"),
    owner="me",
    notes="two\nlines",
    overrides=FeedOverrides(zone="Europe/Kyiv", ignore_skip=True, gap_may_lower_floor=False, retry_after_scope="host"),
)


@pytest.mark.parametrize("listed", [[], [PLAIN], [FULL], [PLAIN, FULL]])
def test_written_and_read_again(listed: list[FeedSpec]) -> None:
    """Nothing is lost, whatever the texts are."""
    found, problems = feeds.read("feeds/a.yaml", feeds_file(listed), "polite")

    assert problems == []
    assert [feed.spec for feed in found] == listed


def test_only_what_is_said() -> None:
    """Defaults are left out, the class is not: another installation may have another."""
    assert feeds_file([PLAIN]) == 'feeds:\n  - id: "a"\n    url: "https://example.org/a"\n    class: "polite"\n'


def test_feeds_added_while_running_become_part_of_the_configuration() -> None:
    """Where a feed came from is not written."""
    assert feeds_file([replace(PLAIN, origin="runtime")]) == feeds_file([PLAIN])
