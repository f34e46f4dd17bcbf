"""Atom 1.0 (RFC 4287) and 0.3: `feed/entry`."""

from __future__ import annotations

from monitor.model.article import ParsedFeed
from monitor.parse.formats.elements import Element
from monitor.parse.formats.feeds import read_feed
from monitor.parse.formats.names import ATOM_SPACES
from monitor.parse.formats.scope import Scope


def sniff(space: str, local: str) -> bool:
    """Whether a root element of this namespace and name is Atom."""
    return local == "feed" and space in ATOM_SPACES


def read(root: Element, scope: Scope) -> ParsedFeed | None:
    """The feed, with or without entries."""
    return read_feed("atom", root, [root], scope)
