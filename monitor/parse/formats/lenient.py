"""What nothing strict can read: feedparser, kept on a short lead.

It gets a `BytesIO` and nothing else (text that looks like a path or an address is opened by it), never sanitises and
never resolves (slow, and not safe either), and what it answers is taken apart into the same values as everywhere else.
It can be quadratic: call it only in a process that can be killed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import feedparser

from monitor.model.article import Enclosure, Entry, FeedAdvice, ParsedFeed, TextConstruct
from monitor.model.poll import Failed
from monitor.parse.formats.advice import number, update_period
from monitor.parse.formats.elements import enclosure, looks_like_html, person, unique
from monitor.parse.formats.entries import MAX_AUTHORS, MAX_ENCLOSURES, MAX_TAGS, RAW_BYTES
from monitor.parse.formats.scope import Scope, join
from monitor.parse.repair import without_illegal_numbers

MAX_BYTES = 4 << 20
MAX_ATTRIBUTES = 256
MAX_TAG = 64 << 10
"""Characters of one tag: feedparser is quadratic in both."""

_TAG_START = re.compile(r"<[A-Za-z]")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

Answer = dict[str, Any]


def read(text: str, scope: Scope) -> ParsedFeed | Failed:
    """The feed feedparser finds in a decoded document.

    `too_large` beyond 4 MiB; `parse` with `attributes` (a tag nobody writes), `lenient` (feedparser raised) or
    `unrecognised` (it found nothing).
    """
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        return Failed("too_large", "lenient", f"{size} bytes that are not well-formed, at most {MAX_BYTES}")
    if has_monstrous_tag(text):
        return Failed("parse", "attributes", "a tag with more attributes than any feed has")
    answer = _ask(without_illegal_numbers(text))
    if isinstance(answer, Failed):
        return answer
    if not answer["entries"] and not _text(answer, "version"):  # a page has a title, too
        return Failed("parse", "unrecognised", "nothing in it looks like a feed")
    return _feed(answer, scope)


def has_monstrous_tag(text: str) -> bool:
    """Whether a tag has more than 256 quoted attributes or 64 KiB. Linear: each tag is looked at once."""
    at = _TAG_START.search(text)
    while at:
        end = text.find(">", at.start())
        end = len(text) if end < 0 else end
        attributes = text.count('="', at.start(), end) + text.count("='", at.start(), end)
        if end - at.start() > MAX_TAG or attributes > MAX_ATTRIBUTES:
            return True
        at = _TAG_START.search(text, end)
    return False


def _ask(text: str) -> Answer | Failed:
    """feedparser's answer. Its stricter half raises for some things its looser half can read, so that is asked next.

    A bare `&` in front makes it give up the stricter half at once.
    """
    answer = _answer(text)
    if isinstance(answer, Failed) and answer.kind == "parse":
        return _answer(f"&{text}")
    return answer


def _answer(text: str) -> Answer | Failed:
    """It is not told the address: it would resolve guids against it, and so rename articles."""
    headers = {"content-type": "application/xml; charset=utf-8"}
    document = io.BytesIO(text.encode("utf-8", "replace"))
    try:
        answer: Answer = feedparser.parse(
            document, response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except MemoryError:
        return Failed("parse_memory", "lenient", "feedparser needed more memory than a worker has")
    except Exception as error:  # noqa: BLE001 - TypeError, ValueError, UnicodeError, AssertionError were all seen
        return Failed("parse", "lenient", f"feedparser raised {type(error).__name__}")
    return answer


def _feed(answer: Answer, scope: Scope) -> ParsedFeed:
    about, entries = answer["feed"], answer["entries"]
    scope.language = _text(about, "language")
    title = _construct(about, "title", scope)
    return ParsedFeed(
        format=_text(answer, "version") or "unknown",
        entries=tuple(_entry(entry, scope) for entry in entries[: scope.limit]),
        title=title.value if title else None,
        link=_link(about),
        language=scope.language,
        advice=_advice(about, scope),
        cut=max(0, len(entries) - scope.limit),
    )


def _entry(entry: Answer, scope: Scope) -> Entry:
    raw = repr(_canonical(entry))
    contents = (_of_detail(detail, scope) for detail in _list(entry, "content"))
    return Entry(
        raw_hash=blake2b(raw.encode("utf-8", "replace"), digest_size=8).digest(),
        guid=_text(entry, "id"),
        guid_is_link=_get(entry, "guidislink") is not False,
        link=_text(entry, "feedburner_origlink") or _link(entry),
        title=_construct(entry, "title", scope),
        summary=_construct(entry, "summary", scope),
        contents=tuple(content for content in contents if content is not None),
        published=_text(entry, "published"),
        updated=_text(entry, "updated"),
        created=_text(entry, "created"),
        authors=_authors(entry, scope),
        tags=unique(
            (scope.mend(_text(tag, "term") or _text(tag, "label") or "") for tag in _list(entry, "tags")), MAX_TAGS
        ),
        enclosures=_enclosures(entry),
        image=_image(entry),
        language=_text(entry, "language") or scope.language,
        source=_text(_dict(entry, "source"), "title"),
        base=scope.base,
        raw=raw[:RAW_BYTES],
    )


def _construct(place: Answer, word: str, scope: Scope) -> TextConstruct | None:
    detail = _dict(place, f"{word}_detail")
    return _of_detail(detail, scope) if detail else None


def _of_detail(detail: Answer, scope: Scope) -> TextConstruct | None:
    value = scope.mend((_text(detail, "value") or "").strip())
    return TextConstruct(value, _text(detail, "type") in _HTML_TYPES or looks_like_html(value)) if value else None


def _link(place: Answer) -> str | None:
    """feedparser offers a bare guid as link; that is no address."""
    link = _text(place, "link")
    is_guid = link is not None and link == _text(place, "id")
    return None if is_guid and not str(link).startswith(("http://", "https://")) else link


def _authors(entry: Answer, scope: Scope) -> tuple[str, ...]:
    names = [_text(author, "name") or "" for author in _list(entry, "authors")]
    given = names if any(names) else [_text(entry, "author") or ""]
    return unique((person(scope.mend(name)) for name in given), MAX_AUTHORS)


def _enclosures(entry: Answer) -> tuple[Enclosure, ...]:
    given = [(_text(file, "href"), file) for file in _list(entry, "links") if _text(file, "rel") == "enclosure"]
    kept = [(url, file) for url, file in given if url][:MAX_ENCLOSURES]
    return tuple(enclosure(url, _text(file, "type"), _text(file, "length")) for url, file in kept)


def _image(entry: Answer) -> str | None:
    media = _list(entry, "media_content")
    pictures = [one for one in media if (_text(one, "type") or _text(one, "medium") or "").startswith("image")]
    urls = [_text(one, "url") for one in (*_list(entry, "media_thumbnail"), *pictures)]
    return next((url for url in (*urls, _text(_dict(entry, "image"), "href")) if url), None)


def _advice(about: Answer, scope: Scope) -> FeedAdvice:
    ttl = number(_text(about, "ttl"))
    found = {_text(link, "rel"): _text(link, "href") for link in reversed(_list(about, "links"))}
    related = {rel: join(scope.base, href) for rel, href in found.items() if rel and href}
    return FeedAdvice(
        ttl=ttl * 60.0 if ttl else None,
        update_period=update_period(_text(about, "sy_updateperiod"), _text(about, "sy_updatefrequency")),
        hub=related.get("hub"),
        self_url=related.get("self"),
        next_url=related.get("next"),
        prev_archive=related.get("prev-archive"),
        complete=_text(about, "fh_complete") is not None,
    )


def _get(place: Answer, key: str) -> Any:
    """What is stored under a key; feedparser's own `get` answers with other keys' values."""
    return dict.get(place, key)


def _text(place: Answer, key: str) -> str | None:
    value = _get(place, key)
    return value.strip() or None if isinstance(value, str) else None


def _dict(place: Answer, key: str) -> Answer:
    value = _get(place, key)
    return value if isinstance(value, dict) else {}


def _list(place: Answer, key: str) -> list[Answer]:
    value = _get(place, key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _canonical(value: Any) -> Any:
    """An answer as nested tuples in one order, without what does not stand in the item itself."""
    if isinstance(value, dict):
        pairs: Iterable[tuple[str, Any]] = dict.items(value)
        return tuple(sorted((key, repr(_canonical(one))) for key, one in pairs if key not in _INHERITED))
    if isinstance(value, list):
        return tuple(map(_canonical, value))
    return str(value)


_INHERITED = frozenset({"base", "language"})
