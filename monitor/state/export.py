"""An installation's memory as a file: every feed with what is remembered of it, the same for every ledger.

JSON Lines: a header, one line a feed, a trailer with the number of feeds and the SHA-256 of all bytes before it. A file
that was cut, or changed by somebody, is refused as a whole. States are the bytes of `state.codec`, in base64; events
and how far sinks have come are not in it, for their numbers mean nothing in another ledger.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from monitor.errors import LedgerTooNew, UsageError
from monitor.model.feed import FeedSpec
from monitor.model.units import Instant, rfc3339
from monitor.state.codec import decode_state

FORMAT: Final = "news-monitor state"
VERSION: Final = 1
"""Of the file. Raise it with every change that an older program would misread."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One feed; `state` None if it was never read, `due` None if the state says when it is next."""

    spec: FeedSpec
    state: bytes | None = None
    due: Instant | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file comes from: which kind of ledger, which version of this program, and when it was written."""

    ledger: str
    program: str
    at: Instant


class _Header(msgspec.Struct, tag_field="line", tag="header"):
    format: str
    version: int
    program: str
    ledger: str
    at: str
    feeds: int
    states: int


class _Feed(msgspec.Struct, tag_field="line", tag="feed", omit_defaults=True):
    spec: FeedSpec
    state: str | None = None
    due: float | None = None


class _Trailer(msgspec.Struct, tag_field="line", tag="trailer"):
    feeds: int
    sha256: str


_LINE = msgspec.json.Decoder(_Header | _Feed | _Trailer)


def write(origin: Origin, feeds: Sequence[Remembered]) -> Iterator[bytes]:
    """The lines of a file, each with its end."""
    states = sum(one.state is not None for one in feeds)
    header = _Header(FORMAT, VERSION, origin.program, origin.ledger, rfc3339(origin.at), len(feeds), states)
    digest = sha256()
    for one in (header, *map(_line, feeds)):
        line = msgspec.json.encode(one) + b"\n"
        digest.update(line)
        yield line
    yield msgspec.json.encode(_Trailer(len(feeds), digest.hexdigest())) + b"\n"


def read(lines: Iterable[bytes]) -> tuple[Remembered, ...]:
    """Every feed of a file, once all of it is known to be whole. Raises UsageError with what is wrong."""
    digest, feeds, trailer = sha256(), [], None
    for number, line in enumerate(lines, 1):
        found = _parse(line, number)
        if trailer is not None:
            raise UsageError(f"line {number}: the file goes on behind its trailer")
        if (number == 1) != isinstance(found, _Header):
            raise UsageError(f"line {number}: {NO_HEADER if number == 1 else 'a second header'}")
        if isinstance(found, _Trailer):
            trailer = found
            continue
        digest.update(line)
        if isinstance(found, _Feed):
            feeds.append(_remembered(found, number))
    if trailer is None:
        raise UsageError("the file was cut: its trailer is not there; export it again")
    if (trailer.feeds, trailer.sha256) != (len(feeds), digest.hexdigest()):
        raise UsageError("the file is not what was written: its checksum differs; export it again")
    return tuple(feeds)


NO_HEADER = "no file of `news-monitor state export`"


def _line(one: Remembered) -> _Feed:
    return _Feed(one.spec, None if one.state is None else b64encode(one.state).decode(), one.due)


def _parse(line: bytes, number: int) -> Any:
    """A line with an end: one without was cut."""
    try:
        head = msgspec.json.decode(line) if number == 1 else None
        if isinstance(head, dict) and head.get("format") == FORMAT and head.get("version", 0) > VERSION:
            raise UsageError(f"a file of form {head['version']}; this version reads up to {VERSION}: use the newer one")
        if not line.endswith(b"\n"):
            raise UsageError(f"line {number}: the file was cut; export it again")
        return _LINE.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        said = NO_HEADER if number == 1 else "the file is damaged; export it again"
        raise UsageError(f"line {number}: {said} ({error})") from error


def _remembered(found: _Feed, number: int) -> Remembered:
    """Raises UsageError for a state that this program cannot read, or that is another feed's."""
    if found.state is None:
        return Remembered(found.spec, None, found.due)
    try:
        data = b64decode(found.state, validate=True)
        owner = decode_state(data).feed
    except LedgerTooNew as error:
        raise UsageError(f"line {number}: {error}") from error
    except ValueError as error:
        raise UsageError(f"line {number}: the state of {found.spec.id} cannot be read: {error}") from error
    if owner != found.spec.id:
        raise UsageError(f"line {number}: the state of {owner} stands beside {found.spec.id}")
    return Remembered(found.spec, data, found.due)
