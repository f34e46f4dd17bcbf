"""The memory of a feed's items: found by any key while a document is judged, bounded between two documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import accumulate

from monitor.model.article import Keys, RungName
from monitor.model.ids import ArticleId
from monitor.model.state import Item

SMALLEST = 128
"""Items that are kept at least when they have left the document: a feed of ten forgets nothing for days."""
ROOM, ITEM, HASH = 900_000, 128, 9
"""Bytes that all items together may take, that one takes with everything but `alerted`, and that one watch takes there:
a ledger takes no record of more than 1 MiB, and a memory that cannot be written would keep its whole shard."""

RUNGS: tuple[RungName, ...] = ("guid", "url", "content")
"""What an item can be recognised by, best first."""


class Memory:
    """The items of one feed while one document is judged. Not a value: it lives for one poll."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = {item.id: item for item in items}
        self._raw = {item.raw_hash: item.id for item in reversed(items)}
        self._by: dict[RungName, dict[int, ArticleId]] = {
            rung: {getattr(item, rung): item.id for item in reversed(items) if getattr(item, rung)} for rung in RUNGS
        }
        self._seen: dict[ArticleId, None] = {}

    def __len__(self) -> int:
        return len(self._items)

    def find(self, keys: Keys, distrusted: Collection[str] = ()) -> Item | None:
        """The item that one of these keys names, best rung first, rungs left out that are not trusted."""
        found = (self.named(rung, getattr(keys, rung)) for rung in RUNGS if rung not in distrusted)
        return next((item for item in found if item is not None), None)

    def named(self, rung: RungName, key: int) -> Item | None:
        """The item this key names."""
        name = self._by[rung].get(key) if key else None
        return self._items[name] if name is not None else None

    def seen(self, item: Item) -> bool:
        """Whether the item has already been met in this document."""
        return item.id in self._seen

    def touch_raw(self, raw_hash: bytes) -> Item | None:
        """The item whose entry came back byte for byte; it counts as met in this document."""
        name = self._raw.get(raw_hash)
        if name is None:
            return None
        self._seen[name] = None
        return self._items[name]

    def keep(self, item: Item) -> None:
        """Puts in an item that is in this document, in place of what was known of it."""
        self._items[item.id] = item
        self._raw[item.raw_hash] = item.id
        for rung in RUNGS:
            if key := getattr(item, rung):
                self._by[rung][key] = item.id
        self._seen[item.id] = None

    def raw_hashes(self) -> frozenset[bytes]:
        """Hashes of all entries that need not be read again."""
        return frozenset(item.raw_hash for item in self._items.values())

    def packed(self, round_: int, longest: int) -> tuple[Item, ...]:
        """The items to remember, last seen first: those of this document, and max(128, 2 x longest) that have left it.

        `round_` is the number of this document, `longest` how many entries it had. How long earlier ones were is read
        off the items that left together, so that a feed that shrinks to nothing for a day repeats nothing afterwards.
        Fewer where they take too much room.
        """
        present = fitted([replace(self._items[name], seen_round=round_) for name in self._seen])
        gone = [item for name, item in self._items.items() if name not in self._seen]
        gone.sort(key=lambda item: -item.seen_round)
        together = Counter(item.seen_round for item in gone).most_common(1)
        longest = max(longest, len(present), *(count for _, count in together))
        room = ROOM - sum(map(weight, present))
        return (*present, *within(room, gone[: max(SMALLEST, 2 * longest)]))


def weight(item: Item) -> int:
    """Bytes an item takes at most where a state is stored."""
    return ITEM + HASH * len(item.alerted)


def within(room: int, items: Sequence[Item]) -> Sequence[Item]:
    """The first of them that have room together."""
    count = sum(used <= room for used in accumulate(map(weight, items)))
    return items[:count]


def fitted(items: Sequence[Item]) -> Sequence[Item]:
    """Items of which none may be forgotten: where thousands met scores of watches, the last few of these are kept. A
    revision may then alert once more, which is another event."""
    if sum(map(weight, items)) <= ROOM:
        return items
    most = max(0, (ROOM // len(items) - ITEM) // HASH)
    return [replace(item, alerted=item.alerted[len(item.alerted) - min(most, len(item.alerted)) :]) for item in items]
