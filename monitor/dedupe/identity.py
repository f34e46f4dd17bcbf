"""Which article is this? A ladder of keys, each trusted per feed as long as the feed gives no reason not to.

    guid      shared by items that differ, or issued anew for known items: not trusted
    url       shared by items with different guids (a live page, the home page): not trusted
    content   title and beginning of the text; always there

Two passes: `judge_rungs` looks at the keys of a whole document, then `recognise` at each article.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from monitor.dedupe.titles import differ, sketch_title
from monitor.dedupe.window import RUNGS, Memory
from monitor.model.article import Article, FieldName, Keys, RungName
from monitor.model.ids import ArticleId
from monitor.model.state import Item

CHURN_LEAST = 3
CHURN_SHARE = 0.5
"""Unknown guids that belong to known items: how many, and what share of all unknown guids of a document, are churn."""

REUSE_OVERLAP = 0.3
"""A key that names a known item under another title, with fewer words in common, has been given away again."""

MAX_UPDATES = 24
"""Revisions an item may have besides its first: a page that changes with every poll is not news."""

WEAK_CONTENT = 40
"""Characters of text below which equal content proves nothing: the same title may come every day."""

_FIELDS: tuple[FieldName, ...] = ("title", "summary", "body")


@dataclass(frozen=True, slots=True)
class RungChange:
    """A rung this feed is not recognised by any more."""

    rung: RungName
    trusted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Trust:
    """What a document says about its own keys. `owned`: items whose trusted guid one of the articles has."""

    distrusted: frozenset[str] = frozenset()
    changes: tuple[RungChange, ...] = ()
    owned: frozenset[ArticleId] = frozenset()


@dataclass(frozen=True, slots=True)
class New:
    """Never seen: `rung` and `value` name it for ever. `reused`: a key of it named another article before."""

    rung: RungName
    value: str
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Nothing a reader would see has changed. `item` has the keys the article has now."""

    item: Item


@dataclass(frozen=True, slots=True)
class Edited:
    """A known article whose folded texts differ in these fields. `item` has the keys, not yet the hashes, of now."""

    item: Item
    changed: tuple[FieldName, ...]


Recognised = New | Known | Edited


class _Entry(NamedTuple):
    """The keys of one entry of the document; `content` tells entries apart that differ for their readers."""

    guid: int
    url: int
    content: int


def judge_rungs(
    articles: Sequence[Article], known_items: Sequence[Item], memory: Memory, distrusted: frozenset[str]
) -> Trust:
    """The trust this document leaves, from the keys of its articles and of its items that came back unchanged.

    `distrusted`: the rungs not trusted so far; they stay so (pass none to judge a feed anew).
    """
    keyed: list[Keys | Item] = [*(article.keys for article in articles), *known_items]
    entries = [_Entry(one.guid, one.url, one.content) for one in keyed]
    changes: list[RungChange] = []
    if "guid" not in distrusted and (reason := _doubt_guid(entries, articles, memory, distrusted)):
        changes.append(RungChange("guid", False, reason))
        distrusted |= {"guid"}
    if "url" not in distrusted and (reason := _doubt_url(entries, distrusted)):
        changes.append(RungChange("url", False, reason))
        distrusted |= {"url"}
    named = () if "guid" in distrusted else (memory.named("guid", one.keys.guid) for one in articles)
    owned = frozenset(item.id for item in named if item is not None and not memory.seen(item))
    return Trust(distrusted, tuple(changes), owned)


def recognise(article: Article, memory: Memory, trust: Trust) -> Recognised:
    """Whether the article is new, known, or known and edited. A change of keys alone publishes nothing."""
    reused = False
    for rung in RUNGS:
        item = None if _doubtful(rung, article, trust.distrusted) else memory.named(rung, getattr(article.keys, rung))
        if item is None:
            continue
        if _is_reused(rung, item, article, trust):
            reused = True
            continue
        taken = _taken(item, article, memory, trust)
        if taken and rung == "content" and (_has_address(article, trust.distrusted) or item.hashes != article.hashes):
            continue
        return Known(item) if taken else _compared(item, article)
    return _named(article, trust, reused)


def _doubt_guid(
    entries: Sequence[_Entry], articles: Sequence[Article], memory: Memory, distrusted: frozenset[str]
) -> str:
    """Why guids cannot be trusted; empty if they can."""
    first: dict[int, int] = {}
    if any(one.guid and first.setdefault(one.guid, one.content) != one.content for one in entries):
        return "shared"
    present = {one.guid for one in entries}
    unknown = [one.keys for one in articles if one.keys.guid and memory.named("guid", one.keys.guid) is None]
    found = [memory.find(keys, {"guid", *distrusted}) for keys in unknown]
    churned = sum(item is not None and not memory.seen(item) and item.guid not in present for item in found)
    return "churn" if churned >= CHURN_LEAST and churned >= CHURN_SHARE * len(unknown) else ""


def _doubt_url(entries: Sequence[_Entry], distrusted: frozenset[str]) -> str:
    """Why URLs cannot be trusted: one stands at items that differ, by guid if guids can tell."""
    first: dict[int, _Entry] = {}
    for one in entries:
        other = first.setdefault(one.url, one) if one.url else one
        same_guid = "guid" not in distrusted and one.guid and one.guid == other.guid
        if one.content != other.content and not same_guid:
            return "shared"
    return ""


def _doubtful(rung: RungName, article: Article, distrusted: frozenset[str]) -> bool:
    """Whether this key proves nothing about this article."""
    if rung != "content":
        return rung in distrusted
    return len(article.summary or article.body) < WEAK_CONTENT and _has_address(article, distrusted)


def _has_address(article: Article, distrusted: frozenset[str]) -> bool:
    """Whether a trusted guid or URL can tell this article from others that say the same."""
    keys = article.keys
    return bool(keys.guid and "guid" not in distrusted) or bool(keys.url and "url" not in distrusted)


def _is_reused(rung: RungName, item: Item, article: Article, trust: Trust) -> bool:
    """Guid or URL is known, but the other one and the title are another's: the number of a post given away again."""
    if rung == "content" or item.content == article.keys.content:
        return False
    other: RungName = "url" if rung == "guid" else "guid"
    before, now = getattr(item, other), getattr(article.keys, other)
    apart = bool(before and now and before != now) and other not in trust.distrusted
    return apart and differ(item, article.title, REUSE_OVERLAP)


def _taken(item: Item, article: Article, memory: Memory, trust: Trust) -> bool:
    """Whether another entry of the document is this item already, so that this one is its twin."""
    if item.id in trust.owned:
        return memory.named("guid", article.keys.guid) != item
    return memory.seen(item)


def _compared(item: Item, article: Article) -> Known | Edited:
    keys = article.keys
    current = replace(
        item,
        guid=keys.guid or item.guid,
        url=keys.url or item.url,
        content=keys.content or item.content,
        title=sketch_title(article.title) or item.title,
    )
    pairs = zip(_FIELDS, item.hashes, article.hashes, strict=True)
    changed = tuple(name for name, before, now in pairs if before != now)
    return Edited(current, changed) if changed and item.revision <= MAX_UPDATES else Known(current)


def _named(article: Article, trust: Trust, reused: bool) -> New:
    """The first rung that can name the article; a reused guid or URL has already named another one."""
    keys = article.keys
    if reused:
        return New("content", f"{keys.content_value} {keys.guid_value} {keys.url_value}", reused=True)
    if keys.guid_value and "guid" not in trust.distrusted:
        return New("guid", keys.guid_value)
    if keys.url_value and "url" not in trust.distrusted:
        return New("url", keys.url_value)
    return New("content", keys.content_value)
