"""Polls in the order in which they may start: round-robin by host, then by due time.

A host that has thousands of due feeds holds one place in the round like any other, so it delays nobody (B16). The
host's own budget is asked when picking, never afterwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from monitor.model.ids import FeedId, HostKey
from monitor.model.units import Instant

_Entry = tuple[Instant, int, FeedId]


@dataclass(slots=True)
class _Queue:
    """Polls of one host. Entries that were removed or replaced stay in the heap until they surface."""

    heap: list[_Entry] = field(default_factory=list)
    live: int = 0
    ready: bool = False
    """It stands in the round."""
    announced: Instant | None = None
    """The due time under which it stands in the heap of hosts."""


class Agenda:
    """Due polls of up to many thousand feeds; every step costs the logarithm of that. No awaits, no clock."""

    def __init__(self) -> None:
        self._places: dict[FeedId, tuple[HostKey, Instant, int]] = {}
        self._queues: dict[HostKey, _Queue] = {}
        self._waiting: list[tuple[Instant, HostKey]] = []
        self._round: deque[HostKey] = deque()
        self._number = 0

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, feed: object) -> bool:
        return feed in self._places

    def put(self, feed: FeedId, host: HostKey, due: Instant) -> None:
        """Plans a poll; a feed has one place, the newest."""
        self.remove(feed)
        self._number += 1
        self._places[feed] = (host, due, self._number)
        queue = self._queues.setdefault(host, _Queue())
        heappush(queue.heap, (due, self._number, feed))
        queue.live += 1
        if not queue.ready:
            self._announce(host, queue, due)

    def remove(self, feed: FeedId) -> None:
        """Forgets a planned poll; a feed that has none is no mistake."""
        place = self._places.pop(feed, None)
        if place is None:
            return
        queue = self._queues[place[0]]
        queue.live -= 1
        if len(queue.heap) > 2 * queue.live + 64:
            queue.heap = [entry for entry in queue.heap if self._alive(entry)]
            heapify(queue.heap)

    def due(self, feed: FeedId) -> Instant | None:
        """When this feed is planned; None if it is not."""
        place = self._places.get(feed)
        return place[1] if place else None

    def host(self, feed: FeedId) -> HostKey | None:
        """At which host it is; None if it is not planned."""
        place = self._places.get(feed)
        return place[0] if place else None

    def pop_ready(self, now: Instant, can_start: Callable[[HostKey], bool], limit: int | None = None) -> list[FeedId]:
        """One round: at most one due feed of every host that can start, taken out; at most `limit` feeds."""
        self._fill_round(now)
        taken: list[FeedId] = []
        for _ in range(len(self._round)):
            if limit is not None and len(taken) >= limit:
                break
            host = self._round.popleft()
            entry = self._head(host)
            if entry is None or entry[0] > now:
                self._leave_round(host)
            elif can_start(host):
                taken.append(self._take(host))
                self._round.append(host)
            else:
                self._round.append(host)
        return taken

    def next_due(self) -> Instant | None:
        """When the next poll falls due, which may be past while polls wait for their host; None if none is planned."""
        for host in self._round:
            if (entry := self._head(host)) is not None:
                return entry[0]
        while self._waiting:
            due, host = self._waiting[0]
            entry = self._head(host)
            if entry is not None and self._queues[host].announced == due == entry[0]:
                return due
            self._reannounce()
        return None

    def _fill_round(self, now: Instant) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            due, host = self._waiting[0]
            entry = self._head(host)
            if entry is None or self._queues[host].announced != due or entry[0] > now:
                self._reannounce()
                continue
            heappop(self._waiting)
            self._queues[host].announced, self._queues[host].ready = None, True
            self._round.append(host)

    def _leave_round(self, host: HostKey) -> None:
        queue = self._queues[host]
        queue.ready = False
        entry = self._head(host)
        if entry is None:
            del self._queues[host]
        else:
            self._announce(host, queue, entry[0])

    def _announce(self, host: HostKey, queue: _Queue, due: Instant) -> None:
        if queue.announced is None or due < queue.announced:
            queue.announced = due
            heappush(self._waiting, (due, host))

    def _reannounce(self) -> None:
        """Takes the first host out of the heap; it comes back if the entry was its own and only its time was wrong."""
        due, host = heappop(self._waiting)
        queue = self._queues.get(host)
        if queue is None or queue.announced != due:
            return
        queue.announced = None
        entry = self._head(host)
        if entry is None:
            del self._queues[host]
        else:
            self._announce(host, queue, entry[0])

    def _head(self, host: HostKey) -> _Entry | None:
        queue = self._queues.get(host)
        while queue and queue.heap:
            if self._alive(queue.heap[0]):
                return queue.heap[0]
            heappop(queue.heap)
        return None

    def _take(self, host: HostKey) -> FeedId:
        queue = self._queues[host]
        _, _, feed = heappop(queue.heap)
        queue.live -= 1
        del self._places[feed]
        return feed

    def _alive(self, entry: _Entry) -> bool:
        place = self._places.get(entry[2])
        return place is not None and place[2] == entry[1]
