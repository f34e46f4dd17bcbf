"""`feeds/*.yaml`."""

from __future__ import annotations

import pytest

from monitor.config import feeds
from monitor.model.feed import FeedOverrides, FeedSpec, Interval
from monitor.model.ids import FeedId


def specs(text: str) -> list[FeedSpec]:
    found, problems = feeds.read("feeds/a.yaml", text, "polite")
    assert problems == []
    return [feed.spec for feed in found]


def test_a_feed_needs_only_its_url() -> None:
    """Everything else has a default, the id too."""
    (feed,) = specs("feeds: [{url: 'https://www.example.org/feed.xml'}]\n")

    assert feed == FeedSpec(FeedId("example-org-da2ef1"), "https://www.example.org/feed.xml")


def test_all_keys() -> None:
    """The keys of the file are the fields of the noun."""
    (feed,) = specs(
        """
feeds:
  - id: a
    url: https://example.org/a
    name: A – Новини
    language: uk
    country: UA
    tags: [x, y]
    class: burst
    interval: {min: 30s, max: 1h}
    watches: [ukraine]
    filter: drone
    paused: true
    renamed_from: b
    owner: me
    notes: text
    auth_file: /run/secrets/a
    headers_file: /run/secrets/h
    proxy: http://proxy:3128
    user_agent: x/1
    charset: windows-1251
    zone: Europe/Kyiv
    ignore_skip: true
    gap_may_lower_floor: false
    allow_downgrade: true
    retry_after_scope: host
"""
    )

    assert feed == FeedSpec(
        id=FeedId("a"),
        url="https://example.org/a",
        name="A – Новини",
        language="uk",
        country="UA",
        tags=("x", "y"),
        cls="burst",
        interval=Interval(30, 3600),
        watches=("ukraine",),
        filter="drone",
        paused=True,
        renamed_from=FeedId("b"),
        owner="me",
        notes="text",
        overrides=FeedOverrides(
            auth_file="/run/secrets/a",
            headers_file="/run/secrets/h",
            proxy="http://proxy:3128",
            user_agent="x/1",
            charset="windows-1251",
            zone="Europe/Kyiv",
            ignore_skip=True,
            gap_may_lower_floor=False,
            allow_downgrade=True,
            retry_after_scope="host",
        ),
    )


def test_defaults_of_a_file() -> None:
    """A feed's own key wins, also over the class of the settings."""
    first, second = specs(
        "defaults: {class: news, tags: [world], interval: 5m}\n"
        "feeds: [{url: 'https://a.org/'}, {url: 'https://b.org/', class: burst, tags: [], interval: null}]\n"
    )

    assert (first.cls, first.tags, first.interval) == ("news", ("world",), Interval(300, 300))
    assert (second.cls, second.tags, second.interval) == ("burst", (), None)


def test_one_duration_is_both_bounds() -> None:
    """The usual way of saying it."""
    assert specs("feeds: [{url: 'https://a.org/', interval: 10m}]\n")[0].interval == Interval(600, 600)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "feeds:\n", "feeds: []\n", "defaults: {class: news}\n"])
def test_files_without_feeds(text: str) -> None:
    """An emptied file is not an error."""
    assert specs(text) == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.example.org/a", "example-org-"),
        ("https://feeds.example.co.uk:8443/a", "feeds-example-co-uk-"),
        ("https://приклад.укр/a", "feed-"),
        ("https://[2001:db8::1]/a", "2001-db8-1-"),
        ("https://" + "a" * 63 + ".example.org/", "a" * 57 + "-"),
        ("http://[::1", "feed-"),
    ],
)
def test_derived_id(url: str, name: str) -> None:
    """Host and hash, always a good id."""
    derived = feeds.derived_id(url)

    assert derived.startswith(name)
    assert len(derived) == len(name) + 6
    assert len(derived) <= 64


def test_derived_ids_differ_by_url() -> None:
    """Two feeds of one host."""
    assert feeds.derived_id("https://a.org/1") != feeds.derived_id("https://a.org/2")


def test_good_feeds_beside_bad_ones() -> None:
    """A mistake costs one feed while the file is being read, so that ids can still be compared."""
    found, problems = feeds.read("a", "feeds: [{url: 'https://a.org/'}, {url: 3}, {url: 'https://b.org/'}]", "polite")

    assert [feed.spec.url for feed in found] == ["https://a.org/", "https://b.org/"]
    assert [problem.path for problem in problems] == ["feeds[1].url"]


def test_a_wrong_interval_hides_no_other_mistake() -> None:
    """One pass names them all."""
    wrong = "{id: My Feed, url: 'htp://a', language: francais!, country: fr, class: fast, interval: 5}"
    found, problems = feeds.read("feeds/a.yaml", f"feeds: [{wrong}]\n", "polite")

    assert found == []
    assert {problem.path.removeprefix("feeds[0].") for problem in problems} == {
        "id", "url", "language", "country", "class", "interval",
    }  # fmt: skip


def test_bad_defaults_are_reported_once() -> None:
    """Not once a feed."""
    text = "defaults: {class: fast}\nfeeds: [{url: 'https://a.org/'}, {url: 'https://b.org/'}]"

    assert [problem.path for problem in feeds.read("a", text, "polite")[1]] == ["defaults.class"]


def test_entries_from_elsewhere() -> None:
    """A request is held to the same rules as a file."""
    found, problems = feeds.check_entries(
        "request", [{"url": "https://a.org/", "name": "🚀"}, {"url": "ftp://a"}], "news"
    )

    assert [(feed.spec.name, feed.spec.cls) for feed in found] == [("🚀", "news")]
    assert [(problem.file, problem.path) for problem in problems] == [("request", "feeds[1].url")]


def test_same_feed_under_two_urls() -> None:
    """http and https, www and not, with a slash at the end."""
    text = "feeds: [{id: a, url: 'https://a.org/x'}, {id: b, url: 'http://www.a.org/x/'}, {id: c, url: 'https://a.org/x?y'}]"
    found, _ = feeds.read("a", text, "polite")

    (warning,) = feeds.same_feeds(found)

    assert (warning.id, warning.path) == ("MON-CFG-032", "b")
