"""One `item` or `entry` element → `Entry`: the same rules for every XML format, since documents mix them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from monitor.model.article import Enclosure, Entry, TextConstruct
from monitor.parse.formats.elements import (
    Element,
    Found,
    children,
    construct,
    enclosure,
    first_construct,
    first_text,
    href_of,
    links,
    person,
    text_of,
    unique,
)
from monitor.parse.formats.names import RDF, XML_BASE, XML_LANG, word_for
from monitor.parse.formats.scope import Scope, join

MAX_AUTHORS, MAX_TAGS, MAX_ENCLOSURES = 16, 64, 32
RAW_BYTES = 4096
_ABOUT = f"{{{RDF}}}about"
_PICTURES = frozenset({"media:thumbnail", "media:content", "media:group", "itunes:image"})
_TAGS = frozenset({"category", "dc:subject", "media:category", "itunes:keywords", "media:keywords"})
_HTML_TYPES = ("", "text/html", "application/xhtml+xml")


def read_entry(item: Element, scope: Scope) -> Entry:
    """All that an element says about an article, as it says it."""
    found = children(item)
    raw_hash, raw = fingerprint(item)
    guid, guid_is_link = _guid(item, found)
    contents = _contents(found, scope)
    return Entry(
        raw_hash=raw_hash,
        guid=guid,
        guid_is_link=guid_is_link,
        link=_link(found),
        title=first_construct(found, scope, "title", "dc:title"),
        summary=_summary(found, scope) or _stand_in(item, contents),
        contents=contents,
        published=first_text(found, "published", "pubDate", "issued", "dcterms:issued"),
        updated=first_text(found, "updated", "modified", "dc:date", "dcterms:modified"),
        created=first_text(found, "created", "dcterms:created"),
        authors=_authors(found, scope),
        tags=() if found.keys().isdisjoint(_TAGS) else unique(map(scope.mend, _tags(found)), MAX_TAGS),
        enclosures=_enclosures(found),
        image=_image(found),
        language=first_text(found, "language", "dc:language") or item.get(XML_LANG) or scope.language,
        source=_source(found),
        base=join(scope.base, item.get(XML_BASE) or ""),
        raw=raw,
    )


def fingerprint(item: Element) -> tuple[bytes, str]:
    """8 bytes over the item, and its beginning as text.

    Over names, attributes and texts in document order, so that neither prefixes nor what is declared on the root
    matter. Not over the serialised item: libxml2 would declare on it every namespace of the document, in square time.
    """
    parts = []
    for element in item.iter():
        attributes = element.items()
        parts.append(f"<{element.tag}{sorted(attributes) if attributes else ''}>{element.text or ''}")
        if element.tail and element is not item:
            parts.append(element.tail)
    whole = "".join(parts).encode("utf-8", "replace")
    return blake2b(whole, digest_size=8).digest(), whole[:RAW_BYTES].decode("utf-8", "ignore")


def _guid(item: Element, found: Found) -> tuple[str | None, bool]:
    for element in found.get("guid", ()):
        text = text_of(element)
        if text:
            return text, (element.get("isPermaLink") or "").strip().lower() != "false"
    return first_text(found, "id") or item.get(_ABOUT), True


def _link(found: Found) -> str | None:
    return first_text(found, "feedburner:origLink") or _rss_link(found) or alternate(found)


def _rss_link(found: Found) -> str | None:
    """The last one that is not empty; some publishers write an Atom link without its namespace."""
    usable = (link for link in found.get("link", ()) if (link.get("rel") or "alternate").lower() == "alternate")
    given = [text_of(link) or href_of(link) for link in usable]
    return next((link for link in reversed(given) if link), None)


def alternate(found: Found) -> str | None:
    """The first alternate link that is a page, else the first one."""
    given = links(found, "alternate")
    pages = [link for link in given if (link.get("type") or "").strip().lower() in _HTML_TYPES]
    return next((href_of(link) for link in (*pages, *given)), None)


def _summary(found: Found, scope: Scope) -> TextConstruct | None:
    return (
        first_construct(found, scope, "description", "summary", html=True)
        or first_construct(found, scope, "media:description")
        or first_construct(_in_groups(found, "media:description"), scope, "media:description")
        or first_construct(found, scope, "itunes:summary")
        or first_construct(found, scope, "dc:description", html=True)
    )


def _stand_in(item: Element, contents: tuple[TextConstruct, ...]) -> TextConstruct | None:
    """RSS items without a description are summarised by their first content; Atom entries are not."""
    return contents[0] if contents and item.tag.endswith("item") else None


def _contents(found: Found, scope: Scope) -> tuple[TextConstruct, ...]:
    elements = (*found.get("content:encoded", ()), *found.get("content", ()))
    made = (construct(element, scope, html=True) for element in elements)
    return tuple(content for content in made if content is not None)


def _authors(found: Found, scope: Scope) -> tuple[str, ...]:
    named = unique([scope.mend(_author(element)) for element in found.get("author", ())], MAX_AUTHORS)
    return named or unique([person(text_of(element)) for element in found.get("itunes:author", ())], MAX_AUTHORS)


def _author(element: Element) -> str:
    """Atom puts the name in a child, RSS and Dublin Core write it down."""
    if not len(element):
        return person(element.text or "")
    names = (child for child in element if isinstance(child.tag, str) and child.tag.endswith("name"))
    return next((person(text_of(name)) for name in names), "")


def _tags(found: Found) -> Iterator[str]:
    for element in found.get("category", ()):
        yield element.get("term") or element.get("label") or text_of(element)
    for word in ("dc:subject", "media:category"):
        yield from map(text_of, found.get(word, ()))
    for word in ("itunes:keywords", "media:keywords"):
        for element in found.get(word, ()):
            yield from map(str.strip, text_of(element).split(","))


def _enclosures(found: Found) -> tuple[Enclosure, ...]:
    if "enclosure" not in found and "atom:link" not in found:
        return ()
    given = [(element, href_of(element, "url")) for element in found.get("enclosure", ())]
    given += [(element, href_of(element)) for element in links(found, "enclosure")]
    kept = [(element, url) for element, url in given if url][:MAX_ENCLOSURES]
    return tuple(enclosure(url, element.get("type"), element.get("length")) for element, url in kept)


def _image(found: Found) -> str | None:
    """A thumbnail, else a picture among the media, else the cover of an episode."""
    if found.keys().isdisjoint(_PICTURES):
        return None
    for place in (found, _in_groups(found, "media:thumbnail", "media:content")):
        thumbnails = (href_of(element, "url") for element in place.get("media:thumbnail", ()))
        pictures = (href_of(element, "url") for element in place.get("media:content", ()) if _is_picture(element))
        url = next((url for url in (*thumbnails, *pictures) if url), None)
        if url:
            return url
    covers = (href_of(element) for element in found.get("itunes:image", ()))
    return next((url for url in covers if url), None)


def _is_picture(element: Element) -> bool:
    return element.get("medium") == "image" or (element.get("type") or "").lower().startswith("image/")


def _in_groups(found: Found, *words: str) -> Found:
    """What `media:group` holds of these words: alternatives of one thing, so they speak for the item."""
    inside: Found = {}
    for group in found.get("media:group", ()):
        for child in group:
            word = word_for(child.tag, child.prefix)
            if word in words:
                inside.setdefault(word, []).append(child)
    return inside


def _source(found: Found) -> str | None:
    for element in found.get("source", ()):
        title = first_text(children(element), "title") if len(element) else text_of(element)
        if title or element.get("url"):
            return title or element.get("url")
    return None
