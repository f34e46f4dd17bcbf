"""An entry as the document has it becomes an `Article`: cleaned, cut to its limits, with the keys to know it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urljoin

from monitor.model.article import (
    Article,
    Enclosure,
    Entry,
    Hints,
    Keys,
    Language,
    Parsed,
    Quality,
    Quarantined,
    TextConstruct,
)
from monitor.model.feed import FeedSpec
from monitor.model.ids import digest
from monitor.normalise.dates import Order, ParsedDate, numeric_order, parse_date
from monitor.normalise.fold import fold, hash64
from monitor.normalise.furniture import Stripped, article_lines, strip_furniture
from monitor.normalise.language import detect
from monitor.normalise.text import clean_text, html_to_text, plain_to_text, shows_markup, title_to_text
from monitor.normalise.url import absolute, canonical, guid_twin, strict, url_key

TEXT_LIMIT = 65_536
TITLE_LIMIT = 1_000
NAME_LIMIT = 200
MAX_AUTHORS = 16
MAX_TAGS = 64
MAX_ENCLOSURES = 32
MAX_CONTENTS = 8
GUID_LIMIT = 1_024
"""Code points of a text, a title, an author or tag; how many authors, tags, enclosures, contents; of a guid that is
not hashed."""

CONTENT_LENGTH = 280
"""Folded characters of the text that make the content key, with the folded title."""

_DATED = 200
_LINKED = 32
"""Entries of the document that are asked what one alone cannot say: the order of dates, whether links collide."""


def normalise(entry: Entry, parsed: Parsed, feed: FeedSpec, hints: Hints, final_url: str) -> Article | Quarantined:
    """The article an entry is. Never raises; only an entry that says nothing at all is quarantined.

    `final_url`: of the response, after redirects; relative links resolve against it and the entry's `xml:base`.
    """
    base = urljoin_safely(final_url, entry.base)
    url, guid = _own_link(entry, parsed, base), _guid(entry.guid)
    texts = _Texts.of(entry, hints.furniture)
    enclosures = _enclosures(entry.enclosures, base)
    if not (texts.title or texts.summary.text or texts.body.text or url or guid or enclosures):
        return Quarantined("empty", "the entry has neither title, text, link nor guid", entry.raw)
    language = _language(entry, parsed, feed, hints, texts)
    dates = _Dates.of(entry, parsed, feed, hints)
    return Article(
        keys=_keys(guid, url, texts),
        raw_hash=entry.raw_hash,
        title=texts.title,
        summary=texts.summary.text,
        body=texts.body.text,
        guid=guid,
        url=url,
        image=absolute(entry.image, base) if entry.image else None,
        enclosures=enclosures,
        language=language,
        authors=_names(entry.authors, MAX_AUTHORS),
        tags=_names(entry.tags, MAX_TAGS),
        published=dates.published.instant,
        updated=dates.updated.instant,
        created=dates.created.instant,
        date_raw=dates.raw,
        source=_line(entry.source or "", TITLE_LIMIT) or None,
        quality=_quality(parsed, texts, dates),
        removed=texts.summary.removed + texts.body.removed,
        hashes=texts.hashes,
        lines=article_lines(texts.summary, texts.body),
    )


def urljoin_safely(base: str, url: str) -> str:
    """`urljoin` that gives `base` where it would raise."""
    try:
        return urljoin(base, url)
    except ValueError:
        return base


@dataclass(frozen=True, slots=True)
class _Texts:
    """The three texts, clean; `cut`: one of them was longer than its limit."""

    title: str
    summary: Stripped
    body: Stripped
    cut: bool
    folded: tuple[str, str, str]
    """What keys and hashes are made of. Learned lines stay in it: to learn one must not look like an edit."""

    @classmethod
    def of(cls, entry: Entry, learned: frozenset[int]) -> _Texts:
        title = _converted(entry.title, title_to_text) if entry.title else ""
        summary = _converted(entry.summary, html_to_text) if entry.summary else ""
        body = max(
            (_converted(content, html_to_text) for content in entry.contents[:MAX_CONTENTS]), key=len, default=""
        )
        cut = len(title) > TITLE_LIMIT or any(
            len(one.value) > TEXT_LIMIT for one in (entry.summary, *entry.contents) if one
        )
        title, summary, body = _line(title, TITLE_LIMIT), clean_text(summary, TEXT_LIMIT), clean_text(body, TEXT_LIMIT)
        shorter, longer = strip_furniture(summary, "summary", learned), strip_furniture(body, "body", learned)
        folded = fold(title), fold(_unlearned(summary, shorter)), fold(_unlearned(body, longer))
        return cls(title, shorter, longer, cut, folded)

    @property
    def hashes(self) -> tuple[int, int, int]:
        title, summary, body = map(hash64, self.folded)
        return title, summary, body


def _unlearned(text: str, stripped: Stripped) -> str:
    if not any(one.kind == "T8" for one in stripped.removed):
        return stripped.text
    return strip_furniture(text, "body").text


def _converted(construct: TextConstruct, convert: Callable[[str], str]) -> str:
    """HTML as text; what still shows tags then had been escaped once too often, and is converted once more."""
    if not construct.html:
        return plain_to_text(construct.value[: TEXT_LIMIT * 4])
    text = convert(construct.value)
    return convert(text) if shows_markup(text) else text


def _line(text: str, limit: int) -> str:
    """Clean text on one line."""
    return clean_text(" ".join(clean_text(text, limit).split()), limit)


def _names(names: Iterable[str], most: int) -> tuple[str, ...]:
    """Names of people or subjects: text, each once, in order."""
    clean: dict[str, None] = {}
    for name in names:
        if line := _line(title_to_text(name[: NAME_LIMIT * 4]), NAME_LIMIT):
            clean[line] = None
        if len(clean) == most:
            break
    return tuple(clean)


def _own_link(entry: Entry, parsed: Parsed, base: str) -> str | None:
    """The canonical link, or its strict form where that would be the link of another item, too (`/live#post-7`)."""
    url, precise = _link(entry, base), strict(entry.link, base) if entry.link else None
    if url is None or precise is None or url == precise:
        return url
    page = _page(entry)
    others = (one for one in parsed.feed.entries[:_LINKED] if one.guid != entry.guid and _page(one) == page)
    crowded = any(one.title != entry.title and one.link != entry.link and _link(one, base) == url for one in others)
    return precise if crowded else url


def _page(entry: Entry) -> str:
    """The link without query and fragment."""
    return (entry.link or "").partition("#")[0].partition("?")[0]


def _link(entry: Entry, base: str) -> str | None:
    """The link, else a guid that is one. A guid is never resolved: a bare one would become a wrong link."""
    found = canonical(entry.link, base) if entry.link else None
    if (
        found is None
        and entry.guid_is_link
        and (entry.guid or "").strip()[:8].lower().startswith(("http://", "https://"))
    ):
        return canonical(entry.guid or "")
    return found


def _guid(guid: str | None) -> str | None:
    guid = (guid or "").strip()
    if len(guid) > GUID_LIMIT:
        return "sha256:" + sha256(guid.encode("utf-8", "replace")).hexdigest()
    return clean_text(guid, GUID_LIMIT).strip() or None


def _enclosures(enclosures: Iterable[Enclosure], base: str) -> tuple[Enclosure, ...]:
    kept: dict[str, Enclosure] = {}
    for one in enclosures:
        url = absolute(one.url, base)
        if url is not None and url not in kept:
            kept[url] = Enclosure(url, _media_type(one.type), _length(one.length))
        if len(kept) == MAX_ENCLOSURES:
            break
    return tuple(kept.values())


def _media_type(text: str | None) -> str | None:
    text = (text or "").strip().lower()
    main, slash, sub = text.partition("/")
    plain = main.isalpha() and text.isascii() and text.isprintable() and " " not in text
    return text if slash and sub and plain and len(text) <= 100 else None


def _length(length: int | None) -> int | None:
    return length if length is not None and 0 <= length < 1 << 53 else None


def _language(entry: Entry, parsed: Parsed, feed: FeedSpec, hints: Hints, texts: _Texts) -> Language:
    """The operator knows better than a template what a feed speaks; the entry better than its feed."""
    declared = feed.language or entry.language or parsed.feed.language or hints.language
    return detect(texts.title, texts.summary.text or texts.body.text, declared)


@dataclass(frozen=True, slots=True)
class _Dates:
    """The dates of an entry; `raw` and `zone_assumed` are of the one that counts."""

    published: ParsedDate
    updated: ParsedDate
    created: ParsedDate
    raw: str | None
    zone_assumed: bool

    @classmethod
    def of(cls, entry: Entry, parsed: Parsed, feed: FeedSpec, hints: Hints) -> _Dates:
        zone = feed.overrides.zone or hints.zone
        language = feed.language or entry.language or parsed.feed.language
        raws = (entry.published, entry.updated, entry.created)
        order = _order(parsed) if any(raw and "/" in raw for raw in raws) else None
        dates = [
            parse_date(raw, fetched_at=hints.fetched_at, zone=zone, language=language, order=order) for raw in raws
        ]
        pairs = [pair for pair in zip(dates, raws, strict=True) if pair[1]]
        best, raw = next((pair for pair in pairs if pair[0].instant is not None), (pairs or [(dates[0], None)])[0])
        return cls(dates[0], dates[1], dates[2], _line(raw, 128) if raw else None, best.zone_assumed)


def _order(parsed: Parsed) -> Order | None:
    entries = parsed.feed.entries[:_DATED]
    return numeric_order(raw for entry in entries for raw in (entry.published, entry.updated))


def _quality(parsed: Parsed, texts: _Texts, dates: _Dates) -> Quality:
    return Quality(
        route=parsed.route,
        charset=parsed.charset,
        charset_source=parsed.charset_source,
        truncated=texts.cut,
        repairs=parsed.repairs,
        furniture=len(texts.summary.removed) + len(texts.body.removed),
        teaser=(texts.body if texts.body.text else texts.summary).teaser,
        zone_assumed=dates.zone_assumed,
    )


def _keys(guid: str | None, url: str | None, texts: _Texts) -> Keys:
    """The keys of all rungs. An entry without a word has its address for content, so that one key is always there."""
    title, summary, body = texts.folded
    text = (summary or body)[:CONTENT_LENGTH]
    twin, key = guid_twin(guid) if guid else "", url_key(url) if url else ""
    content = (title, text) if title or text else ("", "", key or twin)
    return Keys(
        guid=hash64(twin),
        url=hash64(key),
        content=hash64("\n".join(content)),
        guid_value=guid,
        url_value=url,
        content_value=digest(*content),
    )
