"""All that is remembered of a feed between two polls."""

from __future__ import annotations

from dataclasses import dataclass, fields

from monitor.model.article import FeedAdvice
from monitor.model.ids import ArticleId, FeedId
from monitor.model.poll import ValidatorsByUrl, VerdictKind
from monitor.model.units import Instant


@dataclass(frozen=True, slots=True)
class Counts:
    """The loss ledger of one poll, or of many: `fetched = new + updated + known + filtered + quarantined + cut`."""

    fetched: int = 0
    new: int = 0
    updated: int = 0
    known: int = 0
    filtered: int = 0
    quarantined: int = 0
    cut: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Counts)))

    @property
    def unaccounted(self) -> int:
        """Items nobody can say anything about; anything but 0 is an error of ours."""
        return self.fetched - self.new - self.updated - self.known - self.filtered - self.quarantined - self.cut


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the memory of a feed. Hashes are 64 bits, 0 = absent."""

    id: ArticleId
    guid: int
    url: int
    content: int
    raw_hash: bytes
    hashes: tuple[int, int, int]
    revision: int
    first_seen: Instant
    alerted: tuple[int, ...] = ()
    """Hashes of the watches that have alerted on this article, so that a revision alerts only for new ones."""
    seen_round: int = 0
    """Number of the read (`FeedState.rounds`) in which the item was last in the document."""
    title: bytes = b""
    """Sketch of the title's words, 16 bytes: tells a reused key from an edit."""


@dataclass(frozen=True, slots=True)
class Health:
    """How polling goes."""

    failures: int = 0
    """Countable failures running; a success sets it to 0."""
    kind: VerdictKind | None = None
    reason: str = ""
    detail: str = ""
    status: int = 0
    last_poll: Instant | None = None
    last_success: Instant | None = None
    last_new: Instant | None = None
    gone_since: Instant | None = None
    retired: bool = False
    truncated_hash: str | None = None
    truncated_streak: int = 0
    bad_body_hash: str | None = None
    """Of a body that could not be read: while it stays the same no worker is spent on it."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What HTTP said about how long an answer stays fresh; kept over a 304."""

    max_age: float | None = None
    """Seconds; None = nothing said, or no-cache."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often news comes, and when the feed is due."""

    rate_slow: float = 0.0
    rate_fast: float = 0.0
    """New items per second, moving averages with half-lives of 3 days and 3 hours."""
    window: int = 0
    """Items in the last document."""
    interval: float = 0.0
    """Wanted seconds between polls, before floors and jitter; 0 = not yet known."""
    due: Instant = 0.0
    reason: str = ""
    gapped: bool = False
    """News was lost between two polls: the class floor may be lower, and `ttl` and `sy` are not believed any more."""


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect that is being watched before it is believed."""

    target: str
    since: Instant
    polls: int


@dataclass(frozen=True, slots=True)
class FeedState:
    """Replaced as a whole when, and only when, the events of a poll are durable."""

    feed: FeedId
    validators: ValidatorsByUrl = ()
    body_hash: str | None = None
    items: tuple[Item, ...] = ()
    """The item memory, bounded."""
    rounds: int = 0
    """Documents read so far; 0 = the next one is the baseline."""
    distrusted: frozenset[str] = frozenset()
    """Rungs (`guid`, `url`) this feed cannot be recognised by."""
    health: Health = Health()
    cadence: Cadence = Cadence()
    freshness: Freshness = Freshness()
    advice: FeedAdvice = FeedAdvice()
    move: Move | None = None
    moved_to: str | None = None
    """Where the feed has moved, asked instead of `moved_from`."""
    moved_from: str | None = None
    """The configured URL that moved; another one in the configuration makes the move void."""
    events: int = 0
    """Feed events so far: the running number in their ids."""
    totals: Counts = Counts()
    title: str | None = None
    language: str | None = None
    furniture: tuple[tuple[int, int], ...] = ()
    """Learned boilerplate: hash of a folded line and in how many of the last articles it stood."""

    def address(self, url: str) -> str:
        """Where a feed with this configured URL is asked: where it has moved to, unless the operator has changed it."""
        return self.moved_to if self.moved_to is not None and self.moved_from == url else url
