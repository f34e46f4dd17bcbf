"""A finished poll as bytes, while it waits for a ledger that is away: on disk, in memory, in the rescue topic.

The first byte is the version of the form; what follows is MessagePack behind deflate. Readings are maps, so a field
that is added later is filled in where it lacks, and one that is given up is passed over.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any, Final

import msgspec

from monitor.errors import LedgerTooNew
from monitor.model.article import Reading
from monitor.model.feed import FeedSpec
from monitor.model.poll import Failed, Gone, NotModified, Throttled
from monitor.model.units import Instant

VERSION: Final = 1
LEVEL: Final = 1
"""Of deflate: the fastest, for all shards of a process wait for it."""

Kept = Reading | NotModified | Gone | Throttled | Failed
"""What comes of a poll before the state has been asked."""
KINDS: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in (Reading, NotModified, Gone, Throttled, Failed)}


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    at: float
    feed: FeedSpec
    kind: str
    reading: msgspec.Raw


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


def encode_reading(feed: FeedSpec, reading: Kept, at: Instant) -> bytes:
    """One poll of a feed at a moment, as versioned bytes. Lone surrogates (of header values) become `?`."""
    try:
        packed = _ENCODER.encode(reading)
    except UnicodeEncodeError:
        packed = _ENCODER.encode(_encodable(msgspec.to_builtins(reading, builtin_types=(bytes,))))
    whole = _ENCODER.encode(_Packed(at, feed, type(reading).__name__, msgspec.Raw(packed)))
    return bytes([VERSION]) + zlib.compress(whole, LEVEL)


def decode_reading(data: bytes) -> tuple[FeedSpec, Kept, Instant]:
    """The poll those bytes hold. Raises LedgerTooNew for a form of a later program, ValueError for what is none."""
    if not data:
        raise ValueError("a reading of no bytes")
    if data[0] > VERSION:
        raise LedgerTooNew(f"a reading of form {data[0]}; this version reads up to {VERSION}: run the newer program")
    try:
        packed = _DECODER.decode(zlib.decompress(data[1:]))
    except zlib.error as error:
        raise ValueError(f"a reading that cannot be unpacked: {error}") from error
    if packed.kind not in KINDS:
        raise ValueError(f"a reading of the unknown kind {packed.kind}")
    reading: Kept = msgspec.msgpack.decode(packed.reading, type=KINDS[packed.kind])
    return packed.feed, reading, packed.at


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _encodable(one) for key, one in value.items()}
    return [_encodable(one) for one in value] if isinstance(value, list | tuple) else value


def halves(reading: Kept) -> tuple[Reading, Reading] | None:
    """A reading as two of half its articles each, where a record has room for no more; None if it cannot be parted."""
    if not isinstance(reading, Reading) or len(reading.articles) < 2:
        return None
    middle = len(reading.articles) // 2
    rest = reading.articles[middle:]
    first = replace(reading, articles=reading.articles[:middle], entries=reading.entries - len(rest))
    return first, replace(reading, articles=rest, entries=len(rest), known=(), quarantined=(), cut=0)
