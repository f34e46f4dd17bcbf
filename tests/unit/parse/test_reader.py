"""Routes, refusals and the facts that come with a reading."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model.article import Entry, Parsed
from monitor.model.poll import Failed
from monitor.parse.reader import MAX_ENTRIES, NeedsLenient, read_document

URL = "https://news.example/feed"
ITEM = "<item><title>a</title></item>"
RSS = f"<rss version='2.0'><channel><title>t</title>{ITEM}</channel></rss>"
TORN = RSS.removesuffix("</channel></rss>").encode()
GZIP = (("content-encoding", "gzip"),)


def read(body: str | bytes, **options: object) -> Parsed:
    raw = body.encode() if isinstance(body, str) else body
    found = read_document(raw, url=URL, **options)  # type: ignore[arg-type]
    assert isinstance(found, Parsed), found
    return found


def only(body: str) -> Entry:
    (entry,) = read(body).feed.entries
    return entry


@pytest.mark.parametrize(
    ("head", "headers", "route", "source"),
    [
        ("", (), "strict", "utf8"),
        ('<?xml version="1.0" encoding="UTF-8"?>', (("content-type", "text/xml; charset=utf-8"),), "strict", "utf8"),
        ("\ufeff", (), "strict", "bom"),
        ("\ufeff\ufeff", (), "decoded", "bom"),
        ("", (("content-type", "text/xml; charset=iso-8859-1"),), "decoded", "utf8"),
        ('<?xml version="1.0" encoding="us-ascii"?>', (), "decoded", "utf8"),
        ("<!DOCTYPE rss>", (), "decoded", "utf8"),
        (" ", (), "decoded", "utf8"),
    ],
)
def test_route(head: str, headers: tuple[tuple[str, str], ...], route: str, source: str) -> None:
    """The bytes go to the parser as they are only if every word says UTF-8 and nothing has to be dropped."""
    found = read(head + RSS, headers=headers)

    assert (found.route, found.charset, found.charset_source) == (route, "utf-8", source)


def test_an_operators_charset_is_believed() -> None:
    """Over what the document says."""
    body = RSS.replace("<title>a", "<title>день").encode("cp1251")

    found = read(body, charset="windows-1251")

    assert found.feed.entries[0].title is not None
    assert found.feed.entries[0].title.value == "день"


@pytest.mark.parametrize(
    "body",
    [
        TORN,
        RSS.replace("</title>", "</titel>", 1).encode(),
        f"<rss><channel/>{ITEM}</rss>".encode(),
        f"<rss>{ITEM}</rss>".encode(),
        f"<RSS><channel>{ITEM}</channel></RSS>".encode(),
        f"<rss><channel>{ITEM.upper()}</channel></rss>".encode(),
        f"<shop>{ITEM}</shop>".encode(),
        f"<rss xmlns='urn:unknown'><channel>{ITEM}</channel></rss>".encode(),
        f"<rss><channel><item>{ITEM}</item></channel></rss>".encode(),
        b"<rss><channel><item xmlns='urn:unknown'><title>a</title></item></channel></rss>",
        f"<rss><channel>a & b{ITEM}</channel></rss>{ITEM}".encode(),
    ],
)
def test_what_the_map_does_not_take_needs_the_tolerant_parser(body: bytes) -> None:
    """Said in a small value, so that it can go to another process."""
    found = read_document(body, url=URL)

    assert isinstance(found, NeedsLenient)
    assert len(found.reason) <= 200
    assert isinstance(read_document(body, url=URL, lenient=True), Parsed)


@pytest.mark.parametrize("body", [b"<opml version='2.0'/>", b"<?xml version='1.0'?><svg xmlns='urn:x'><a/></svg>"])
def test_other_xml_is_no_feed(body: bytes) -> None:
    """Well-formed, without a single item: nobody has to guess."""
    found = read_document(body, url=URL)

    assert isinstance(found, Failed)
    assert (found.kind, found.reason) == ("not_a_feed", "other")


@pytest.mark.parametrize("body", [b"<a><b>", b"<meta charset=utf-8><title>Sign in</title><p>Hello"])
def test_nothing_recognised_is_a_fault_of_parsing(body: bytes) -> None:
    """What even feedparser finds nothing in; the title of a page is no feed."""
    found = read_document(body, url=URL, lenient=True)

    assert isinstance(found, Failed)
    assert (found.kind, found.reason) == ("parse", "unrecognised")


def test_a_compressed_body_without_its_end_is_truncated() -> None:
    """aiohttp takes a torn gzip for a whole one; nothing of it is published."""
    found = read_document(TORN, url=URL, headers=GZIP, lenient=True)

    assert isinstance(found, Failed)
    assert (found.kind, found.reason) == ("truncated", "no_root_end")


def test_the_same_truncated_body_is_read_in_the_end() -> None:
    """Three polls running it is the publisher's fault, and a feed must not go silent for ever."""
    found = read(TORN, headers=GZIP, lenient=True, truncated_streak=3)

    assert (found.route, found.truncated, len(found.feed.entries)) == ("lenient", True, 1)


def test_an_uncompressed_torn_body_is_read_at_once() -> None:
    """Its length was met, so it came as it was sent."""
    assert read(TORN, headers=(("content-encoding", "identity"),), lenient=True).truncated


@pytest.mark.parametrize("tail", ["</b></channel></rss>", "</b></channel></x:RSS >\n<!-- made by hand -->"])
def test_a_broken_compressed_body_with_its_end_is_not_truncated(tail: str) -> None:
    """Not well-formed is another fault."""
    found = read_document(TORN + tail.encode(), url=URL, headers=GZIP)

    assert isinstance(found, NeedsLenient)


def test_h132_entries_beyond_the_cap_are_counted() -> None:
    """The first ones in document order are kept."""
    items = "".join(f"<item><guid>{number}</guid></item>" for number in range(MAX_ENTRIES + 7))

    feed = read(f"<rss><channel>{items}</channel></rss>").feed
    torn = read(f"<rss><channel>{items}", lenient=True).feed

    assert (len(feed.entries), feed.cut, feed.entries[-1].guid) == (MAX_ENTRIES, 7, str(MAX_ENTRIES - 1))
    assert (len(torn.entries), torn.cut, torn.entries[-1].guid) == (MAX_ENTRIES, 7, str(MAX_ENTRIES - 1))


def test_mended_fields_are_counted() -> None:
    """Doubly encoded text is somebody's fault, and worth a number."""
    assert read(RSS.replace("<title>a", "<title>CafÃ©")).repairs == 1
    assert read(RSS).repairs == 0


def test_replaced_characters_are_counted() -> None:
    """Those that were in the document are not."""
    body = RSS.replace("<title>a", "<title>Größe – \ufffd X").encode().replace(b"X", b"\xff")

    assert read(body).replaced == 1


class TestRawHash:
    """An item that has not changed has the same hash in every poll."""

    ITEM = '<item rdf:about="urn:1" xmlns:rdf="urn:rdf"><title>a</title><media:content url="u"/><p>x<b>y</b></p></item>'

    def rss(self, item: str, before: str = "", attributes: str = "") -> bytes:
        declared = f'xmlns:media="http://search.yahoo.com/mrss/" {attributes}'
        return f"<rss {declared}><channel>{before}{item}</channel></rss>".encode()

    def hash(self, body: bytes) -> bytes:
        return read(body).feed.entries[-1].raw_hash

    def test_it_is_short(self) -> None:
        """8 bytes, the same in every process."""
        assert self.hash(RSS.encode()).hex() == read(RSS).feed.entries[0].raw_hash.hex()
        assert len(self.hash(RSS.encode())) == 8

    def test_place_and_declarations_do_not_matter(self) -> None:
        """Neither other items, nor namespaces on the root, nor the blanks behind it."""
        before = self.hash(self.rss(self.ITEM))

        assert self.hash(self.rss(self.ITEM, before=ITEM)) == before
        assert self.hash(self.rss(self.ITEM, attributes='xmlns:dc="urn:dc" version="2.0"')) == before
        assert self.hash(self.rss(self.ITEM + "\n\n")) == before

    @pytest.mark.parametrize(
        ("old", "new"), [("urn:1", "urn:2"), (">a<", ">b<"), ('url="u"', 'url="v"'), ("<b>y</b>", "<i>y</i>")]
    )
    def test_any_change_shows(self, old: str, new: str) -> None:
        """In attributes, text and markup alike."""
        assert self.hash(self.rss(self.ITEM)) != self.hash(self.rss(self.ITEM.replace(old, new)))

    def test_the_tolerant_route_keeps_it_too(self) -> None:
        """Over what feedparser made of the item, wherever it stands."""
        one = read_document(TORN, url=URL, lenient=True)
        two = read_document(TORN.replace(b"<item>", b"<item><title>new</title></item><item>"), url=URL, lenient=True)

        assert isinstance(one, Parsed)
        assert isinstance(two, Parsed)
        assert one.feed.entries[0].raw_hash == two.feed.entries[1].raw_hash
        assert two.feed.entries[0].raw_hash != two.feed.entries[1].raw_hash


def test_the_raw_text_is_the_item() -> None:
    """What a dead letter shows, at most 4 KiB."""
    assert only(RSS).raw.startswith("<item><title>a")
    assert len(only(RSS.replace("<title>a", "<title>" + "é" * 5000)).raw.encode()) <= 4096


def test_a_reading_is_a_value() -> None:
    """The same bytes give an equal answer."""
    assert read(RSS) == replace(read(RSS))
