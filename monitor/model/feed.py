"""What to poll: `FeedSpec`, exactly as an operator wrote it or a running service was told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from monitor.model.ids import FeedId
from monitor.model.units import Instant

FeedClass = Literal["polite", "news", "burst"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of the time between two polls, seconds."""

    min: float
    max: float


@dataclass(frozen=True, slots=True)
class FeedOverrides:
    """Settings one feed may have of its own. `None` means: as the service has it."""

    auth_file: str | None = None
    """File with the value of an Authorization header, or `user:password`; sent only to the feed's own origin."""
    headers_file: str | None = None
    """File with one `Name: value` a line; sent only to the feed's own origin."""
    proxy: str | None = None
    """HTTP proxy for this feed alone."""
    user_agent: str | None = None
    """For servers that refuse the usual one; whoever sets it answers for it."""
    charset: str | None = None
    """Believed before anything the server or the document says."""
    zone: str | None = None
    """IANA zone of dates that name none."""
    ignore_skip: bool = False
    """Poll also in the hours and on the days that the feed asks to be left alone."""
    gap_may_lower_floor: bool = True
    """After items were missed between two polls, the floor may fall to 5 min."""
    allow_downgrade: bool = False
    """Follow a redirect from https to http; never with credentials."""
    retry_after_scope: Literal["feed", "host", "domain"] = "feed"
    """What waits when the server says Retry-After."""


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """One feed to poll."""

    id: FeedId
    url: str
    name: str = ""
    language: str | None = None
    """BCP 47; a prior for the language of its articles."""
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    tags: tuple[str, ...] = ()
    cls: FeedClass = "polite"
    """`class` in files: how often a feed may be asked (`docs/configuration.md`)."""
    interval: Interval | None = None
    watches: tuple[str, ...] | None = None
    """Ids of the watches its articles are judged by; None = all."""
    filter: str | None = None
    """A query; articles it does not match are counted as filtered."""
    paused: bool = False
    renamed_from: FeedId | None = None
    owner: str | None = None
    notes: str | None = None
    origin: Literal["config", "runtime"] = "config"
    overrides: FeedOverrides = field(default_factory=FeedOverrides)


@dataclass(frozen=True, slots=True)
class FeedChanges:
    """A step of the registry: feeds that are new or different, and ids that are gone."""

    put: tuple[FeedSpec, ...] = ()
    removed: tuple[FeedId, ...] = ()
    states: tuple[tuple[FeedId, bytes], ...] = ()
    """Memories that feeds of `put` bring along from the shard they were in; one that is here already counts more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Which configuration the registry was brought level with: its generation, and when it was read from the files."""

    generation: str
    read_at: Instant
