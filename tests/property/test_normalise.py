"""What holds for every text, link and date."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.article import Article, Enclosure, Entry, Hints, Parsed, ParsedFeed, Quarantined, TextConstruct
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.normalise.article import normalise
from monitor.normalise.dates import parse_date
from monitor.normalise.fold import fold
from monitor.normalise.furniture import strip_furniture
from monitor.normalise.text import clean_text, html_to_text
from monitor.normalise.url import absolute, canonical, url_key

ANY = st.text(st.characters(codec=None), max_size=60)
PIECES = st.sampled_from(
    ["<p>", "</p>", "<b>", "<br>", "<td>", "<pre>", "<script>", "<!--", "-->", "&amp;", "&#xD800;", "&#0;", ">"]
)  # fmt: skip
HTML = st.lists(PIECES | ANY, max_size=12).map("".join)
URL_PIECES = st.sampled_from(
    ["http://", "https://", "//", "www.", "example.org", ":80", "user@", "/", "..", ".", "%7e", "%", "é", "?", "&", "=",
     "utm_x=1", "a=2", "#", "#!", ";jsessionid=A", "google.com/url?q=", "http%3A%2F%2F", "[::1]", "xn--", "\u3002"]
)  # fmt: skip
URLS = st.lists(URL_PIECES | st.text(max_size=4), max_size=10).map("".join)
LINES = st.lists(
    st.sampled_from(
        ["[ad_1]", "[ad_2] Source link -4", "Read also: a", ">> Suite", "Source link", "Share Tweet", "\u0301\u0308",
         "Continue reading", "The post a appeared first on b", "[c d=e]", "", " ", "It rained.", "Kyiv [ad_1]", "\r"]
    )
    | st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20),
    max_size=8,
)  # fmt: skip


@given(ANY, st.integers(1, 40))
@settings(max_examples=100)
def test_clean_text(text: str, limit: int) -> None:
    """The scrub leaves valid, bounded text without controls, and doing it twice changes nothing."""
    found = clean_text(text, limit)

    assert len(found) <= limit
    assert found == found.encode("utf-8").decode("utf-8")
    assert not [char for char in found if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t"]
    assert clean_text(found, limit) == found
    assert unicodedata.is_normalized("NFC", found)


@given(HTML)
@settings(max_examples=100)
def test_html_to_text(html: str) -> None:
    """Any markup gives lines without blanks around them and without empty ones."""
    lines = html_to_text(html).split("\n")

    assert all(line and line == " ".join(line.split()) for line in lines) or lines == [""]


@given(URLS, st.sampled_from(["", "https://base.example/a/b", "http://[::1]/"]))
@settings(max_examples=100)
def test_canonical_url(url: str, base: str) -> None:
    """A canonical URL is ASCII, absolute, and its own canonical form; its key does not change either."""
    found = canonical(url, base)
    if found is None:
        return

    assert found.isascii()
    assert found.startswith(("http://", "https://"))
    assert canonical(found) == found
    assert url_key(found)
    assert absolute(url, base) is not None or len(url) > 1000


@given(
    st.text(max_size=40) | st.from_regex(r"[0-9a-zA-Z:/ +,.T-]{1,40}", fullmatch=True),
    st.sampled_from([None, "Europe/Kyiv"]),
)
@settings(max_examples=100)
def test_dates(text: str, zone: str | None) -> None:
    """Any text gives a believable instant, or a reason."""
    found = parse_date(text, fetched_at=1.8e9, zone=zone)

    assert (found.instant is None) == bool(found.reason)
    assert found.instant is None or 6e8 < found.instant <= 1.8e9 + 86_400


@given(LINES, st.frozensets(st.integers(1, 10), max_size=2))
@settings(max_examples=100)
def test_furniture(lines: list[str], learned: frozenset[int]) -> None:
    """What stays, stays byte for byte; what goes is named; every span leads back to its own characters."""
    raw = "\n".join(lines)
    found = strip_furniture(raw, "body", learned)

    assert all(raw[one.start : one.end] == one.text for one in found.removed)
    for at, char in enumerate(found.text):
        start, end = found.raw_span(at, at + 1)
        assert end - start == 1
        assert raw[start:end] == char or char == "\n"
    spans = [(one.start, one.end) for one in found.removed]
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert bool(found.text.strip()) == bool(raw.strip())


@given(ANY)
@settings(max_examples=100)
def test_fold(text: str) -> None:
    """Folding twice changes nothing."""
    once = fold(clean_text(text, 100))

    assert fold(once) == once


TEXT = st.builds(TextConstruct, HTML, st.booleans())
ENTRIES = st.builds(
    Entry,
    raw_hash=st.just(b"12345678"),
    guid=st.none() | ANY,
    guid_is_link=st.booleans(),
    link=st.none() | URLS | ANY,
    title=st.none() | TEXT,
    summary=st.none() | TEXT,
    contents=st.lists(TEXT, max_size=2).map(tuple),
    published=st.none() | ANY,
    authors=st.lists(ANY, max_size=2).map(tuple),
    tags=st.lists(ANY, max_size=2).map(tuple),
    enclosures=st.lists(st.builds(Enclosure, URLS | ANY, st.none() | ANY, st.none() | st.integers()), max_size=2).map(
        tuple
    ),
    image=st.none() | URLS,
    language=st.none() | ANY,
    source=st.none() | ANY,
    base=URLS | ANY,
)


@given(ENTRIES)
@settings(max_examples=100, deadline=None)
def test_any_entry(entry: Entry) -> None:
    """Any entry gives an article of clean texts, or is quarantined; nothing raises."""
    parsed = Parsed(ParsedFeed("rss", (entry,)), "strict", "utf-8", "utf8")

    found = normalise(
        entry, parsed, FeedSpec(FeedId("f"), "https://example.org/"), Hints(1.8e9), "https://example.org/"
    )

    if isinstance(found, Quarantined):
        assert found.reason == "empty"
        return
    assert isinstance(found, Article)
    for text in (found.title, found.summary, found.body, found.guid or "", *found.authors, *found.tags):
        assert clean_text(text, 100_000) == text
    assert "\n" not in found.title
    assert all(0 <= value < 1 << 64 for value in (*found.hashes, found.keys.guid, found.keys.url, found.keys.content))
