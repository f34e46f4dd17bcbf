"""Which topics hold events, and names of a place in all of them at once. Pure.

A topic has no number that orders it with others: a place is the next offset of each partition, and its token that
table as text that fits into a URL. What a token does not name is read from its beginning: it did not exist, or was
empty, when the token was made.
"""

from __future__ import annotations

import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from fnmatch import translate

import msgspec

from monitor.errors import UsageError
from monitor.publish.topics import PLACEHOLDER, TopicTable

Part = tuple[str, int]
"""Topic and number of a partition, equal to the library's own pair."""
Places = Mapping[Part, int]
"""The next offset of each partition."""
LARGEST = 1 << 20
"""Bytes of a token's table: some thousand topics."""
MOST = 100_000
"""Partitions a token may name: a text of a thousand letters can be unpacked to a million, and the loop waits."""
WATCH = "[a-z0-9-]{1,64}"
_TABLE = msgspec.msgpack.Decoder(dict[str, list[int]])


def event_topics(table: TopicTable, own: Sequence[str] = (), wanted: Sequence[str] = ()) -> re.Pattern[str]:
    """Matches the topics of this installation that hold events, and none of a neighbour with a longer prefix.

    `own`: what watches with a topic of their own say of it, behind the prefix. `wanted`: only these of all; `*` is
    allowed.
    """
    fixed = (table.articles, table.feed_events, table.dead_letters, f"{table.prefix}stories")
    names = [*map(re.escape, fixed), *(re.escape(table.prefix) + _any_watch(name) for name in (table.alerts, *own))]
    others = (table.feeds, table.feed_state, table.rescue, f"{table.prefix}canary")
    every = rf"(?!(?:{'|'.join(map(re.escape, others))})\Z)(?:{'|'.join(names)})"
    if not wanted:
        return re.compile(rf"{every}\Z")
    return re.compile(rf"(?={every}\Z)(?:{'|'.join(map(translate, wanted))})")


def _any_watch(template: str) -> str:
    return WATCH.join(map(re.escape, template.split(PLACEHOLDER)))


def token_of(places: Places) -> str:
    """A place as text of letters, digits, `-` and `_`. Partitions nothing was read of are left out."""
    table: dict[str, list[int]] = {}
    for (topic, number), offset in sorted(places.items()):
        if offset:
            known = table.setdefault(topic, [])
            known += [0] * (number + 1 - len(known))
            known[number] = offset
    packed = zlib.compress(msgspec.msgpack.encode(table), 6)
    return urlsafe_b64encode(packed).decode().rstrip("=")


def places_of(token: str, topics: re.Pattern[str]) -> dict[Part, int]:
    """The place a token names, in these topics. Raises UsageError for text that is none, or names only others."""
    try:
        if not (token.isascii() and re.fullmatch("[A-Za-z0-9_-]+", token)):
            raise ValueError(token)
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(urlsafe_b64decode(token + "=" * (-len(token) % 4)), LARGEST)
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError(token)
        table = _TABLE.decode(packed)
        if sum(map(len, table.values())) > MOST:
            raise ValueError(token)
    except (ValueError, zlib.error, msgspec.DecodeError) as error:
        raise UsageError(f"{token[:40]}: no place in this log; use what it gave as a cursor") from error
    ours = {topic: offsets for topic, offsets in table.items() if topics.match(topic)}
    if table and not ours:
        raise UsageError(f"{token[:40]}: a place in another log")
    return {
        (topic, number): offset
        for topic, offsets in ours.items()
        for number, offset in enumerate(offsets)
        if 0 < offset < 1 << 62
    }
