"""Texts of a set form. Each check answers with what is wrong, in words for people, or None."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import cache
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from monitor import data
from monitor.parse.labels import charset_of

Check = Callable[[str], str | None]

MAX_URL = 4096
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.IGNORECASE)
_PLAIN_URL = re.compile(r"https?://([A-Za-z0-9][A-Za-z0-9.-]*)(?::[0-9]{1,4})?(?:[/?#][\x21-\x7e]*)?")
"""What nearly all URLs of feeds look like: not worth taking apart, and lists have tens of thousands of them."""
_TAG = re.compile(r"([A-Za-z]{2,3})(-[A-Za-z0-9]{1,8})*")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,200}")
_MAIL = re.compile(r"(mailto:)?[^\s()<>@,;:\"\\]+@[A-Za-z0-9.-]+")


@cache
def codes(name: str) -> frozenset[str]:
    """The two-letter codes of a list in `monitor/data/codes`."""
    return frozenset(word for line in data.lines(f"codes/{name}.txt") for word in line.split())


def identifier(text: str) -> str | None:
    """Ids of feeds and watches are part of topic names, file names and URLs."""
    if ID.fullmatch(text):
        return None
    return "has to be lower-case letters, digits and `-`, at most 64, not beginning with `-`, for example bbc-world"


def split(url: str) -> SplitResult | None:
    """The parts of a URL, None if it has none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def host_of(url: str) -> str:
    """The host of a URL in lower case, without its port; empty if it has none."""
    plain = _PLAIN_URL.fullmatch(url)
    if plain:
        return plain[1].lower()
    parts = split(url)
    return (parts.hostname if parts else None) or ""


def feed_url(url: str) -> str | None:
    """Only http and https; the address guard judges the rest when it is asked for."""
    if len(url) > MAX_URL:
        return f"is longer than {MAX_URL} characters"
    if _PLAIN_URL.fullmatch(url):
        return None
    if not re.match(r"https?://", url, re.IGNORECASE):
        return "has to begin with http:// or https://"
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        return "has a blank or a control character in it; write it as %20"
    parts = split(url)
    if parts is None or not parts.hostname:
        return "has to be a whole URL, for example https://example.org/feed.xml"
    return None


def proxy_url(url: str) -> str | None:
    """An HTTP proxy; others are not spoken to."""
    parts = split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return "has to be the URL of an HTTP proxy, for example http://proxy.example.org:3128"
    return None


def language(tag: str) -> str | None:
    """BCP 47: the primary subtag is a code of ISO 639."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return "has to be a language tag, for example uk or pt-BR"
    if len(found[1]) == 2 and found[1].lower() not in codes("languages"):
        return "begins with no code of ISO 639-1; for example uk is Ukrainian, ja Japanese"
    return None


def bare_language(tag: str) -> str | None:
    """What texts are known by: a language without the region or the script that a feed may declare with it."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return "has to be a language, for example uk"
    if found[2]:
        return "has to be a language alone, for example pt: no text is known by its region or script"
    return language(tag)


def country(code: str) -> str | None:
    """ISO 3166-1 alpha-2, in capitals."""
    if code in codes("countries"):
        return None
    hint = "; the United Kingdom is GB" if code.upper() == "UK" else ""
    return f"has to be a code of ISO 3166-1 in capitals, for example TW{hint}"


def zone(name: str) -> str | None:
    """A zone of the IANA list."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return "has to be a time zone of the IANA list, for example Europe/Kyiv"
    return None


def charset(name: str) -> str | None:
    """A charset that reading knows: the table of the WHATWG Encoding Standard, not whatever Python can decode."""
    known = charset_of(name) is not None
    return None if known else "has to be a charset that web pages use, for example windows-1251"


def network(text: str) -> str | None:
    """A network of either family, without host bits."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return "has to be a network without host bits, for example 10.20.0.0/16"
    return None


def host(text: str) -> str | None:
    """A name without scheme, port and path."""
    return None if _HOST.fullmatch(text) else "has to be a host name without scheme, port and path"


def listen_host(text: str) -> str | None:
    """A name or an address to listen on."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return host(text)
    return None


def bootstrap(text: str) -> str | None:
    """One broker: `host:port`."""
    name, _, port = text.rpartition(":")
    good = port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536 and listen_host(name.strip("[]")) is None
    return None if good else "has to be host:port, for example kafka:9092"


def nameserver(text: str) -> str | None:
    """An address, with a port if it is not 53."""
    name = text
    if text.startswith("[") or text.count(":") == 1:
        name, _, port = text.rpartition(":")
        if not port.isdecimal():
            return "has to be an address, or address:port, for example 192.0.2.53"
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "has to be an address, or address:port, for example 192.0.2.53"
    return None


def topic_prefix(text: str) -> str | None:
    """In front of every topic; may be empty."""
    if text and not _TOPIC.fullmatch(text):
        return "has to be letters, digits, `.`, `_` and `-`, for example news."
    return None


def topic(text: str) -> str | None:
    """A topic after the prefix; no placeholder."""
    if _TOPIC.fullmatch(text) and text not in (".", ".."):
        return None
    return "has to be letters, digits, `.`, `_` and `-`, for example alerts.ukraine"


def topic_template(text: str) -> str | None:
    """`{watch}` is the one placeholder."""
    if topic(text.replace("{watch}", "w")) is None:
        return None
    return (
        "has to be letters, digits, `.`, `_` and `-`, with at most the placeholder {watch}, for example alerts.{watch}"
    )


def topic_pattern(text: str) -> str | None:
    """A whole topic name, `*` for any part of it."""
    return (
        None
        if topic(text.replace("*", "w")) is None
        else "has to be the name of a topic, `*` allowed, for example news.alerts.*"
    )


def contact(text: str) -> str | None:
    """It goes into a header, in brackets."""
    parts = split(text)
    if re.search(r"[\s()<>\x00-\x1f\x7f]", text):
        parts = None
    web = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    if web or _MAIL.fullmatch(text):
        return None
    return "has to be a URL or a mail address, for example https://example.org/about"


def base_path(text: str) -> str | None:
    """A path below which the page lives."""
    if re.fullmatch(r"/([A-Za-z0-9._~-]+/?)*", text):
        return None
    return "has to be a path that begins with `/`, for example /news/"


def text_line(text: str) -> str | None:
    """A value that goes into a header or a single line."""
    return "has to be one line of printable ASCII" if re.search(r"[^\x20-\x7e]", text) or not text else None
