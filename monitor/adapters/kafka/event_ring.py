"""Records as they arrived, numbered and bounded: what a process holds of a log that has no numbers of its own.

Each partition has a lane, and what is too much goes from the longest: the last alerts of a quiet watch stay, however
many articles come. Pure, but for the thread it is used in.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from heapq import merge
from itertools import accumulate, islice
from operator import attrgetter

from monitor.adapters.kafka.event_places import Part, Places
from monitor.model.event import Logged, Record

Read = tuple[Record, int]
"""A record and its offset."""
OVERHEAD = 500
"""Bytes a record takes in memory besides its value, key and headers."""
EVICTED = 16
"""One of so many records of the longest lane goes at once, at least."""
_PATTERN = frozenset("*?[")
_SEQ = attrgetter("seq")
_OFFSET = attrgetter("place")


@dataclass(slots=True)
class _Lane:
    """What is held of one partition, ascending."""

    number: int
    base: int
    """The next offset before the first that is held."""
    held: list[Logged] = field(default_factory=list)
    size: int = 0

    def cut(self, count: int) -> int:
        """Lets go of the oldest; returns the bytes."""
        gone, self.held = self.held[:count], self.held[count:]
        if gone:
            assert gone[-1].place is not None
            self.base = gone[-1].place[1] + 1
        freed = sum(size_of(one.record) for one in gone)
        self.size -= freed
        return freed

    def place(self, seq: int) -> int:
        """The next offset behind everything up to `seq`."""
        index = bisect_right(self.held, seq, key=_SEQ)
        place = self.held[index - 1].place if index else None
        return place[1] + 1 if place else self.base

    def first_behind(self, offset: int) -> int | None:
        """The number of the first record from this offset on."""
        index = bisect_left(self.held, (self.number, offset), key=_OFFSET)
        return self.held[index].seq if index < len(self.held) else None


class Ring:
    """The records of all partitions."""

    def __init__(self, hold: int, size: int) -> None:
        """`hold` records and `size` bytes are the most that is kept."""
        self.hold, self.size = hold, size
        self._lanes: dict[Part, _Lane] = {}
        self._count = self._bytes = 0
        self.head = 0
        """Number of the newest record."""
        self.whole = 1
        """From this number on nothing that came was let go."""

    @property
    def full(self) -> bool:
        """Whether there is room for nothing more without letting go of something."""
        return self._count >= self.hold or self._bytes >= self.size

    def adopt(self, part: Part, offset: int) -> None:
        """A partition that is read from `offset` on; nothing changes for one that is known."""
        self._lanes.setdefault(part, _Lane(part[1], offset))

    def forget(self, part: Part) -> None:
        """A partition that is not ours any more."""
        if (lane := self._lanes.pop(part, None)) is not None:
            self._count, self._bytes = self._count - len(lane.held), self._bytes - lane.size

    def empty(self) -> Ring:
        """Another one with these bounds."""
        return Ring(self.hold, self.size)

    def take_over(self, other: Ring) -> None:
        """Numbers by time what another one holds of partitions of which nothing is held here."""
        for part, lane in other._lanes.items():
            self._lanes[part] = _Lane(lane.number, lane.base)
        self.append(
            {
                part: [(one.record, one.place[1]) for one in lane.held if one.place]
                for part, lane in other._lanes.items()
            }
        )

    def append(self, batch: Mapping[Part, Sequence[Read]]) -> None:
        """Numbers what came, each partition in its order, all of them by time."""
        for part, record, offset in in_order(batch):
            self.head += 1
            lane = self._lanes.setdefault(part, _Lane(part[1], offset))
            lane.held.append(Logged(self.head, record, (part[1], offset)))
            size = size_of(record)
            lane.size, self._count, self._bytes = lane.size + size, self._count + 1, self._bytes + size

    def evict(self) -> None:
        """Lets go until the bounds are kept; the newest record stays, whatever its size."""
        while self._count > 1 and (self._count > self.hold or self._bytes > self.size):
            lane = max(self._lanes.values(), key=lambda lane: (len(lane.held) > 1, lane.size))
            count = max(1, len(lane.held) // EVICTED)
            self.whole = max(self.whole, lane.held[count - 1].seq + 1)
            self._bytes -= lane.cut(count)
            self._count -= count

    def drop(self, upto: int) -> None:
        """Lets go of everything up to this number: its reader has it."""
        for lane in self._lanes.values():
            if lane.held and lane.held[0].seq <= upto:
                count = bisect_right(lane.held, upto, key=_SEQ)
                self._bytes -= lane.cut(count)
                self._count -= count
        self.whole = max(self.whole, min(upto, self.head) + 1)

    def read(self, after: int, topics: Sequence[str], limit: int, size: int) -> list[Logged]:
        """Ascending above `after`; the first whatever its size, further ones while there is room."""
        runs = [
            islice(lane.held, bisect_right(lane.held, after, key=_SEQ), None)
            for lane in self._chosen(topics)
            if lane.held[-1].seq > after
        ]
        taken: list[Logged] = []
        for one in islice(merge(*runs, key=_SEQ), limit):
            taken.append(one)
            size -= len(one.record.value)
            if size <= 0:
                break
        return taken

    def latest(self, topics: Sequence[str], before: int | None, filters: Mapping[str, str]) -> Iterator[Logged]:
        """Descending below `before`: those with these headers."""
        wanted = [("ce_source", f"/feeds/{text}") if name == "feed" else (name, text) for name, text in filters.items()]
        top = self.head + 1 if before is None else before
        runs = [_backwards(lane.held, bisect_left(lane.held, top, key=_SEQ)) for lane in self._chosen(topics)]
        for one in merge(*runs, key=_SEQ, reverse=True):
            headers = one.record.headers
            if all(pair in headers for pair in wanted):
                yield one

    def topics(self) -> list[str]:
        """Those of which something is held."""
        return sorted({topic for (topic, _), lane in self._lanes.items() if lane.held})

    def places(self, seq: int) -> dict[Part, int]:
        """The place behind everything up to `seq`."""
        return {part: lane.place(seq) for part, lane in self._lanes.items()}

    def seek(self, places: Places) -> int:
        """The number behind which nothing lies before this place: what `places` was asked for, if it is held."""
        first = [lane.first_behind(places.get(part, 0)) for part, lane in self._lanes.items()]
        upto = min((seq for seq in first if seq is not None), default=self.head + 1)
        below = [
            lane.held[index - 1].seq
            for lane in self._lanes.values()
            if (index := bisect_left(lane.held, upto, key=_SEQ))
        ]
        return max(below, default=upto - 1)

    def _chosen(self, topics: Sequence[str]) -> list[_Lane]:
        """Names are looked up, patterns tried: with a hundred watches that is most of a question's cost."""
        names = set(topics)
        patterns = [one for one in topics if _PATTERN.intersection(one)]
        chosen: dict[str, bool] = {}
        for topic, _ in self._lanes:
            if topic not in chosen:
                chosen[topic] = not topics or topic in names or any(fnmatchcase(topic, one) for one in patterns)
        return [lane for (topic, _), lane in self._lanes.items() if lane.held and chosen[topic]]


def in_order(batch: Mapping[Part, Sequence[Read]]) -> Iterator[tuple[Part, Record, int]]:
    """All records by time; those of a partition stay as they are, also where their times go back."""

    def run(part: Part, reads: Sequence[Read]) -> Iterable[tuple[float, Part, int, Record]]:
        times = accumulate((record.at for record, _ in reads), max)
        return ((at, part, offset, record) for at, (record, offset) in zip(times, reads, strict=True))

    runs = [run(part, reads) for part, reads in batch.items()]
    return ((part, record, offset) for _, part, offset, record in merge(*runs, key=lambda one: one[:3]))


def size_of(record: Record) -> int:
    """About the bytes of memory of a record."""
    return OVERHEAD + len(record.value) + len(record.key) + sum(len(text) for _, text in record.headers)


def _backwards(held: Sequence[Logged], index: int) -> Iterator[Logged]:
    return (held[at] for at in range(index - 1, -1, -1))
