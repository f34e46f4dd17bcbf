"""Texts, persons and links of XML elements. Only direct children count; what is nested never overwrites."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from html import escape

from lxml import etree

from monitor.model.article import Enclosure, TextConstruct
from monitor.parse.formats.names import ATOM_SPACES, NAMES, XML_BASE, word_for
from monitor.parse.formats.scope import Scope, join

Element = etree._Element
Found = dict[str, list[Element]]

_TAGS = """a abbr acronym address article aside audio b big blockquote br caption center cite code col dd del details
div dl dt em embed figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i iframe img ins kbd li main mark nav
object ol p pre q s samp section small span strike strong style script sub summary sup table tbody td tfoot th thead
time tr tt u ul var video wbr"""
_LOOKS_LIKE_HTML = re.compile(
    rf"</?(?:{'|'.join(_TAGS.split())})(?=[\s/>])|&(?:\#\d{{1,7}}|\#x[0-9a-f]{{1,6}}|[a-z][a-z0-9]{{1,31}});",
    re.IGNORECASE,
)
_START_TAG = re.compile(r"""<[^\s>]+(?:\s[^\s=>]+(?:=(?:"[^"]*"|'[^']*'))?)*\s?>""")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}")
_ATOM_TAGS = tuple(f"{{{space}}}" for space in ATOM_SPACES)
_HTML_TYPES = frozenset({"html", "xhtml", "text/html", "application/xhtml+xml"})
MAX_LENGTH = 1 << 50
"""Bytes; a longer enclosure is not believed."""


def children(element: Element) -> Found:
    """Direct children by our word for them, in document order; elements nobody knows are left out."""
    found: Found = {}
    known = NAMES.get
    for child in element:
        word = known(child.tag) or word_for(child.tag, child.prefix)
        if word is None:
            continue
        if word in found:
            found[word].append(child)
        else:
            found[word] = [child]
    return found


def text_of(element: Element) -> str:
    """The characters of an element and of what is inside it, stripped."""
    if len(element):
        return "".join(map(str, element.itertext())).strip()
    return (element.text or "").strip()


def first_text(found: Found, *words: str) -> str | None:
    """The first text that is not empty, by the order of the words, then of the document."""
    for word in words:
        if word in found:
            for element in found[word]:
                text = text_of(element)
                if text:
                    return text
    return None


def looks_like_html(text: str) -> bool:
    """A known tag or a character reference is in it; `a < b` and `AT&T` are text."""
    return ("<" in text or "&" in text) and _LOOKS_LIKE_HTML.search(text) is not None


def construct(element: Element, scope: Scope, *, html: bool | None) -> TextConstruct | None:
    """A text with its kind; None if there is nothing in it. `html` None: only if it looks so.

    Atom says the kind itself (RFC 4287 §3.1); child elements anywhere are markup that was not escaped.
    """
    if len(element):
        return _made(scope, _inside(_div_of(element)), html=True)
    text = element.text or ""
    if not text or text.isspace():
        return None
    if element.tag.startswith(_ATOM_TAGS):
        return _atom_construct(element, text, scope)
    return _made(scope, text, html=looks_like_html(text) if html is None else html)


def first_construct(found: Found, scope: Scope, *words: str, html: bool | None = None) -> TextConstruct | None:
    """The first construct that is not empty, by the order of the words, then of the document."""
    for word in words:
        for element in found.get(word, ()):
            made = construct(element, scope, html=html)
            if made is not None:
                return made
    return None


def _atom_construct(element: Element, text: str, scope: Scope) -> TextConstruct | None:
    kind, mode = element.get("type", "").strip().lower(), element.get("mode")
    if mode == "base64":
        text = _from_base64(text)
    if kind in _HTML_TYPES:
        return _made(scope, text, html=True)
    if "/" in kind and not kind.startswith("text/"):
        return None
    # Atom 0.3 without a type, escaped: publishers mean HTML.
    return _made(scope, text, html=mode == "escaped" and not kind and looks_like_html(text))


def _made(scope: Scope, text: str, *, html: bool) -> TextConstruct | None:
    text = scope.mend(text).strip()  # in this order: a no-break space at the end may be half of a character
    return TextConstruct(text, html) if text else None


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _div_of(element: Element) -> Element:
    """The div of an Atom xhtml construct, which is no part of the content (RFC 4287 §3.1.1.3)."""
    only = element[0] if len(element) == 1 else element
    tag = only.tag
    if (
        tag == "{http://www.w3.org/1999/xhtml}div"
        and not (element.text or "").strip()
        and not (only.tail or "").strip()
    ):
        return only
    return element


def _inside(element: Element) -> str:
    """The markup inside an element, as HTML: an empty `<iframe/>` would swallow what follows.

    Written as a whole and cut, so that the namespaces of the document are not declared on each child.
    """
    if not len(element):
        return escape(element.text or "", quote=False)
    whole = str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
    start = _START_TAG.match(whole)
    inside = whole[start.end() if start else 0 : whole.rfind("</")]
    return inside.replace("></br>", ">")  # which HTML would read as a second line break


def person(text: str) -> str:
    """The name in `mail (Name)`, `Name <mail>` or plain; addresses are dropped, so it may be empty."""
    if "@" not in text[:1000]:
        return " ".join(text[:1000].split())
    words = text[:1000].translate(_BRACKETS).removeprefix("mailto:").split()
    return " ".join(word for word in words if "@" not in word[1:])


_BRACKETS = str.maketrans("()<>", "    ")


def unique(texts: Iterable[str], limit: int) -> tuple[str, ...]:
    """Texts without empty ones and repetitions, in order, at most `limit`."""
    return tuple(dict.fromkeys(text for text in texts if text))[:limit]


def href_of(element: Element, name: str = "href") -> str:
    """A link attribute, resolved only against the element's own `xml:base`; the entry's base comes later."""
    href = (element.get(name) or "").strip()
    base = element.get(XML_BASE)
    return join(base, href) if base and href else href


def links(found: Found, rel: str) -> list[Element]:
    """Atom links of one relation (RFC 4287 §4.2.7.2), `alternate` where none is said; only those with an address."""
    named = (link for link in found.get("atom:link", ()) if link.get("href"))
    return [link for link in named if (link.get("rel") or "alternate").strip().lower() == rel]


def enclosure(url: str, kind: str | None, length: str | None) -> Enclosure:
    """A media file; a type that is none and a length nobody can believe are left out."""
    kind = (kind or "").strip().lower()
    digits = (length or "").strip()
    size = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 16 else 0
    return Enclosure(url, kind if _MEDIA_TYPE.fullmatch(kind) else None, size if 0 < size <= MAX_LENGTH else None)
