"""A feed whose documents are judged one after the other, as the pipeline does it, with nothing but identity in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.dedupe.identity import Edited, Known, New, RungChange, judge_rungs, recognise
from monitor.dedupe.titles import sketch_title
from monitor.dedupe.window import Memory
from monitor.model.article import Article, Keys
from monitor.model.ids import article_id, digest
from monitor.model.state import Item
from monitor.normalise.fold import fold, hash64
from monitor.normalise.url import canonical, guid_twin, url_key


def article(title: str = "", text: str = "", guid: str | None = None, url: str | None = None) -> Article:
    """An article with the keys that `normalise` gives it."""
    guid = (guid or "").strip() or None
    url = canonical(url) if url else None
    folded, body = fold(title), fold(text)
    twin, key = guid_twin(guid) if guid else "", url_key(url) if url else ""
    content = (folded, body[:280]) if folded or body else ("", "", key or twin)
    keys = Keys(
        guid=hash64(twin),
        url=hash64(key),
        content=hash64("\n".join(content)),
        guid_value=guid,
        url_value=url,
        content_value=digest(*content),
    )
    raw = bytes.fromhex(digest(title, text, guid or "", url or "")[:16])
    return Article(keys, raw, title, text, guid=guid, url=url, hashes=(hash64(folded), hash64(body), 0))


@dataclass(slots=True)
class Heard:
    """What came of one document: titles of new and edited articles, how many were known."""

    new: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    known: int = 0
    reused: int = 0
    changes: tuple[RungChange, ...] = ()


@dataclass(slots=True)
class Feed:
    """The memory of one feed from poll to poll."""

    items: tuple[Item, ...] = ()
    distrusted: frozenset[str] = frozenset()
    rounds: int = 0

    def poll(self, articles: Sequence[Article]) -> Heard:
        """Judges one document and remembers it."""
        memory, heard = Memory(self.items), Heard()
        raw = memory.raw_hashes()
        back = [item for one in articles if one.raw_hash in raw and (item := memory.touch_raw(one.raw_hash))]
        fresh = [one for one in articles if one.raw_hash not in raw]
        trust = judge_rungs(fresh, back, memory, self.distrusted)
        heard.known, heard.changes = len(back), trust.changes
        for one in fresh:
            match recognise(one, memory, trust):
                case New(rung, value, reused):
                    heard.new.append(one.title)
                    heard.reused += reused
                    memory.keep(_item(one, article_id("feed", rung, value)))
                case Edited(item):
                    heard.edited.append(one.title)
                    revision = item.revision + 1
                    memory.keep(replace(item, raw_hash=one.raw_hash, hashes=one.hashes, revision=revision))
                case Known(item):
                    heard.known += 1
                    memory.keep(replace(item, raw_hash=one.raw_hash))
        self.items = memory.packed(self.rounds, len(articles))
        self.distrusted, self.rounds = trust.distrusted, self.rounds + 1
        return heard


def _item(one: Article, name: Any) -> Item:
    keys = one.keys
    sketch = sketch_title(one.title)
    return Item(name, keys.guid, keys.url, keys.content, one.raw_hash, one.hashes, 1, 0.0, title=sketch)
