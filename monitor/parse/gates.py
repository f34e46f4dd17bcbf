"""What is not a feed is refused here, before any parser sees it: feedparser turns a login page into an empty feed.

Header facts come with the body, but no header decides alone: feeds are sent as `text/html` every day.
"""

from __future__ import annotations

import re

from monitor.model.poll import Failed, Headers
from monitor.parse.prolog import skip_prolog

MAX_BYTES = 16 << 20
"""The fetcher's cap is lower; this one holds for files and for tests."""
HEAD = 20_000

_FEED_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|feed|rdf)[\s>/]", re.IGNORECASE)
_HTML_ROOT = re.compile(r"<(?:!doctype\s{1,8}html|(?:html|head|body)[\s>/])", re.IGNORECASE)
_SITEMAP = re.compile(r"<(?:[\w.-]{1,40}:)?(?:urlset|sitemapindex)[\s>/]", re.IGNORECASE)
_MAGIC = (
    b"\x1f\x8b",
    b"\x89PNG",
    b"%PDF-",
    b"PK\x03\x04",
    b"GIF8",
    b"\xff\xd8\xff",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)

_MARKERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "challenge",
        (
            "cf-chl",
            "challenge-platform",
            "<title>just a moment",
            "<title>attention required",
            "enable javascript and cookies to continue",
            "_incapsula_resource",
            "ddos-guard",
            "captcha-delivery",
            "px-captcha",
            "g-recaptcha",
            "h-captcha",
            "aws-waf",
            "checking your browser",
        ),
    ),
    ("consent", ("consent.google", "consent.yahoo", "guce.", "<title>cookie consent", "before you continue to")),
    (
        "parked",
        (
            "domain is for sale",
            "domain may be for sale",
            "buy this domain",
            "this domain is parked",
            "parked free",
            "sedoparking",
            "parkingcrew",
            "bodis.com",
            "hugedomains",
        ),
    ),
    ("login", ('type="password"', "type='password'", "type=password")),
)


def gate(body: bytes, headers: Headers = ()) -> Failed | None:
    """The refusal a body deserves by its first 20 kB, None for what may be a feed.

    `too_large`, or `not_a_feed` with `empty`, `html`, `login`, `challenge`, `consent`, `parked`, `binary`, `other`.
    """
    if len(body) > MAX_BYTES:
        return Failed("too_large", "parser", f"{len(body)} bytes, at most {MAX_BYTES} are parsed")
    if not body or not body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        return Failed("not_a_feed", "empty", "the body is empty")
    if body.startswith(_MAGIC):
        return Failed("not_a_feed", "binary", "the body begins like a compressed or binary file")
    head = _readable(body.lstrip(b" \t\r\n")[: 2 * HEAD])[:HEAD]
    return _refusal(head, skip_prolog(head), headers)


def _refusal(head: str, root: int, headers: Headers) -> Failed | None:
    has_root = _FEED_ROOT.search(head) is not None
    if not has_root and _HTML_ROOT.match(head, root):
        return Failed("not_a_feed", kind_of_page(head, headers), "the body is an HTML page")
    if not has_root and _SITEMAP.match(head, root):
        return Failed("not_a_feed", "other", "the body is a sitemap")
    if not has_root and _is_binary(head):
        return Failed("not_a_feed", "binary", "the body holds NUL bytes")
    if head.startswith(("{", "["), root):
        return Failed("not_a_feed", "other", "the body is JSON")
    if "<" not in head:
        return Failed("not_a_feed", "other", "the body holds no markup")
    return None


def kind_of_page(head: str, headers: Headers = ()) -> str:
    """What an HTML page that came instead of a feed is: `challenge`, `consent`, `parked`, `login` or just `html`."""
    if ("cf-mitigated", "challenge") in headers:
        return "challenge"
    page = head.lower()
    return next((kind for kind, marks in _MARKERS if any(mark in page for mark in marks)), "html")


def _readable(head: bytes) -> str:
    """A head in which ASCII can be found, whatever the charset: wide ones lose their NUL bytes."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff", b"<\0", b"\0<", b"\0\0\0<")):
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _is_binary(head: str) -> bool:
    return "\0" in head
