"""The weak tier of a concept, where its strong one does not occur: the nearest thing to a hit that the text has."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.match.compiler import compile_rules
from monitor.match.packs import Concept
from monitor.match.syntax import Bound, Leaf
from monitor.model.ids import WatchId
from monitor.model.watch import Hit, Text, Watch


class WeakTier:
    """What the ambiguous aliases of concepts find in one text. A concept is compiled when it is first asked for."""

    def __init__(self, text: Text, concepts: Mapping[str, Concept]) -> None:
        """Concepts that are not among these have no weak tier."""
        self._text, self._concepts = text, concepts
        self._found: dict[tuple[str, Bound | None], Hit | None] = {}

    def first(self, leaf: Leaf) -> Hit | None:
        """The first weak hit of a leaf that asks for the strong tier, in the field it is bound to."""
        if leaf.kind != "concept" or leaf.weak:
            return None
        key = leaf.text, leaf.field
        if key not in self._found:
            self._found[key] = self._search(*key)
        return self._found[key]

    def _search(self, name: str, field: Bound | None) -> Hit | None:
        if name not in self._concepts or not self._concepts[name].weak:
            return None
        query = f"{field}:@{name}.weak" if field else f"@{name}.weak"
        matches = compile_rules([Watch(WatchId(name), query)], self._concepts).match(self._text)
        return next((hit for match in matches for hit in match.hits), None)
