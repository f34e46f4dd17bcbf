"""One repair pass over text that is not well-formed, for what publishers do every day. Every pattern is linear.

In this order: what stands before the root or behind its last end tag goes; so do declarations inside and characters no
XML document may hold; references nobody defined become text or what HTML means by them; prefixes are declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from html.entities import html5

HEAD = 20_000
MAX_PREFIXES = 60

ROOT_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:rss|feed|rdf)\s{0,20}>", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|feed|rdf)(?=[\s>/])", re.IGNORECASE)
_ENTRY = re.compile(r"<(?:item|entry)[\s>/]", re.IGNORECASE)
_ILLEGAL = re.compile(r"<\?xml\s[^<>]{0,200}\?>|[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:#(\d{1,7});|#[xX]([0-9A-Fa-f]{1,6});|([A-Za-z][A-Za-z0-9]{0,31});)?")
_NUMBER = re.compile(r"&#(?:0*([0-9]+)|[xX]0*([0-9A-Fa-f]+));?")
_USED = re.compile(r"</?([A-Za-z_][\w.-]{0,40}):|\s([A-Za-z_][\w.-]{0,40}):[\w.-]{1,40}\s{0,8}=\s{0,8}[\"']")
_DECLARED = re.compile(r"\sxmlns:([A-Za-z_][\w.-]{0,40})\s{0,8}=")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "dcterms": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}


@dataclass(slots=True)
class _Count:
    places: int = 0

    def note(self, happened: object) -> None:
        self.places += bool(happened)


def repair(text: str) -> tuple[str, int] | None:
    """The repaired text and the number of places put right.

    None without root or end, with entities of its own, or with entries outside the root, which would be dropped.
    """
    head = text[:HEAD]
    root = _ROOT.search(head)
    end = max((found.end() for found in ROOT_END.finditer(text)), default=0)
    if root is None or end <= root.end() or "<!ENTITY" in head:
        return None
    if _ENTRY.search(text, end) or _ENTRY.search(text, 0, root.start()):
        return None
    count = _Count()
    count.note(text[: root.start()].strip())
    count.note(text[end:].strip())
    text, illegal = _ILLEGAL.subn("", text[root.start() : end])
    count.places += illegal
    text = "".join(piece if is_cdata else _mend_references(piece, count) for piece, is_cdata in pieces(text))
    return _declare_prefixes(text, root.end() - root.start(), count), count.places


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text in turns outside and inside CDATA; a section that is never closed counts as outside."""
    at = 0
    while True:
        start = text.find("<![CDATA[", at)
        end = text.find("]]>", start) if start >= 0 else -1
        if end < 0:
            yield text[at:], False
            return
        yield text[at:start], False
        yield text[start : end + 3], True
        at = end + 3


def _mend_references(text: str, count: _Count) -> str:
    def mended(found: re.Match[str]) -> str:
        put = _reference(found)
        count.note(put != found[0])
        return put

    return _REFERENCE.sub(mended, text) if "&" in text else text


def _reference(found: re.Match[str]) -> str:
    """What stands for a reference: itself, characters by number, nothing for an illegal one, or plain text."""
    decimal, hexadecimal, name = found.groups()
    if name:
        return found[0] if name in _XML_NAMES else _named(name)
    if decimal or hexadecimal:
        return found[0] if _is_legal(int(decimal) if decimal else int(hexadecimal, 16)) else ""
    return "&amp;"


def _named(name: str) -> str:
    characters = html5.get(f"{name};")
    return "".join(f"&#{ord(one)};" for one in characters) if characters else f"&amp;{name};"


def without_illegal_numbers(text: str) -> str:
    """The text without references to characters XML does not know, which other parsers raise for."""
    if "&#" not in text:
        return text
    return "".join(piece if is_cdata else _NUMBER.sub(_legal, piece) for piece, is_cdata in pieces(text))


def _legal(found: re.Match[str]) -> str:
    decimal, hexadecimal = found.groups()
    digits = decimal or hexadecimal
    return found[0] if len(digits) <= 7 and _is_legal(int(digits, 10 if decimal else 16)) else ""


def _is_legal(code: int) -> bool:
    """XML 1.0 §2.2."""
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def _declare_prefixes(text: str, root: int, count: _Count) -> str:
    """Prefixes that are used and declared nowhere, declared on the root; `root` = length of `<name`."""
    outside = [piece for piece, is_cdata in pieces(text) if not is_cdata]
    used = {a or b for piece in outside for a, b in _USED.findall(piece)}
    declared = {prefix for piece in outside for prefix in _DECLARED.findall(piece)}
    missing = sorted(used - declared - {"xml", "xmlns"})[:MAX_PREFIXES]
    count.places += len(missing)
    spaces = (f' xmlns:{prefix}="{escape(_SPACES.get(prefix, f"urn:undeclared:{prefix}"))}"' for prefix in missing)
    return text[:root] + "".join(spaces) + text[root:]
