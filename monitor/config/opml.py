"""OPML, the list of subscriptions that every reader exports: in and out.

The document is hostile: entities of its own are never expanded, nothing is fetched, depth costs nothing, and only
http and https URLs are taken over. Expat is used as it is the one parser that knows the line of every outline.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from xml.parsers import expat

from monitor.config import forms, problems
from monitor.config.feeds import Found, derived_id
from monitor.config.places import MAX_BYTES, Node, Spot
from monitor.errors import Problem
from monitor.model.feed import FeedClass, FeedSpec
from monitor.model.ids import FeedId
from monitor.model.watch import Place

HOST_CAP = 100
"""Feeds of one host that an import takes without being told to: more is a list made by a machine, or a mistake."""
MAX_TAGS = 3

_FOREIGN = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
"""Every `&` that begins none of XML's own entities: escaped, so that nothing a document declares is ever expanded."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One subscription as the document has it."""

    url: str
    title: str
    folders: tuple[str, ...]
    spot: Spot


class _Collector:
    """Walks the outlines; keeps at most the three innermost folders, so that depth costs nothing."""

    def __init__(self, file: str, parser: expat.XMLParserType) -> None:
        self.file = file
        self.parser = parser
        self.outlines: list[Outline] = []
        self.folders: list[tuple[str, ...]] = [()]
        self.roots: list[str] = []
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.roots:
            self.roots.append(name.lower())
        if name.lower() != "outline":
            return
        given = {key.lower(): html.unescape(value).strip() for key, value in attributes.items()}
        title, url = given.get("title") or given.get("text", ""), given.get("xmlurl", "")
        here = self.folders[-1]
        if url:
            spot = (self.file, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
            self.outlines.append(Outline(url, title, here, spot))
        self.folders.append(here if url or not title else (*here, title)[-MAX_TAGS:])

    def end(self, name: str) -> None:
        if name.lower() == "outline":
            self.folders.pop()


def outlines(file: str, text: str) -> tuple[list[Outline], list[Problem]]:
    """All subscriptions of a document, in its order, whatever their URLs are. Those before a break are kept."""
    if len(text) > MAX_BYTES * 4:
        return [], [problems.at(Place(file), "", "MON-CFG-015", f"the file is larger than {MAX_BYTES * 4 >> 20} MiB")]
    parser = expat.ParserCreate()
    collector = _Collector(file, parser)
    try:
        parser.Parse(_FOREIGN.sub("&amp;", text.lstrip("\ufeff \t\r\n")), True)
    except (expat.ExpatError, UnicodeError):
        place = Place(file, parser.ErrorLineNumber, parser.ErrorColumnNumber + 1)
        return collector.outlines, [problems.at(place, "", "MON-CFG-015", "the XML is broken here")]
    if collector.roots != ["opml"]:
        return [], [problems.at(Place(file, 1, 1), "", "MON-CFG-015", "this is not OPML: the root has to be <opml>")]
    return collector.outlines, []


def read(file: str, text: str, cls: FeedClass) -> tuple[list[Found], list[Problem]]:
    """The feeds of an OPML file; an outline that cannot be one is a problem with its line. Repeats are dropped."""
    listed, wrong = outlines(file, text)
    found: dict[str, Found] = {}
    for outline in listed:
        message = forms.feed_url(outline.url)
        if message:
            wrong.append(
                problems.at(Place(*outline.spot), "xmlUrl", "MON-CFG-015", f"this URL is not taken over: {message}")
            )
        elif outline.url not in found:
            found[outline.url] = Found(_spec(outline, cls), _node(outline))
    return list(found.values()), wrong


def _node(outline: Outline) -> Node:
    spot = outline.spot
    return Node({"url": Node(outline.url, spot, spot)}, spot, spot)


def _spec(outline: Outline, cls: FeedClass) -> FeedSpec:
    tags = tuple(dict.fromkeys(filter(None, map(_tag, outline.folders))))
    return FeedSpec(FeedId(derived_id(outline.url)), outline.url, name=outline.title, tags=tags, cls=cls)


@lru_cache(maxsize=1000)
def _tag(folder: str) -> str:
    return re.sub(r"\W+", "-", folder.lower()).strip("-")[:64]


def crowded(feeds: Iterable[FeedSpec], cap: int = HOST_CAP) -> list[Problem]:
    """A problem for every host with more feeds than `cap`: an import of them has to be confirmed."""
    hosts = Counter(forms.host_of(feed.url) for feed in feeds)
    message = "{} feeds of one host, more than {}; it would be asked one after the other, confirm with --yes"
    return [
        problems.at(Place(), host, "MON-CFG-016", message.format(count, cap))
        for host, count in hosts.most_common()
        if count > cap
    ]


def write(feeds: Sequence[FeedSpec], title: str = "news-monitor") -> str:
    """An OPML 2.0 document of these feeds, each in the folder of its first tag."""
    folders: dict[str, list[FeedSpec]] = {}
    for feed in feeds:
        folders.setdefault(feed.tags[0] if feed.tags else "", []).append(feed)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"  <head><title>{html.escape(title)}</title></head>",
    ]
    lines.append("  <body>")
    for folder, members in folders.items():
        indent = "    "
        if folder:
            lines.append(f"    <outline text={quoteattr(folder)}>")
            indent += "  "
        lines += [indent + _outline(feed) for feed in members]
        if folder:
            lines.append("    </outline>")
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def quoteattr(text: str) -> str:
    """A text as an attribute value, quotes included."""
    return f'"{html.escape(text)}"'


def _outline(feed: FeedSpec) -> str:
    name = quoteattr(feed.name or feed.id)
    language = f" language={quoteattr(feed.language)}" if feed.language else ""
    return f'<outline type="rss" text={name} title={name} xmlUrl={quoteattr(feed.url)}{language}/>'
