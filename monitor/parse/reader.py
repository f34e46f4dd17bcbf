"""Bytes → `Parsed`, by the first route that works.

    A  UTF-8 by every label, no DOCTYPE: strict parse of the bytes      strict
    B  else decode by our own rules, drop the prolog: strict parse      decoded
    C  not well-formed: one repair pass, strict parse                   repaired
    D  still not well-formed, or entries in an odd place: feedparser          lenient

What a document does wrong is a value: `Failed` with `not_a_feed`, `too_large`, `truncated` or `parse`.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass, replace

from lxml import etree

from monitor.model.article import Parsed, ParsedFeed, Route
from monitor.model.poll import Failed, Headers
from monitor.parse.decode import Decoded, declared, decode, http_label
from monitor.parse.formats import FORMATS
from monitor.parse.formats.elements import Element
from monitor.parse.formats.names import FEED_SPACES, split
from monitor.parse.formats.scope import Scope
from monitor.parse.gates import gate
from monitor.parse.labels import charset_of
from monitor.parse.prolog import skip_prolog
from monitor.parse.repair import ROOT_END, repair

MAX_ENTRIES = 2000
TRUNCATED_PATIENCE = 3
"""The same truncated body so many polls running is the publisher's fault: read what is there."""

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    recover=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
)
_DOCTYPE = re.compile(rb"<!doctype", re.IGNORECASE)
_ENTRY_TAGS = ("{*}item", "{*}entry", "{*}ITEM", "{*}Item", "{*}ENTRY", "{*}Entry")
_FEED_ROOTS = frozenset({"rss", "feed", "rdf"})


@dataclass(frozen=True, slots=True)
class NeedsLenient:
    """Only feedparser can read this: to be read again where a slow parser does no harm. `reason` is for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a strict route gave up."""

    reason: str
    well_formed: bool = True


def read_document(
    body: bytes,
    *,
    url: str,
    headers: Headers = (),
    charset: str | None = None,
    lenient: bool = False,
    truncated_streak: int = 0,
) -> Parsed | NeedsLenient | Failed:
    """What a response body says. `url` is the final one; `charset` the operator's word on the encoding.

    With `lenient` False the answer may be `NeedsLenient`; with True feedparser is called then, which can take seconds
    and has to run where it can be killed. Never raises for anything in the body.
    """
    label = http_label(_header(headers, "content-type"))
    found = gate(body, headers) or _read_bytes(body, label, charset, url)
    if not isinstance(found, _Refused):
        return found
    decoded = decode(body, label, charset)
    text = decoded.text[skip_prolog(decoded.text) :]
    found = _map(text.encode("utf-8", "replace"), url)
    if not isinstance(found, _Refused):
        return _with_charset(found, decoded, "decoded") if isinstance(found, Parsed) else found
    torn = not found.well_formed and ROOT_END.search(text) is None
    mended = None if found.well_formed else _read_repaired(decoded, url)
    if mended is not None:
        return mended
    if torn and _is_compressed(headers) and truncated_streak < TRUNCATED_PATIENCE:
        return Failed("truncated", "no_root_end", "a compressed body without its root end tag")
    return _read_leniently(decoded, url, torn) if lenient else NeedsLenient(found.reason)


def _read_bytes(body: bytes, label: str | None, charset: str | None, url: str) -> Parsed | Failed | _Refused:
    """Route A: what calls itself UTF-8 goes to the parser as it is."""
    if not _is_plain(body, label, charset):
        return _Refused("has to be decoded")
    found = _map(body, url)
    if isinstance(found, Parsed) and body.startswith(BOM_UTF8):
        return replace(found, charset_source="bom")
    return found


def _read_repaired(decoded: Decoded, url: str) -> Parsed | None:
    """Route C: one repair pass, then strictly again."""
    repaired = repair(decoded.text)
    if repaired is None:
        return None
    found = _map(repaired[0].encode("utf-8", "replace"), url)
    if not isinstance(found, Parsed):
        return None
    return replace(_with_charset(found, decoded, "repaired"), repairs=found.repairs + repaired[1])


def _read_leniently(decoded: Decoded, url: str, torn: bool) -> Parsed | Failed:
    """Route D. feedparser is imported here, by those who need it: it brings the network with it."""
    from monitor.parse.formats.lenient import read

    scope = Scope(url, MAX_ENTRIES)
    feed = read(decoded.text, scope)
    if isinstance(feed, Failed):
        return feed
    found = Parsed(feed, "lenient", "", "", repairs=scope.mended, truncated=torn)
    return _with_charset(found, decoded, "lenient")


def _map(document: bytes, url: str) -> Parsed | Failed | _Refused:
    """A strict parse and the map over it."""
    try:
        root = etree.fromstring(document, _PARSER)
    except etree.XMLSyntaxError as error:
        return _Refused(f"not well-formed: {error.msg}"[:200], well_formed=False)
    scope = Scope(url, MAX_ENTRIES)
    feed = _read(root, scope)
    return (
        feed if isinstance(feed, Failed | _Refused) else Parsed(feed, "strict", "utf-8", "utf8", repairs=scope.mended)
    )


def _read(root: Element, scope: Scope) -> ParsedFeed | Failed | _Refused:
    space, local = split(root.tag)
    anywhere = _count(root)
    reader = next((known.read for known in FORMATS if known.sniff(space, local)), None)
    if reader is None:
        if anywhere or local.lower() in _FEED_ROOTS:
            return _Refused("unknown root element")
        return Failed("not_a_feed", "other", f"XML of another kind: {local[:60]}")
    feed = reader(root, scope)
    if feed is None:
        return _Refused("no channel")
    return feed if len(feed.entries) + feed.cut == anywhere else _Refused("entries in an odd place")


def _count(root: Element) -> int:
    """Entries anywhere, in upper case too: of known namespaces, or written without a prefix in one nobody knows.

    An unrelated `shop:item` does not count.
    """
    found = root.iter(*_ENTRY_TAGS)
    return sum(1 for element in found if element.prefix is None or split(element.tag)[0] in FEED_SPACES)


def _is_plain(body: bytes, label: str | None, override: str | None) -> bool:
    """UTF-8 by every word there is, and nothing before the root that has to be dropped."""
    head = body[:3000]
    start = head.removeprefix(BOM_UTF8)[:2]
    labels = (label, override, declared(body))
    return (
        start[:1] == b"<"
        and start[1:] != b"\0"
        and all(not one or charset_of(one) == "utf-8" for one in labels)
        and _DOCTYPE.search(head) is None
    )


def _with_charset(parsed: Parsed, decoded: Decoded, route: Route) -> Parsed:
    return replace(
        parsed, route=route, charset=decoded.charset, charset_source=decoded.source, replaced=decoded.replaced
    )


def _header(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key == name), None)


def _is_compressed(headers: Headers) -> bool:
    return (_header(headers, "content-encoding") or "identity").strip().lower() != "identity"
