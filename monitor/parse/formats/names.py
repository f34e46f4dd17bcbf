"""One vocabulary for all XML formats: (namespace, local name) → the word the mapping knows it by.

RSS and Atom share their words, so that a document may mix them; only their links differ. No other namespace has words
of its own here: an unrelated `item` must not become an article.
"""

from __future__ import annotations

RSS_SPACES = (
    "",
    "http://purl.org/rss/1.0/",
    "http://purl.org/net/rss1.1#",
    "http://purl.org/rss/1.0/modules/rss091#",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://channel.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss",
    "http://backend.userland.com/rss2",
    "http://backend.userland.com/rss091",
    "http://backend.userland.com/rss092",
    "http://blogs.law.harvard.edu/tech/rss",
    "http://cyber.law.harvard.edu/rss/rss.html",
    "http://www.rssboard.org/rss-specification",
)
ATOM_SPACES = ("http://www.w3.org/2005/Atom", "https://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
FEED_SPACES = frozenset(RSS_SPACES + ATOM_SPACES)
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_FEED = """title link description author category guid pubDate enclosure source language ttl skipHours skipDays item
channel entry id published issued updated modified created summary content"""
_MODULES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "dc",
        ("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.0/"),
        "title creator subject date language description",
    ),
    ("dcterms", ("http://purl.org/dc/terms/",), "issued modified created"),
    ("content", ("http://purl.org/rss/1.0/modules/content/",), "encoded"),
    (
        "itunes",
        tuple(f"http://www.itunes.com/{path}-1.0.dtd" for path in ("dtds/podcast", "DTDs/PodCast", "DTDs/Podcast")),
        "author summary keywords image",
    ),
    (
        "media",
        ("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss", "http://www.rssboard.org/media-rss"),
        "description group thumbnail content keywords category",
    ),
    ("sy", ("http://purl.org/rss/1.0/modules/syndication/",), "updatePeriod updateFrequency"),
    ("fh", ("http://purl.org/syndication/history/1.0",), "complete"),
    ("feedburner", ("http://rssnamespace.org/feedburner/ext/1.0",), "origLink"),
    ("xhtml", ("http://www.w3.org/1999/xhtml",), "body div"),
)

_SHARED = {"dc:creator": "author", "xhtml:body": "content", "xhtml:div": "content"}
"""Words that mean the same in another vocabulary, so that their order in the document is kept."""
ENTRY = "entry"
"""Our word for `item` and `entry`."""


def _names() -> dict[str, str]:
    words = {word: ENTRY if word == "item" else word for word in _FEED.split()}
    names = {_clark(space, word): ours for space in RSS_SPACES for word, ours in words.items()}
    for space in ATOM_SPACES:
        names |= {_clark(space, word): ours for word, ours in words.items()} | {_clark(space, "link"): "atom:link"}
    for prefix, spaces, listed in _MODULES:
        for space in spaces:
            names |= {_clark(space, w): _SHARED.get(f"{prefix}:{w}", f"{prefix}:{w}") for w in listed.split()}
    return names


def _clark(space: str, word: str) -> str:
    return f"{{{space}}}{word}" if space else word


NAMES: dict[str, str] = _names()
"""Tag as lxml has it (`{namespace}local`) → our word."""

_BY_PREFIX: dict[str, str] = {
    f"{prefix}:{word}": _SHARED.get(f"{prefix}:{word}", f"{prefix}:{word}")
    for prefix, _, listed in (*_MODULES, ("atom", (), "link"))
    if prefix != "xhtml"
    for word in listed.split()
}


def word_for(tag: str, prefix: str | None) -> str | None:
    """Our word for an element. A module whose namespace is misspelt is known by its usual prefix."""
    word = NAMES.get(tag)
    if word is None and prefix is not None:
        return _BY_PREFIX.get(f"{prefix}:{tag.rpartition('}')[2]}")
    return word


def split(tag: str) -> tuple[str, str]:
    """Namespace ("" for none) and local name of an lxml tag."""
    space, closed, local = tag[1:].partition("}") if tag.startswith("{") else ("", "}", tag)
    return (space, local) if closed else ("", tag)
