"""Is it them or is it us: when nearly everything fails at once, our own uplink is down.

While the breaker is open nobody's failures are counted, nothing is learned and no feed is retired (B35); polls go on
at a tenth of the rate, until three domains have answered.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from monitor.model.ids import HostKey
from monitor.model.units import Instant
from monitor.schedule.placement import registrable_domain

WITHIN = 120.0
MIN_POLLS, MIN_DOMAINS, MIN_SHARE = 10, 5, 0.8
ANSWERS_TO_CLOSE = 3
SLOWDOWN = 10
"""Of ten polls that are due while the breaker is open, one is made."""
NETWORK_KINDS = frozenset({"dns", "connect", "tls", "tls_cert", "timeout"})


class _Seen(NamedTuple):
    at: Instant
    domain: str
    cause: str | None
    """`network`, the reason of a `not_a_feed`, or None for an answer."""


class UplinkBreaker:
    """Judges the polls of the last two minutes. No clock; times are monotonic seconds."""

    def __init__(self) -> None:
        self.up = True
        self.failing = 0
        """Failing polls in the window when the breaker was last judged."""
        self._seen: deque[_Seen] = deque()
        self._causes: Counter[str | None] = Counter()
        self._answered: set[str] = set()
        self._portal: str | None = None

    @property
    def polls(self) -> int:
        """Polls in the window."""
        return len(self._seen)

    def told(self, host: HostKey, kind: str, reason: str, now: float) -> bool:
        """One poll has ended with this verdict. True if the breaker has just opened or closed (`up` says which)."""
        seen = _Seen(now, registrable_domain(host), _cause(kind, reason))
        self._slide(seen)
        return self._judge() if self.up else self._listen(seen)

    def _slide(self, seen: _Seen) -> None:
        while self._seen and self._seen[0].at + WITHIN < seen.at:
            self._causes[self._seen.popleft().cause] -= 1
        self._seen.append(seen)
        self._causes[seen.cause] += 1

    def _judge(self) -> bool:
        portal = max((cause for cause in self._causes if cause not in (None, "network")), key=self._count, default=None)
        self.failing = self._count("network") + (self._count(portal) if portal else 0)
        if len(self._seen) < MIN_POLLS or self.failing < MIN_SHARE * len(self._seen):
            return False
        if len({seen.domain for seen in self._seen if seen.cause and seen.cause in ("network", portal)}) < MIN_DOMAINS:
            return False
        self.up, self._portal = False, portal
        self._answered.clear()
        return True

    def _count(self, cause: str | None) -> int:
        return self._causes[cause]

    def _listen(self, seen: _Seen) -> bool:
        """An answer counts unless it is the page that stood in everybody's place."""
        if seen.cause != "network" and (self._portal is None or seen.cause != self._portal):
            self._answered.add(seen.domain)
        if len(self._answered) < ANSWERS_TO_CLOSE:
            return False
        self.up = True
        self._seen.clear()
        self._causes.clear()
        return True


def _cause(kind: str, reason: str) -> str | None:
    if kind in NETWORK_KINDS:
        return "network"
    return f"not_a_feed {reason}" if kind == "not_a_feed" else None
