"""What is refused before any parser sees it."""

from __future__ import annotations

import pytest

from monitor.parse.gates import MAX_BYTES, gate

PAGE = "<!DOCTYPE html><html><head><title>{}</title></head><body>{}</body></html>"


def verdict(body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> tuple[str, str] | None:
    refused = gate(body, headers)
    return (refused.kind, refused.reason) if refused else None


@pytest.mark.parametrize(
    "body",
    [
        b"<rss/>",
        b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'/>",
        b"<html:rdf:RDF>",
        b"<head><rss version='2.0'>",
        b"<!-- <html> --><rdf:RDF>",
        "<rss/>".encode("utf-16"),
        "<rss/>".encode("utf-16-be"),
        b"<rss>\0</rss>",
        b"\r\n" * 50_000 + b"<rss/>",
        b"<other/>",
    ],
)
def test_what_may_be_a_feed_passes(body: bytes) -> None:
    """Judged by the body alone: feeds are sent as `text/html` every day."""
    assert gate(body, (("content-type", "text/html"),)) is None


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b" " * 1_000_000, b"\xef\xbb\xbf\n", b"\0\0"])
def test_h142_empty(body: bytes) -> None:
    """Nothing, or blanks."""
    assert verdict(body) == ("not_a_feed", "empty")


@pytest.mark.parametrize(
    "body",
    [
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"%PDF-1.7\n",
        b"PK\x03\x04\x14",
        b"\x01\x02\0\0 some \0 program",
    ],
)
def test_h142_binary(body: bytes) -> None:
    """Known magic, or NUL bytes that no charset explains."""
    assert verdict(body) == ("not_a_feed", "binary")


@pytest.mark.parametrize(
    ("title", "content", "reason"),
    [
        ("404", "not here", "html"),
        ("Sign in", '<form><input type="password"></form>', "login"),
        ("Just a moment...", "", "challenge"),
        ("x", '<script src="/cdn-cgi/challenge-platform/h"></script>', "challenge"),
        ("x", '<form action="https://consent.google.com/save">', "consent"),
        ("x", "This domain is for sale!", "parked"),
    ],
)
def test_h142_pages(title: str, content: str, reason: str) -> None:
    """A page is named by what it is there for."""
    assert verdict(PAGE.format(title, content).encode()) == ("not_a_feed", reason)


def test_h142_a_page_under_comments_in_wide_text() -> None:
    """Comments, declarations and charsets hide nothing."""
    page = "<?xml version='1.0'?>\n<!-- x --><html xmlns='http://www.w3.org/1999/xhtml'></html>"

    assert verdict(page.encode("utf-16")) == ("not_a_feed", "html")


def test_h142_a_challenge_says_so_in_its_header() -> None:
    """Whatever the page looks like."""
    headers = (("cf-mitigated", "challenge"),)

    assert verdict(b"<html></html>", headers) == ("not_a_feed", "challenge")
    assert verdict(b"<rss/>", headers) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "no"}',
        b'\xef\xbb\xbf {"version": "https://jsonfeed.org/version/1.1", "items": []}',
        b" [1, 2]",
        b"Not found",
        b"/etc/passwd",
        b"<?xml version='1.0'?>\n<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>/?a&b",
        b"<s:sitemapindex xmlns:s='http://www.sitemaps.org/schemas/sitemap/0.9'/>",
    ],
)
def test_h142_other(body: bytes) -> None:
    """JSON, text without markup, and sitemaps, whether or not they are well-formed."""
    assert verdict(body) == ("not_a_feed", "other")


def test_h134_too_large() -> None:
    """Beyond what is ever parsed."""
    assert verdict(b"<" * (MAX_BYTES + 1)) == ("too_large", "parser")
