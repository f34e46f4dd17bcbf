"""Counting the words of articles that were published, for the warnings that need to know what is common."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.match.vocabulary import WordCount
from monitor.model.ids import ArticleId
from monitor.publish.recall import Recalled


@dataclass(slots=True)
class Counting:
    """Puts every article before a count once, as it was first published."""

    count: WordCount
    total: int = 0
    """Revisions that were read."""
    unreadable: int = 0
    _known: set[ArticleId] = field(default_factory=set)

    def hear(self, said: Recalled) -> None:
        """One revision; a later one of the same article adds nothing."""
        self.total += 1
        if said.id not in self._known:
            self._known.add(said.id)
            self.count.hear(said.text)
