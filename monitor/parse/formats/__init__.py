"""Feed formats, one module each. `FORMATS` is asked in order; the first whose `sniff` says yes reads the document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.model.article import ParsedFeed
from monitor.parse.formats import atom, rdf, rss
from monitor.parse.formats.elements import Element
from monitor.parse.formats.scope import Scope


@dataclass(frozen=True, slots=True)
class Format:
    """A format: `sniff(namespace, local name)` of the root; `read(root, scope)`, None if it is not one after all."""

    name: str
    sniff: Callable[[str, str], bool]
    read: Callable[[Element, Scope], ParsedFeed | None]


FORMATS: tuple[Format, ...] = (
    Format("rss", rss.sniff, rss.read),
    Format("atom", atom.sniff, atom.read),
    Format("rdf", rdf.sniff, rdf.read),
)
