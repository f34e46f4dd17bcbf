"""A record as one line of JSON: what the jsonl and stdout sinks write and `tail` prints."""

from __future__ import annotations

import msgspec

from monitor.errors import UsageError
from monitor.model.event import Logged

LONGEST = 18
"""Digits of a place in a log."""
_JSON = ("content-type", "application/json")
_ENCODER = msgspec.json.Encoder()


def line(logged: Logged) -> bytes:
    """`{"seq","topic","key","headers","value"}` without a newline, with `place` for `seq` where a log has no numbers.

    A value that is no JSON is a string; bytes that are no UTF-8 either stand as U+FFFD.
    """
    record = logged.record
    value = record.value if _JSON in record.headers else _as_text(record.value)
    if b"\n" in value:
        value = _ENCODER.encode(msgspec.json.decode(value))
    whole = {
        **place(logged),
        "topic": record.topic,
        "key": record.key,
        "headers": dict(record.headers),
        "value": msgspec.Raw(value),
    }
    return _ENCODER.encode(whole)


def place(logged: Logged) -> dict[str, int]:
    """Where a record is: `seq`, or `partition` and `offset` in a log that has them."""
    if logged.place is None:
        return {"seq": logged.seq}
    return {"partition": logged.place[0], "offset": logged.place[1]}


def numbered(token: str) -> int:
    """The `seq` that the token of a numbered log names. Raises UsageError."""
    if token.isascii() and token.isdigit() and len(token) <= LONGEST:
        return int(token)
    raise UsageError(f"{token[:40]}: no place in this log; one is named by the seq of an event")


def _as_text(value: bytes) -> bytes:
    return _ENCODER.encode(value.decode("utf-8", "replace"))
