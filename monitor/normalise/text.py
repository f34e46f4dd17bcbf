"""HTML to lines of text, and the one scrub every text passes before anybody sees it."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache
from html import unescape
from itertools import pairwise
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from monitor.normalise.fold import mark_class

HTML_LIMIT = 65_536
"""Code points of HTML that are parsed: lexbor is quadratic in depth and in attributes, so the cut comes before it."""

MAX_MARKS = 30
"""Combining marks in a row, as in the stream-safe form of UAX 15: normalising longer runs is quadratic."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCK = _names(
    "p div li ul ol dl dt dd tr td th table tbody thead tfoot caption h1 h2 h3 h4 h5 h6 blockquote pre hr br section"
    " article header footer aside nav main figure figcaption form address center option iframe img details summary"
    " fieldset legend audio video object embed"
)
_SKIP = _names("script style template head title rt rp -comment")
_INLINE = _names(
    "a abbr acronym b bdi bdo big button cite code col colgroup del em font i input ins kbd label link mark meta"
    " noscript q ruby s samp select small source span strike strong sub sup svg tbody textarea time tt u var wbr"
    " body html"
)
_KNOWN = "|".join(sorted((_BLOCK | _SKIP | _INLINE) - {"-comment"}, key=len, reverse=True))
_KNOWN_TAG = re.compile(rf"</?(?:{_KNOWN})(?=[\s/>])", re.IGNORECASE)
_SHOWN_TAG = re.compile(rf"(?:<|&lt;)/?(?:{_KNOWN})(?=[\s/>]|&gt;)", re.IGNORECASE)
_TAG_START = re.compile(r"<[A-Za-z/!?]")
_REFERENCE = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_CELL = re.compile(r"<(/?)(?:t[dhr]|tbody|thead|tfoot|caption)(?=[\s/>])", re.IGNORECASE)

_BREAK = "\x02"
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
)
"""Characters of scripts that write no blanks between words."""

_NEWLINES = re.compile("[\r\x0b\x0c\x85\u2028\u2029]\n?")
_DROPPED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]+")


def html_to_text(html: str) -> str:
    """The text of an HTML fragment: one line per block, white space collapsed inside a line, no empty lines.

    Only the first 64 Ki code points are read. Inline elements separate nothing; block elements end a line. Without any
    block element the line breaks of the source are the lines, as in plain text.
    """
    if "<" not in html and "&" not in html:
        return plain_to_text(html)
    source = _sound(html[:HTML_LIMIT])
    if not _TAG_START.search(source):
        return plain_to_text(unescape(source))
    return _lines(_walk(_SCRATCH.parse(_cells_as_blocks(source))))


def title_to_text(title: str) -> str:
    """A title on one line. It is HTML only if it holds a known tag or a reference, so that `a < b` stays."""
    if _KNOWN_TAG.search(title):
        title = html_to_text(title)
    elif _REFERENCE.search(title):
        title = unescape(title)
    return " ".join(title.split())


def plain_to_text(text: str) -> str:
    """Plain text with white space collapsed inside its lines and without empty lines."""
    return _join(_NEWLINES.sub("\n", text).split("\n"))


def shows_markup(text: str) -> bool:
    """Whether a text still shows known tags, because its source was escaped once or twice too often."""
    return ("<" in text or "&lt;" in text) and _SHOWN_TAG.search(text) is not None


def clean_text(text: str, limit: int) -> str:
    """`text` safe for every sink, at most `limit` code points, cut between graphemes; cleaning twice changes nothing.

    Lone surrogates become U+FFFD; controls but newline and tab, bidi controls and noncharacters go; the rest is NFC
    with at most 30 combining marks in a row.
    """
    if text.isascii() and text.isprintable():
        return text[:limit]
    # What lies beyond is cut unread: normalising makes at most one code point of four.
    return _cut(scrub(text[: limit * 4]), limit)


def scrub(text: str) -> str:
    """`clean_text` without the cut."""
    if not text.replace("\n", "").isprintable():  # what is printable holds nothing of all this
        text = _DROPPED.sub("", _NEWLINES.sub("\n", _sound(text)))
    if text.isascii():
        return text
    text = _cap_marks(text)
    if unicodedata.is_normalized("NFC", text):
        return text
    return _cap_marks(unicodedata.normalize("NFC", text))


def _sound(text: str) -> str:
    """Joins surrogate pairs and replaces lone ones, so that the text can be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


@cache
def _long_run(last: int) -> re.Pattern[str]:
    """A run of too many combining marks up to this code point. A class beyond U+FFFF is a hundred times slower."""
    marks = mark_class(last)
    return re.compile(f"([{marks}]{{{MAX_MARKS}}})[{marks}]+")


def _cap_marks(text: str) -> str:
    astral = any(unicodedata.category(char)[0] == "M" for char in set(_ASTRAL.findall(text)))
    return _long_run(0x10FFFF if astral else 0xFFFF).sub(r"\1", text)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    borders = (end for end in range(limit, max(0, limit - 2 * MAX_MARKS), -1) if not _inside_grapheme(text, end))
    return text[: next(borders, limit)]


_EXTENDS = re.compile("[\u200d\u1160-\u11ff\U0001f3fb-\U0001f3ff]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")


def _inside_grapheme(text: str, at: int) -> bool:
    """Whether the border before `text[at]` lies inside what people see as one character (UAX 29, in short)."""
    if text[at - 1] == "\u200d" or _EXTENDS.match(text, at) or unicodedata.category(text[at])[0] == "M":
        return True
    return _FLAG.match(text, at) is not None and _flags_before(text, at) % 2 == 1


def _flags_before(text: str, at: int) -> int:
    start = at
    while start and _FLAG.match(text, start - 1):
        start -= 1
    return at - start


class _Scratch(threading.local):
    """A parser that is used again: a new one costs as much as 3 KiB of HTML, but what it has parsed stays allocated."""

    RENEW = 1 << 20

    def __init__(self) -> None:
        self.used = self.RENEW
        self.place: Any = None

    def parse(self, html: str) -> Any:
        """The first node of the fragment, or None."""
        if self.used >= self.RENEW:
            self.used, self.place = 0, LexborHTMLParser("<!doctype html><div></div>").css_first("div")
        self.used += len(html) + 256
        self.place.inner_html = html
        return self.place.child


_SCRATCH = _Scratch()


def _cells_as_blocks(html: str) -> str:
    """Table cells without their table are ignored by the HTML rules, which would glue words together."""
    if "<table" in html or not _CELL.search(html) or "<table" in html.lower():
        return html
    return _CELL.sub(r"<\1div", html)


def _walk(node: Any) -> str:
    """Text of the nodes from here on, a break before and after each block. Iterative: depth is the feed's choice."""
    parts: list[str] = []
    above: list[tuple[Any, str]] = []
    preformatted = 0
    while node is not None or above:
        if node is None:
            node, tag = above.pop()
            if tag in _BLOCK:
                parts.append(_BREAK)
                preformatted -= tag == "pre"
        else:
            tag = node.tag
            if tag == "-text":
                parts.append(node.text_content.replace("\n", _BREAK) if preformatted else node.text_content)
            elif tag not in _SKIP:
                if tag in _BLOCK:
                    parts.append(_BREAK)
                    preformatted += tag == "pre"
                above.append((node, tag))
                node = node.child
                continue
        node = node.next
    return "".join(parts)


def _lines(text: str) -> str:
    if _BREAK not in text:
        return plain_to_text(text)
    if not text.isascii() and "\n" in text and _UNSPACED.search(text):
        text = _join_unspaced(text.split("\n"))
    return _join(text.split(_BREAK))


def _join_unspaced(pieces: list[str]) -> str:
    """Joins the lines of the source with a blank, or with nothing inside a text that writes none."""
    whole = [pieces[0]]
    for left, right in pairwise(pieces):
        inside = _UNSPACED.match(left.rstrip()[-1:]) and _UNSPACED.match(right.lstrip()[:1])
        whole.append(right.lstrip() if inside else "\n" + right)
    return "".join(whole)


def _join(lines: list[str]) -> str:
    return "\n".join([line for raw in lines if raw and (line := _collapsed(raw))])


def _collapsed(line: str) -> str:
    """White space collapsed. A printable line has none but blanks, and most lines have them single already."""
    if "  " not in line and line.isprintable():
        return line.strip(" ")
    return " ".join(line.split())
