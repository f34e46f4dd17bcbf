"""Records that the ledger will never take become dead letters before their batch is handed over.

Otherwise one of them would keep every feed of its shard: the batch would be refused, polled anew, and refused again.
"""

from __future__ import annotations

from monitor.app.parts import Parts
from monitor.errors import Refused
from monitor.model.event import DeadLetter, Record
from monitor.model.ids import FeedId
from monitor.model.notes import OperatorTold
from monitor.publish.envelope import dead_letter, weight

REMEMBERED = 10_000
"""Records that were refused; of more the oldest are forgotten, and would be refused once more."""
WORDS = 2_048
"""Bytes of a dead letter that are not its raw bytes, or more."""


class Burial:
    """What a shard has learned about records its ledger does not take; it outlives the reopening of the shard."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._refused: dict[str, str] = {}
        self.limit: int | None = None
        """Bytes of the largest record that is taken, as the ledger says; None = any size."""

    def remember(self, error: Refused) -> None:
        """These are not handed over again."""
        self._refused |= dict.fromkeys(error.records, str(error))
        for name in list(self._refused)[:-REMEMBERED]:
            del self._refused[name]

    def fit(self, feed: FeedId, records: tuple[Record, ...]) -> tuple[Record, ...]:
        """The records of one poll as they can be written."""
        fitting = (self._fit(feed, record) for record in records)
        return tuple(record for record in fitting if record is not None)

    def _fit(self, feed: FeedId, record: Record) -> Record | None:
        if record.id in self._refused:
            return self._bury(feed, record, "refused", self._refused[record.id])
        if self.limit is not None and weight(record) > self.limit:
            return self._bury(feed, record, "too_large", f"{weight(record)} bytes, {self.limit} are taken")
        return record

    def _bury(self, feed: FeedId, record: Record, reason: str, message: str) -> Record | None:
        """The dead letter in its place; None for one whose dead letter was refused as well: then only the log knows."""
        topics = self._parts.in_force.rules.topics
        raw = record.value if self.limit is None else record.value[: max(0, self.limit - WORDS)]
        letter = dead_letter(DeadLetter(feed, "publish", reason, message, raw, record.at), topics)
        lost = letter.id in self._refused or (record.topic == topics.dead_letters and reason == "refused")
        fate = "lost" if lost else "a dead letter"
        self._parts.observe(OperatorTold(feed, "publish", reason, f"{record.topic} {record.id}: {message}; {fate}"))
        return None if lost else letter
