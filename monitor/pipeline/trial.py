"""Trying a watch on articles that were published: what it would have met, and what another version of it would have.

Judged by the functions a poll is judged by, so the result is that of a live run over the same articles.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappush, heapreplace

from monitor.match.matcher import RuleSet
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, digest
from monitor.model.units import rfc3339
from monitor.model.watch import Match, Watch
from monitor.pipeline.rules import concerns
from monitor.publish.recall import Recalled

REMEMBERED = 200_000
"""Articles that were met of which later revisions are known: an edit so much later counts as another article."""

Alias = tuple[str, str, str | None, str | None]
"""Of a hit: term, kind, concept, language."""


@dataclass(frozen=True, slots=True)
class Version:
    """A watch in the rules it stands in. It is awake, whatever its file says."""

    watch: Watch
    rules: RuleSet

    @property
    def name(self) -> str:
        """Names query, packs and fold table."""
        return self.rules.version(self.watch.id)

    def judge(self, said: Recalled, feed: FeedSpec) -> Match | None:
        """What the watch finds in an article of a feed."""
        if not concerns(self.watch, feed):
            return None
        return next(iter(self.rules.match(said.text, frozenset({self.watch.id}))), None)


@dataclass(frozen=True, slots=True)
class Sample:
    """An article that was met, with what was found. Of one that an edit loses: what the other version found."""

    said: Recalled
    match: Match


@dataclass(slots=True)
class Samples:
    """So many of all that are offered, chosen by a hash of their ids: the same ones however the log is read."""

    most: int
    _kept: list[tuple[int, str, Sample]] = field(default_factory=list)

    def offer(self, sample: Sample) -> None:
        """Keeps it if its turn is earlier than that of the last one kept."""
        name = f"{sample.said.id}.{sample.said.revision}"
        entry = (-int(digest("sample", name), 16), name, sample)
        if len(self._kept) < self.most:
            heappush(self._kept, entry)
        elif self._kept and entry[:2] > self._kept[0][:2]:
            heapreplace(self._kept, entry)

    @property
    def shown(self) -> list[Sample]:
        """Those that were kept, the oldest first."""
        return sorted((sample for _, _, sample in self._kept), key=lambda one: (one.said.time, one.said.id))


@dataclass(slots=True)
class Firsts:
    """Which articles have been here before, of so many of the newest."""

    most: int = REMEMBERED
    _seen: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def is_first(self, name: str) -> bool:
        """Whether an article comes for the first time; it is known from now on."""
        if name in self._seen:
            return False
        self._seen[name] = None
        if len(self._seen) > self.most:
            self._seen.popitem(last=False)
        return True


@dataclass(slots=True)
class Difference:
    """Articles that one version meets and the other does not."""

    samples: Samples
    count: int = 0
    _firsts: Firsts = field(default_factory=Firsts)

    def take(self, sample: Sample) -> None:
        """Counts an article, once."""
        if self._firsts.is_first(sample.said.id):
            self.count += 1
            self.samples.offer(sample)


@dataclass(slots=True)
class Trial:
    """A watch before the articles of the past, revision by revision as they were published. Its memory is bounded.

    `cpu` gives CPU seconds; `feeds` are those of the configuration, which says whose articles a watch may judge.
    """

    tried: Version
    against: Version | None
    feeds: Mapping[FeedId, FeedSpec]
    cpu: Callable[[], float]
    most: int = 20
    """Samples of each kind."""
    judged: Counter[str] = field(default_factory=Counter)
    """Revisions by day (UTC)."""
    met: Counter[str] = field(default_factory=Counter)
    """Articles that are met by day, each when it is met for the first time, as it would raise its alert."""
    languages: Counter[str] = field(default_factory=Counter)
    by_feed: Counter[str] = field(default_factory=Counter)
    aliases: Counter[Alias] = field(default_factory=Counter)
    """Hits by what found them; of an article at most as many as an alert carries."""
    hits: Counter[str] = field(default_factory=Counter)
    """All hits by day."""
    revisions: int = 0
    """Revisions that are met, also those of articles met before."""
    baseline: int = 0
    """Of the articles that are met: those of a feed's first document, for most of which no alert is raised."""
    bodiless: int = 0
    """Revisions that were published without their body."""
    unreadable: int = 0
    """Records that are no article event."""
    seconds: float = 0.0
    """CPU time of judging by the watch that is tried."""
    samples: Samples = field(init=False)
    added: Difference = field(init=False)
    removed: Difference = field(init=False)
    _firsts: Firsts = field(default_factory=Firsts)

    def __post_init__(self) -> None:
        self.samples = Samples(self.most)
        self.added, self.removed = Difference(Samples(self.most)), Difference(Samples(self.most))

    @property
    def total(self) -> int:
        """Revisions that were judged."""
        return self.judged.total()

    def hear(self, said: Recalled) -> Match | None:
        """Judges one revision and counts it; what the watch found in it."""
        self.judged[rfc3339(said.time)[:10]] += 1
        self.bodiless += not said.whole
        feed = self._feed(said.feed)
        begun = self.cpu()
        found = self.tried.judge(said, feed)
        self.seconds += self.cpu() - begun
        if found:
            self._count(said, found)
        if self.against is not None:
            self._compare(said, found, self.against.judge(said, feed))
        return found

    def _feed(self, said: FeedSpec) -> FeedSpec:
        """The feed as it was when it published, with the watches that may judge it now."""
        known = self.feeds.get(said.id)
        return said if known is None else FeedSpec(said.id, said.url, tags=said.tags, watches=known.watches)

    def _count(self, said: Recalled, found: Match) -> None:
        self.revisions += 1
        if not self._firsts.is_first(said.id):
            return
        day = rfc3339(said.time)[:10]
        self.met[day] += 1
        self.hits[day] += found.hits_total
        self.languages[said.text.language] += 1
        self.by_feed[said.feed.id] += 1
        self.baseline += said.baseline
        self.aliases.update((hit.term, hit.kind, hit.concept, hit.language) for hit in found.hits)
        self.samples.offer(Sample(said, found))

    def _compare(self, said: Recalled, new: Match | None, old: Match | None) -> None:
        if new is not None and old is None:
            self.added.take(Sample(said, new))
        elif old is not None and new is None:
            self.removed.take(Sample(said, old))
