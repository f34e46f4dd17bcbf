"""An entry becomes an article."""

from __future__ import annotations

import time
from typing import Any

import pytest

from monitor.model.article import (
    Article,
    Enclosure,
    Entry,
    Hints,
    Parsed,
    ParsedFeed,
    Quarantined,
    TextConstruct,
)
from monitor.model.feed import FeedOverrides, FeedSpec
from monitor.model.ids import FeedId
from monitor.normalise.article import normalise
from monitor.normalise.furniture import line_hashes

FETCHED = 1_795_694_400.0
FEED = FeedSpec(FeedId("f"), "https://example.org/feed", language="en")


def read(feed: FeedSpec = FEED, hints: Hints | None = None, entries: tuple[Entry, ...] = (), **fields: Any) -> Article:
    for name in ("title", "summary"):
        if isinstance(fields.get(name), str):
            fields[name] = TextConstruct(fields[name])
    if isinstance(fields.get("body"), str):
        fields["contents"] = (TextConstruct(fields.pop("body")),)
    entry = Entry(b"12345678", **fields)
    parsed = Parsed(ParsedFeed("rss", (entry, *entries)), "strict", "utf-8", "utf8", repairs=2)
    found = normalise(entry, parsed, feed, hints or Hints(FETCHED), "https://example.org/feeds/rss.xml")
    assert isinstance(found, Article)
    return found


def test_whole_entry() -> None:
    """Every field of an ordinary entry, clean."""
    found = read(
        guid=" https://example.org/?p=7 ",
        link="/2026/rain?utm_source=rss",
        title="Rain &amp; <b>wind</b>",
        summary="<p>It rained in Kyiv for the whole of the day.</p>",
        body="<p>It rained.</p><p>Read also: Sun</p><p>It stopped.</p>",
        published="Thu, 26 Nov 2026 10:00:00 GMT",
        updated="Thu, 26 Nov 2026 11:00:00",
        authors=("A. Writer", "A. Writer", " "),
        tags=("Weather", "<i>Kyiv</i>"),
        enclosures=(Enclosure("/rain.mp3", "audio/mpeg", 10),),
        image="/rain.jpg",
        source="Agency",
    )

    assert (found.title, found.summary) == ("Rain & wind", "It rained in Kyiv for the whole of the day.")
    assert found.body == "It rained.\nIt stopped."
    assert [one.kind for one in found.removed] == ["T4"]
    assert (found.guid, found.url) == ("https://example.org/?p=7", "https://example.org/2026/rain")
    assert (found.published, found.updated, found.date_raw) == (
        1_795_687_200.0,
        1_795_690_800.0,
        "Thu, 26 Nov 2026 10:00:00 GMT",
    )
    assert (found.authors, found.tags) == (("A. Writer",), ("Weather", "Kyiv"))
    assert found.enclosures == (Enclosure("https://example.org/rain.mp3", "audio/mpeg", 10),)
    assert (found.image, found.source) == ("https://example.org/rain.jpg", "Agency")
    assert found.language.tag == "en"
    assert (found.quality.furniture, found.quality.repairs, found.quality.zone_assumed) == (1, 2, False)
    assert found.raw_hash == b"12345678"
    assert found.keys.guid_value == found.guid
    assert found.keys.url_value == found.url
    assert all(found.hashes)


def test_empty_entry() -> None:
    """Only an entry that says nothing at all is quarantined."""
    entry = Entry(b"x", title=TextConstruct("<p> </p>"), link="javascript:x", raw="<item/>")
    parsed = Parsed(ParsedFeed("rss", (entry,)), "strict", "utf-8", "utf8")

    found = normalise(entry, parsed, FEED, Hints(FETCHED), "https://example.org/")

    assert found == Quarantined("empty", "the entry has neither title, text, link nor guid", "<item/>")


@pytest.mark.parametrize("fields", [{"title": "a"}, {"link": "/a"}, {"guid": "a"}, {"body": "a"}])
def test_one_field_is_enough(fields: dict[str, str]) -> None:
    """A microblog has no title, a link list no text."""
    assert read(**fields)


def test_longest_content_is_the_body() -> None:
    """Of several contents the longest text is the body, however long its markup."""
    found = read(contents=(TextConstruct("<b><i><u>a</u></i></b>"), TextConstruct("longer text")))

    assert found.body == "longer text"


def test_contents_beyond_the_eighth_are_not_read() -> None:
    """Nobody sends nine versions of a text, but for keeping a worker busy."""
    found = read(contents=(*(TextConstruct("short"),) * 8, TextConstruct("longer text")))

    assert found.body == "short"


def test_text_that_is_no_html() -> None:
    """A text construct of type text is never stripped of tags."""
    found = read(title=TextConstruct("a <b> c", html=False), summary=TextConstruct("x <p>\n y", html=False))

    assert (found.title, found.summary) == ("a <b> c", "x <p>\ny")


def test_escaped_once_too_often() -> None:
    """Markup that still shows after conversion is converted once more, not twice."""
    found = read(summary="&lt;p&gt;a&lt;/p&gt;&lt;p&gt;b&lt;/p&gt;", body="&amp;lt;p&amp;gt;c")

    assert (found.summary, found.body) == ("a\nb", "<p>c")


def test_link_falls_back_to_a_permalink() -> None:
    """A guid is the link only if it is a whole URL and the format allows it."""
    url = "https://example.org/a"

    assert read(guid=url, guid_is_link=True).url == url
    assert read(guid=url, guid_is_link=False).url is None
    assert read(guid="a", guid_is_link=True).url is None
    assert read(guid=url, guid_is_link=True, link="javascript:x").url == url


def test_links_that_would_collide() -> None:
    """Where fragment or query are all that tells two items apart, they stay; tracking alone does not make two."""
    live = (Entry(b"y", guid="8", link="https://example.org/live#post-8", title=TextConstruct("Aid")),)
    same = (Entry(b"y", guid="8", link="https://example.org/live?utm_source=x", title=TextConstruct("Aid")),)

    def link(url: str, entries: tuple[Entry, ...]) -> str | None:
        return read(guid="7", title="Quake", link=url, entries=entries).url

    assert link("https://example.org/live#post-7", live) == "https://example.org/live#post-7"
    assert link("https://example.org/live?xtor=7", live) == "https://example.org/live?xtor=7"
    assert link("https://example.org/live?utm_source=x", same) == "https://example.org/live"
    assert link("https://example.org/other#post-8", live) == "https://example.org/other"
    assert link("https://example.org/live", live) == "https://example.org/live"


def test_h152_bases() -> None:
    """Relative links resolve against the entry's base, which resolves against the response's URL."""
    assert read(link="a", base="https://cdn.example.net/x/").url == "https://cdn.example.net/x/a"
    assert read(link="a", base="sub/").url == "https://example.org/feeds/sub/a"
    assert read(link="//host.example/a").url == "https://host.example/a"
    assert read(link="a", base="https://[broken/").url == "https://example.org/feeds/a"


@pytest.mark.parametrize("link", ["javascript:x", "data:text/html,x", "file:///x", "https://example.org/a\nb"])
def test_h153_h167_link_dropped_item_kept(link: str) -> None:
    """A dangerous link is dropped, the item stays."""
    found = read(title="a", link=link, image=link, enclosures=(Enclosure(link),))

    assert (found.title, found.url, found.image, found.enclosures) == ("a", None, None, ())


@pytest.mark.parametrize(
    ("given", "expect"),
    [(-1, None), (10**30, None), (0, 0), (None, None), (5, 5)],
)
def test_h154_enclosure_length(given: int | None, expect: int | None) -> None:
    """A length nobody can believe is none."""
    found = read(enclosures=(Enclosure("/a", "audio/mpeg", given),))

    assert found.enclosures[0].length == expect


@pytest.mark.parametrize(
    ("given", "expect"),
    [("audio/mpeg", "audio/mpeg"), (" Image/JPEG ", "image/jpeg"), ("garbage", None), ("a b/c", None),
     ("a/b\n", "a/b"), ("", None)],
)  # fmt: skip
def test_h154_enclosure_type(given: str, expect: str | None) -> None:
    """A type that is none is left out."""
    assert read(enclosures=(Enclosure("/a", given),)).enclosures[0].type == expect


def test_h155_caps() -> None:
    """A hundred thousand tags and enclosures are cut to what anybody reads, at once."""
    start = time.perf_counter()
    found = read(
        title="a",
        tags=tuple(f"tag {number}" for number in range(100_000)),
        authors=tuple(f"author {number}" for number in range(1000)),
        enclosures=tuple(Enclosure(f"/{number}") for number in range(100_000)),
    )

    assert (len(found.tags), len(found.authors), len(found.enclosures)) == (64, 16, 32)
    assert time.perf_counter() - start < 5


def test_h134_h177_long_fields() -> None:
    """Texts, titles and names are cut to their limits, and the article says so."""
    found = read(title="t" * 1_000_000, summary="s " * 1_000_000, body="<p>" + "b" * 1_000_000, tags=("x" * 1000,))

    assert (len(found.title), len(found.tags[0])) == (1000, 200)
    assert len(found.summary) <= 65_536
    assert len(found.body) <= 65_536
    assert found.quality.truncated


def test_h141_h168_h171_scrubbed_everywhere() -> None:
    """Controls, bidi controls and lone surrogates reach no field, and a title is one line."""
    dirty = "a\x00\x1b[2J\u202e\ud800\nb"
    found = read(title=dirty, summary=dirty, body=dirty, authors=(dirty,), tags=(dirty,), source=dirty, guid=dirty)

    values = (found.title, found.summary, found.body, *found.authors, *found.tags, found.source, found.guid)
    for value in values:
        assert value is not None
        value.encode("utf-8")
        assert not {"\x00", "\x1b", "\u202e"} & set(value)
    assert found.title == "a[2J\ufffd b"


@pytest.mark.parametrize("field", ["title", "authors", "tags"])
def test_h159_h160_markup_in_names(field: str) -> None:
    """Markup in a title or a name becomes text or nothing."""
    value = "<script>x()</script>a<svg/onload=y()>"
    found = read(**{"title": "t", field: value if field == "title" else (value,)})

    assert getattr(found, field) in ("a", ("a",))


def test_h145_long_guid() -> None:
    """A guid of a megabyte is known by its hash; an empty one is none."""
    one, other = read(guid="g" * 1_000_000), read(guid="g" * 999_999 + "h")

    assert one.guid is not None
    assert one.guid.startswith("sha256:")
    assert one.guid != other.guid
    assert read(title="a", guid="  ").guid is None
    assert read(title="a", guid="  ").keys.guid == 0


def test_h148_dates() -> None:
    """Dates that cannot be are left out; the article stays and has the raw string."""
    found = read(title="a", published="yesterday", updated="Thu, 01 Jan 1970 00:00:00 GMT", created="9999-01-01")

    assert (found.published, found.updated, found.created) == (None, None, None)
    assert found.date == (None, "first_seen")
    assert found.date_raw == "yesterday"


def test_date_raw_is_of_the_date_that_counts() -> None:
    """If the first date cannot be read, the second counts, with its own raw string and zone."""
    found = read(title="a", published="soon", updated="2026-11-26T10:00:00")

    assert (found.date[1], found.date_raw, found.quality.zone_assumed) == ("updated", "2026-11-26T10:00:00", True)


def test_zones() -> None:
    """The operator's zone wins over the learned one."""
    date = "2026-11-26T10:00:00"
    own = FeedSpec(FeedId("f"), "https://example.org/", overrides=FeedOverrides(zone="Europe/Kyiv"))

    assert read(title="a", published=date).published == 1_795_687_200.0
    assert read(title="a", published=date, hints=Hints(FETCHED, zone="Asia/Tokyo")).published == 1_795_654_800.0
    assert read(own, title="a", published=date, hints=Hints(FETCHED, zone="Asia/Tokyo")).published == 1_795_680_000.0


def test_order_of_numeric_dates() -> None:
    """Another date of the document with a day above 12 proves the order."""
    proof = (Entry(b"y", published="25/10/2026 10:00"),)

    assert read(title="a", published="06/09/2026 10:00").published is None
    assert read(title="a", published="06/09/2026 10:00", entries=proof).published == 1_788_688_800.0


@pytest.mark.parametrize(
    ("feed", "entry", "expect"),
    [("fr", "de", "fr"), (None, "de", "de"), (None, None, "it")],
)
def test_declared_language(feed: str | None, entry: str | None, expect: str) -> None:
    """The operator's word comes before the entry's, the entry's before what is remembered of the feed."""
    spec = FeedSpec(FeedId("f"), "https://example.org/", language=feed)
    hints = Hints(FETCHED, language="it")

    assert read(spec, hints, title="12", language=entry).language.tag == expect


def test_keys_of_texts() -> None:
    """Case, punctuation, markup and furniture change neither the content key nor the hashes; words do."""
    one = read(title="It Rained!", body="<p>It rained – all day.</p>")
    same = read(title="it rained", body="It rained; all day\n<p>Source link -4</p>")
    other = read(title="it rained", body="It rained all night")

    assert one.keys.content == same.keys.content != 0
    assert one.hashes == same.hashes
    assert one.hashes[0] == other.hashes[0]
    assert one.hashes[2] != other.hashes[2]


def test_keys_of_addresses() -> None:
    """Twins of a guid and dresses of a page have one key."""
    one = read(guid="http://www.example.org/a/", link="http://www.example.org/a/?utm_source=x")
    same = read(guid="https://example.org/a", link="https://m.example.org/a")

    assert (one.keys.guid, one.keys.url) == (same.keys.guid, same.keys.url)
    assert one.keys.content == same.keys.content != read(link="/b").keys.content


def test_learning_a_line_is_no_edit() -> None:
    """A line that has been learned leaves the text, but neither hashes nor content key."""
    body = "Our newsletter\nIt rained."
    learned = Hints(FETCHED, furniture=frozenset(line_hashes("Our newsletter")))

    before, after = read(title="a", body=body), read(title="a", body=body, hints=learned)

    assert after.body == "It rained."
    assert before.hashes == after.hashes
    assert before.keys == after.keys


def test_teaser() -> None:
    """An article whose text says that it goes on elsewhere is a teaser."""
    assert read(summary="It rained.<br>Continue reading").quality.teaser
    assert not read(summary="It rained. […]", body="It rained all day.").quality.teaser
