"""A root element with the elements that hold entries → `ParsedFeed`: shared by the XML formats."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.model.article import ParsedFeed
from monitor.parse.formats.advice import advice_of
from monitor.parse.formats.elements import Element, Found, children, first_construct, first_text
from monitor.parse.formats.entries import alternate, read_entry
from monitor.parse.formats.names import ENTRY, XML_BASE, XML_LANG
from monitor.parse.formats.scope import Scope, join


def read_feed(name: str, root: Element, holders: Sequence[Element], scope: Scope) -> ParsedFeed:
    """The feed whose entries are direct children of `holders`; the first holder speaks for it.

    At most `scope.limit` entries are mapped, the others counted.
    """
    contents = [children(holder) for holder in holders]
    items = [item for found in contents for item in found.pop(ENTRY, ())]
    about, channel = contents[0], holders[0]
    scope.base = _base(root, channel, scope.base)
    scope.language = first_text(about, "language", "dc:language") or channel.get(XML_LANG) or root.get(XML_LANG) or None
    return ParsedFeed(
        format=name,
        entries=tuple(read_entry(item, scope) for item in items[: scope.limit]),
        title=_title(about, scope),
        link=_link(about),
        language=scope.language,
        advice=advice_of(about, scope.base),
        cut=max(0, len(items) - scope.limit),
    )


def _base(root: Element, channel: Element, url: str) -> str:
    base = join(url, root.get(XML_BASE) or "")
    return base if channel is root else join(base, channel.get(XML_BASE) or "")


def _title(about: Found, scope: Scope) -> str | None:
    title = first_construct(about, scope, "title", "dc:title")
    return title.value if title else None


def _link(about: Found) -> str | None:
    """A feed's page; for a feed there is no second try with its id."""
    return first_text(about, "link") or alternate(about)
