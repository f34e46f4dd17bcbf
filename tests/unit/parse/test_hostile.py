"""Hostile documents H121–H156: a result of our own in time, no file opened, no connection made."""

from __future__ import annotations

import random
import time
from dataclasses import asdict
from typing import Any

import pytest

from monitor.model.article import Parsed
from monitor.model.poll import Failed
from monitor.parse.formats import lenient  # noqa: F401 - imported before anything is watched
from monitor.parse.reader import NeedsLenient, read_document

URL = "https://news.example/feed"
ROOT = "<rss version='2.0'><channel><title>t</title><item><title>a</title>{}</item></channel></rss>"
Answer = Parsed | Failed | NeedsLenient


def read(body: str | bytes, seconds: float = 3.0) -> Answer:
    """The answer with every means, in time. Processor time, since the machine may be busy."""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    begun = time.process_time()
    answer = read_document(raw, url=URL, lenient=True)
    assert time.process_time() - begun < seconds
    return answer


def outcome(answer: Answer) -> str:
    """`ok`, or the verdict's kind."""
    assert not isinstance(answer, NeedsLenient)
    return answer.kind if isinstance(answer, Failed) else "ok"


def title(answer: Answer) -> str:
    assert isinstance(answer, Parsed), answer
    found = answer.feed.entries[0].title
    return found.value if found else ""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("/etc/passwd", id="h121"),
        pytest.param("/dev/zero", id="h122"),
        pytest.param("http://127.0.0.1:1/", id="h123"),
        pytest.param("/var/run/secrets/kubernetes.io/serviceaccount/token", id="h124"),
        pytest.param("file:///etc/passwd", id="h121-url"),
    ],
)
def test_h121_h124_b33_a_body_that_names_a_place(body: str, watched: list[tuple[str, Any]]) -> None:
    """Refused; nothing is opened and nobody is called."""
    answer = read(body)

    assert isinstance(answer, Failed)
    assert (answer.kind, watched) == ("not_a_feed", [])


def test_h125_billion_laughs() -> None:
    """References stay what they are."""
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{lol}]>' + ROOT.replace("<title>a", "<title>&l9;")

    assert len(title(read(body, 1.0))) < 100


def test_h126_quadratic_entity() -> None:
    """One long entity, named often."""
    body = f'<!DOCTYPE rss [<!ENTITY a "{"a" * 50_000}">]>' + ROOT.format("<description>" + "&a;" * 20_000)

    assert outcome(read(body, 1.0)) in ("ok", "parse")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
    ],
)
def test_h127_external_entities(doctype: str, watched: list[tuple[str, Any]]) -> None:
    """Nothing is opened, nothing expanded, on any route."""
    for body in (doctype + ROOT, doctype + ROOT.replace("<title>a", "<title>&x;"), doctype + ROOT + "<"):
        answer = read(body)
        assert "root:" not in str(answer)
    assert watched == []


def test_h128_a_hundred_thousand_entities() -> None:
    """Dropped with the DOCTYPE."""
    entities = "".join(f'<!ENTITY e{n} "x">' for n in range(100_000))

    assert title(read(f"<!DOCTYPE rss [{entities}]>" + ROOT, 1.0)) == "a"


@pytest.mark.parametrize("attribute", ['a{}="1" ', 'xmlns:a{}="urn:{}" '])
def test_h129_h130_attributes_and_namespaces(attribute: str) -> None:
    """libxml2 reads them; feedparser, which is quadratic there, is never asked."""
    many = "".join(attribute.format(number, number) for number in range(50_000))
    body = f"<rss {many}><channel><item><title>a</title></item></channel></rss>"

    assert outcome(read(body, 2.0)) == "ok"
    broken = read(body.replace("</item>", ""), 2.0)
    assert isinstance(broken, Failed)
    assert (broken.kind, broken.reason) == ("parse", "attributes")


@pytest.mark.parametrize("place", ["<x>", "<description>", "<div xmlns='http://www.w3.org/1999/xhtml'>"])
def test_h131_nested_elements(place: str) -> None:
    """Deeper than any document is."""
    closing = place.split(maxsplit=1)[0].strip("<>")
    nested = place * 5_000 + f"</{closing}>" * 5_000

    assert outcome(read(ROOT.format(nested))) in ("ok", "parse")


def test_h132_a_hundred_thousand_items() -> None:
    """2,000 are kept, the others counted."""
    answer = read("<rss><channel>" + "<item/>" * 100_000 + "</channel></rss>")

    assert isinstance(answer, Parsed)
    assert (len(answer.feed.entries), answer.feed.cut) == (2000, 98_000)


@pytest.mark.parametrize("unit", ["<", "&", "<!", "<?", '"', " ", "<a", "]]>", "</", "&#", "<![CDATA["])
@pytest.mark.parametrize("lead", ["", "<rss><channel><item><title>"])
def test_h133_runs_of_one_thing(unit: str, lead: str) -> None:
    """No pattern of ours, and nothing feedparser does with it, is quadratic in what may reach it."""
    body = lead + unit * (20_000 // len(unit))

    assert outcome(read(body)) in ("ok", "parse", "not_a_feed")


def test_h134_monstrous_texts() -> None:
    """Cut, read or refused, whatever the parser's own limit says."""
    text = ROOT.replace("<title>a", "<title>" + "x" * 12_000_000)
    attribute = ROOT.format(f'<enclosure url="{"x" * 11_000_000}"/>')

    assert outcome(read(text)) in ("ok", "too_large", "parse")
    assert outcome(read(attribute)) in ("ok", "too_large", "parse")


@pytest.mark.parametrize("label", ["punycode", "idna", "utf-7", "rot13", "zlib", "unicode_escape", "undefined"])
def test_h137_encodings_nobody_should_have(label: str) -> None:
    """Ignored, as if nothing were said."""
    answer = read(f"<?xml version='1.0' encoding='{label}'?>" + ROOT.replace("<title>a", "<title>é"))

    assert title(answer) == "é"


def test_h138_a_surrogate_reference_in_broken_xml() -> None:
    """feedparser raises on it; the answer encodes all the same."""
    answer = read(ROOT.replace("<title>a", "<title>x &#xD800; y") + "<")

    assert outcome(answer) in ("ok", "parse")
    str(asdict(answer) if isinstance(answer, Parsed) else answer).encode("utf-8", "backslashreplace")


def test_h139_a_monstrous_reference() -> None:
    """100,000 digits are no number."""
    assert outcome(read(ROOT.replace("<title>a", "<title>&#" + "9" * 100_000 + ";"))) in ("ok", "parse")


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" * 1000 + ROOT.encode(),
        b"<?xml version='1.0' encoding='utf-16'?>" + ROOT.encode(),
        ROOT.encode("utf-16-le") + b"\xff",
        b"\xff\xfe" + ROOT.encode(),
        ROOT.replace("<title>a", "<title>\u00e9").encode("latin-1") + "–é".encode(),
        b"<?xml version='1.0' encoding='utf-7'?>" + ROOT.replace("<title>a", "<title>+ADw-").encode(),
    ],
)
def test_h140_mislabelled(body: bytes) -> None:
    """No exception whatever a label says."""
    assert outcome(read(body)) in ("ok", "parse", "not_a_feed")


@pytest.mark.parametrize(
    "label",
    [
        "utf-16",
        "utf-16-be",
        "utf-32",
        "punycode",
        "zlib",
        "idna",
        "rot13",
        "hex",
        "\0",
        "x" * 10_000,
        "latin-1;utf-8",
        "é",
    ],
)
def test_h99_b34_a_charset_label_that_is_wrong_or_none(label: str) -> None:
    """Bytes that are UTF-8 are read as that, whatever the header calls them."""
    body = ROOT.replace("<title>a", "<title>Київ").encode()

    answer = read_document(body, url=URL, headers=(("content-type", f"text/xml; charset={label}"),), lenient=True)

    assert title(answer) == "Київ"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("label", [None, "utf-8", "iso-8859-1"])
def test_b34_wide_text_under_any_label(codec: str, label: str | None) -> None:
    """The bytes tell; nothing decodes them by the label first."""
    body = ("<?xml version='1.0' encoding='utf-16'?>" + ROOT.replace("<title>a", "<title>Київ")).encode(codec)
    headers = (("content-type", f"text/xml; charset={label}"),) if label else ()

    assert title(read_document(body, url=URL, headers=headers, lenient=True)) == "Київ"


@pytest.mark.parametrize("private", ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://127.0.0.1:1/"])
def test_h100_h102_links_of_a_document_to_private_places(private: str, watched: list[tuple[str, Any]]) -> None:
    """A hub, the feed's own address, an older page: kept as text at most. A page that refreshes itself is no feed."""
    links = "".join(f'<atom:link rel="{rel}" href="{private}"/>' for rel in ("hub", "self", "next", "prev-archive"))
    document = ROOT.replace("<rss", "<rss xmlns:atom='http://www.w3.org/2005/Atom'").replace("<item>", links + "<item>")
    page = f"<html><head><meta http-equiv='refresh' content='0;url={private}'></head><body></body></html>"

    assert title(read(document)) == "a"
    assert outcome(read(page)) == "not_a_feed"
    assert watched == []


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x07", "\uffff", "\u202e"])
def test_h141_controls_in_every_field(character: str) -> None:
    """The document is read; NUL is gone."""
    fields = f"<link>https://news.example/{character}</link><guid>g{character}</guid><description>d{character}"

    answer = read(ROOT.replace("<title>a", f"<title>a{character}b").format(fields + "</description>"))

    assert isinstance(answer, Parsed)
    assert "\0" not in str(asdict(answer))


@pytest.mark.parametrize("size", [100, 100_000])
def test_h142_noise(size: int) -> None:
    """Random bytes are no feed."""
    noise = random.Random(size).randbytes(size)

    assert outcome(read(noise)) in ("not_a_feed", "parse")


@pytest.mark.parametrize("divs", ["<div>x</div>" * 50_000, "<div>" * 5_000 + "</div>" * 5_000], ids=["flat", "nested"])
def test_h144_xhtml_of_many_divs(divs: str) -> None:
    """Read, or refused."""
    body = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><entry><content type='xhtml'>"
        f"<div xmlns='http://www.w3.org/1999/xhtml'>{divs}</div></content></entry></feed>"
    )

    assert outcome(read(body)) in ("ok", "parse")


@pytest.mark.parametrize("length", ["-1", "1" + "0" * 30, "٣", "garbage", "", "1e9"])
def test_h154_enclosures_nobody_can_believe(length: str) -> None:
    """The attribute is ignored, the file kept."""
    answer = read(ROOT.format(f'<enclosure url="https://news.example/a" type="\x85" length="{length}"/>'))

    assert isinstance(answer, Parsed)
    (file,) = answer.feed.entries[0].enclosures
    assert (file.url, file.type, file.length) == ("https://news.example/a", None, None)


def test_h155_a_hundred_thousand_tags_and_enclosures() -> None:
    """Capped."""
    tags = "".join(f"<category>{number}</category>" for number in range(20_000))
    files = "".join(f'<enclosure url="https://news.example/{number}"/>' for number in range(20_000))
    people = "".join(f"<author>{number}</author>" for number in range(1000))

    answer = read(ROOT.format(tags + files + people))

    assert isinstance(answer, Parsed)
    (entry,) = answer.feed.entries
    assert (len(entry.tags), len(entry.enclosures), len(entry.authors)) == (64, 32, 16)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("&nosuchname; rest", "rest"),
        ("<![CDATA[a <![CDATA[b]]> c]]> rest", "rest"),
        ("&" + "x" * 100_000 + "; rest", "rest"),
    ],
)
def test_h156_undefined_names_and_nested_cdata(text: str, kept: str) -> None:
    """The text is kept."""
    assert kept in title(read(ROOT.replace("<title>a", "<title>" + text)))
