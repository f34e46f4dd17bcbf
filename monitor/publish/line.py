"""A record as one line of JSON: what the jsonl and stdout sinks write and `tail` prints."""

from __future__ import annotations

import msgspec

from monitor.model.event import Logged

_JSON = ("content-type", "application/json")
_ENCODER = msgspec.json.Encoder()


def line(logged: Logged) -> bytes:
    """`{"seq","topic","key","headers","value"}` without a newline. A value that is no JSON is a string.

    Bytes that are no UTF-8 either stand as U+FFFD.
    """
    record = logged.record
    value = record.value if _JSON in record.headers else _as_text(record.value)
    if b"\n" in value:
        value = _ENCODER.encode(msgspec.json.decode(value))
    whole = {
        "seq": logged.seq,
        "topic": record.topic,
        "key": record.key,
        "headers": dict(record.headers),
        "value": msgspec.Raw(value),
    }
    return _ENCODER.encode(whole)


def _as_text(value: bytes) -> bytes:
    return _ENCODER.encode(value.decode("utf-8", "replace"))
