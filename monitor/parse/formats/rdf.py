"""RSS 0.90 and 1.0: `rdf:RDF` with items beside the channel."""

from __future__ import annotations

from monitor.model.article import ParsedFeed
from monitor.parse.formats.elements import Element
from monitor.parse.formats.feeds import read_feed
from monitor.parse.formats.names import NAMES, RDF
from monitor.parse.formats.scope import Scope


def sniff(space: str, local: str) -> bool:
    """Whether a root element of this namespace and name is RDF; the map says whether it is RSS."""
    return local == "RDF" and space == RDF


def read(root: Element, scope: Scope) -> ParsedFeed | None:
    """The feed; None without a channel, as other RDF documents are."""
    channels = [child for child in root if NAMES.get(child.tag) == "channel"]
    return read_feed("rdf", root, [*channels, root], scope) if channels else None
