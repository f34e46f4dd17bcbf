"""Any bytes give a result of our own, and a well-formed feed has the entries feedparser finds."""

from __future__ import annotations

import io
import re
from html import escape

import feedparser
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.model.article import Parsed
from monitor.model.poll import Failed
from monitor.parse.decode import decode, mend
from monitor.parse.formats.elements import looks_like_html, person
from monitor.parse.gates import gate
from monitor.parse.labels import CHARSETS
from monitor.parse.prolog import skip_prolog
from monitor.parse.reader import NeedsLenient, read_document
from monitor.parse.repair import repair

URL = "https://news.example/feed"
LABELS = st.none() | st.sampled_from(sorted(CHARSETS)) | st.text(max_size=12)
# Without what no XML document may hold, and without blanks, which the two sides strip differently.
WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0xD7FF, exclude_categories=("Cc", "Cs", "Zs")), max_size=12
)
MARKUP = st.sampled_from(
    """<rss> <channel> <item> </item> <title> <![CDATA[ ]]> & &#x41; <!-- <!DOCTYPE\trss\t[ ]> <entry> </entry> \0
    <feed\txmlns="http://www.w3.org/2005/Atom"> <?xml\tversion="1.0"\tencoding="gbk"?>""".replace("\n", " ").split(" ")
)


@given(st.binary(max_size=300), LABELS, LABELS, st.booleans())
@settings(max_examples=50, deadline=None)
def test_any_bytes_give_a_result(body: bytes, http: str | None, override: str | None, lenient: bool) -> None:
    """Never an exception, whatever body and labels are."""
    headers = (("content-type", f"text/xml; charset={http}"),)

    found = read_document(b"<rss>" + body, url=URL, headers=headers, charset=override, lenient=lenient)

    assert isinstance(found, Parsed | Failed | NeedsLenient)
    assert not (lenient and isinstance(found, NeedsLenient))


@given(st.lists(MARKUP | WORDS, max_size=25))
@settings(max_examples=50, deadline=None)
def test_any_markup_gives_a_result(pieces: list[str]) -> None:
    """The gates and both routes take what looks nearly like a feed."""
    found = read_document("".join(pieces).encode(), url=URL, lenient=True)

    assert isinstance(found, Parsed | Failed)


@given(st.lists(MARKUP | WORDS, max_size=25))
@settings(max_examples=50, deadline=None)
def test_repair_is_idempotent(pieces: list[str]) -> None:
    """What was put right once has nothing left to be put right."""
    once = repair("<rss>" + "".join(pieces) + "</rss>")

    assert once is None or repair(once[0]) == (once[0], 0)


@given(st.binary(max_size=200), LABELS)
@settings(max_examples=50, deadline=None)
def test_decoded_text_is_text(body: bytes, label: str | None) -> None:
    """It encodes again, holds no NUL, and read again it is the same."""
    text = decode(body, label).text

    assert "\0" not in text
    assert decode(text.encode()).text == text.lstrip("\ufeff")


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_small_functions_take_any_text(text: str) -> None:
    """No text raises."""
    assert 0 <= skip_prolog(text) <= len(text)
    assert isinstance(looks_like_html(text), bool)
    assert "@" not in person(text)[1:] or "@" in text
    gate(text.encode("utf-8", "surrogatepass"))


@given(WORDS)
@settings(max_examples=50, deadline=None)
def test_what_was_encoded_twice_is_mended(text: str) -> None:
    """Except where it holds letters that good text gives by chance."""
    assume(not re.search("[\u0241-\u0258\u025a-\u02af\u07c0-\u085f]", text))
    broken = text.encode().decode("latin-1")

    assert mend(broken) == (broken if text.isascii() else text)


FIELDS = st.fixed_dictionaries(
    {}, optional={"title": WORDS, "link": WORDS, "guid": WORDS, "description": WORDS, "pubDate": WORDS}
)


@given(st.lists(FIELDS, max_size=6), st.sampled_from(["utf-8", "utf-16"]))
@settings(max_examples=50, deadline=None)
def test_as_feedparser_reads_it(items: list[dict[str, str]], codec: str) -> None:
    """Counts and titles of generated documents."""
    made = "".join(
        "<item>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in item.items()) + "</item>"
        for item in items
    )
    head = f"<?xml version='1.0' encoding='{codec}'?>"
    body = f"{head}<rss version='2.0'><channel><title>t</title>{made}</channel></rss>".encode(codec)

    ours = read_document(body, url=URL)
    theirs = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)

    assert isinstance(ours, Parsed)
    assert len(ours.feed.entries) == len(theirs["entries"]) == len(items)
    for entry, item in zip(ours.feed.entries, items, strict=True):
        assert (entry.title.value if entry.title else "") == mend(item.get("title", ""))
        assert entry.guid == (item.get("guid") or None)
