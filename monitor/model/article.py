"""What a document says (`ParsedFeed`, `Entry`) and what we make of it (`Reading`, `Article`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monitor.model.feed import FeedSpec
from monitor.model.ids import ArticleId
from monitor.model.poll import Failed, Fetched
from monitor.model.units import Instant

Route = Literal["strict", "decoded", "repaired", "lenient", "json"]
DateSource = Literal["published", "updated", "created", "first_seen"]
FieldName = Literal["title", "summary", "body"]
RungName = Literal["guid", "url", "content"]


@dataclass(frozen=True, slots=True)
class TextConstruct:
    """A text as the document has it: plain text is never stripped of tags, HTML always is."""

    value: str
    html: bool = True


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A media file that belongs to an article. `length` is bytes, None if not said or not believable."""

    url: str
    type: str | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a document before any cleaning. Dates are the raw strings; links may be relative to `base`."""

    raw_hash: bytes
    """8 bytes over the whole item as it stands in the document: an item seen before costs no HTML work."""
    guid: str | None = None
    guid_is_link: bool = False
    """The format allows the guid to serve as link (permalink not denied); whether it looks like one is not said."""
    link: str | None = None
    title: TextConstruct | None = None
    summary: TextConstruct | None = None
    contents: tuple[TextConstruct, ...] = ()
    published: str | None = None
    updated: str | None = None
    created: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    language: str | None = None
    source: str | None = None
    base: str = ""
    raw: str = ""
    """The item as text, at most 4 KiB: what a dead letter shows if it cannot be read."""


@dataclass(frozen=True, slots=True)
class FeedAdvice:
    """What a document says about being polled. Durations are seconds; hours are GMT."""

    ttl: float | None = None
    update_period: float | None = None
    """`sy:updatePeriod` divided by `sy:updateFrequency`, only if actually present."""
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    """0 = Monday."""
    hub: str | None = None
    self_url: str | None = None
    next_url: str | None = None
    prev_archive: str | None = None
    complete: bool = False
    expired: bool = False


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A document in our own words: every entry, in document order, up to the cap."""

    format: str
    entries: tuple[Entry, ...]
    title: str | None = None
    link: str | None = None
    language: str | None = None
    advice: FeedAdvice = FeedAdvice()
    cut: int = 0
    """Entries beyond the cap."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A feed with the way it was read."""

    feed: ParsedFeed
    route: Route
    charset: str
    charset_source: str
    replaced: int = 0
    """U+FFFD that decoding put in."""
    repairs: int = 0
    """Places put right before parsing, and doubly encoded fields that were mended."""
    truncated: bool = False
    """The root's end tag is missing: what was there has been read."""


@dataclass(frozen=True, slots=True)
class Language:
    """BCP 47 tag with where it comes from. `und` with source `none` when nothing is known."""

    tag: str = "und"
    source: Literal["script", "detected", "declared", "none"] = "none"
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Removed:
    """A foreign line taken out of a text by rule: span in the text as it was before, rule id (`T4`), and the line."""

    field: FieldName
    start: int
    end: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Keys:
    """What an item can be recognised by: a 64-bit hash per rung, 0 = absent, and the values that name an article."""

    guid: int
    url: int
    content: int
    guid_value: str | None
    url_value: str | None
    content_value: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How much of an article is guesswork."""

    route: Route = "strict"
    charset: str = "utf-8"
    charset_source: str = "utf8"
    truncated: bool = False
    repairs: int = 0
    furniture: int = 0
    teaser: bool = False
    zone_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Article:
    """What an entry says, clean: text without markup and foreign lines, canonical URL, UTC dates, language.

    `title`, `summary` and `body` are the published texts; every span of a hit indexes them in code points.
    """

    keys: Keys
    raw_hash: bytes
    title: str = ""
    summary: str = ""
    body: str = ""
    guid: str | None = None
    url: str | None = None
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    language: Language = Language()
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published: Instant | None = None
    updated: Instant | None = None
    created: Instant | None = None
    date_raw: str | None = None
    source: str | None = None
    quality: Quality = Quality()
    removed: tuple[Removed, ...] = ()
    hashes: tuple[int, int, int] = (0, 0, 0)
    """64-bit hashes of folded title, summary, body: differences only in case, punctuation or space are no edit."""
    lines: tuple[int, ...] = ()
    """32-bit hashes of its lines, so that a feed's own boilerplate can be learned."""

    @property
    def date(self) -> tuple[Instant | None, DateSource]:
        """The event time and its source: published, else updated, else created."""
        if self.published is not None:
            return self.published, "published"
        if self.updated is not None:
            return self.updated, "updated"
        return self.created, "created" if self.created is not None else "first_seen"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An entry that could not be read or published; kept as a dead letter."""

    reason: str
    message: str
    raw: str


@dataclass(frozen=True, slots=True)
class Hints:
    """What reading needs from the state."""

    fetched_at: Instant
    known: frozenset[bytes] = frozenset()
    """Raw hashes of entries that were read before."""
    charset: str | None = None
    zone: str | None = None
    furniture: frozenset[int] = frozenset()
    language: str | None = None
    truncated_streak: int = 0
    """How often running the same truncated body has come."""


@dataclass(frozen=True, slots=True)
class ReadTask:
    """The whole input of `pipeline.read`, so that a worker process needs nothing else."""

    verdict: Fetched
    feed: FeedSpec
    hints: Hints


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of `pipeline.read`: the verdict without its body, and what the document says.

    `entries` = number of entries in the document = articles + known + quarantined + cut.
    """

    verdict: Fetched
    failed: Failed | None = None
    route: Route = "strict"
    charset: str = ""
    charset_source: str = ""
    replaced: int = 0
    repairs: int = 0
    entries: int = 0
    articles: tuple[Article, ...] = ()
    known: tuple[bytes, ...] = ()
    """Raw hashes of entries the state knows already."""
    quarantined: tuple[Quarantined, ...] = ()
    cut: int = 0
    feed_title: str | None = None
    language: str | None = None
    advice: FeedAdvice = FeedAdvice()
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Identified:
    """An article with what only the state knows."""

    id: ArticleId
    revision: int
    first_seen: Instant
    late: bool
    feed: FeedSpec
    article: Article
