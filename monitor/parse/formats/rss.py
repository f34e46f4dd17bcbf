"""RSS 0.91 to 2.0: `rss/channel/item`, with or without a namespace."""

from __future__ import annotations

from monitor.model.article import ParsedFeed
from monitor.parse.formats.elements import Element
from monitor.parse.formats.feeds import read_feed
from monitor.parse.formats.names import NAMES, RSS_SPACES
from monitor.parse.formats.scope import Scope


def sniff(space: str, local: str) -> bool:
    """Whether a root element of this namespace and name is RSS."""
    return local == "rss" and space in RSS_SPACES


def read(root: Element, scope: Scope) -> ParsedFeed | None:
    """The feed; None without a channel."""
    channels = [child for child in root if NAMES.get(child.tag) == "channel"]
    return read_feed("rss", root, channels, scope) if channels else None
