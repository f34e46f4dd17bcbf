"""Documents as nobody writes them: sound ones, damaged at random from a seed. Only our own results, and in time."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.model.article import Parsed
from monitor.model.poll import Failed
from monitor.parse.formats import lenient  # noqa: F401 - its import is not what is timed
from monitor.parse.reader import NeedsLenient, read_document

FOLDER = Path(__file__).resolve().parents[2] / "corpus" / "parse"
URL = "https://news.example/feed"
SEED = 20261126
BODIES = 2000
LONGEST = 2.0
"""Seconds of CPU one small document may take."""
TOKENS = (
    b"<", b">", b"&", b"'", b'"', b"\0", b"]]>", b"<![CDATA[", b"<!--", b"<!DOCTYPE rss [", b"<!ENTITY a '&a;&a;'>",
    b"&#x0;", b"&#xD800;", b"&nosuch;", b"<item>", b"</item>", b"<entry>", b"</channel>", b"<html>", b"<a:b>",
    b"xmlns:a='", b"<?xml version='1.0' encoding='utf-16'?>", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\x1b$B",
    b"\x1f\x8b",
)  # fmt: skip


def mutated(bodies: int, seed: int) -> Iterator[bytes]:
    """So many damaged documents; the same for the same seed."""
    chance = random.Random(seed)
    sound = [path.read_bytes() for path in sorted(FOLDER.glob("*/*.xml"))]
    for _ in range(bodies):
        body = bytearray(chance.choice(sound))
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            _damage(body, chance, sound)
        yield bytes(body)


def _damage(body: bytearray, chance: random.Random, sound: list[bytes]) -> None:
    """One byte, one token or one stretch is no longer what it was."""
    start = chance.randrange(len(body) + 1)
    end = min(len(body), start + chance.choice((1, 8, 200)))
    match chance.randrange(6):
        case 0:
            body[start : start + 1] = bytes([chance.randrange(256)])
        case 1:
            del body[start:end]
        case 2:
            body[start:start] = body[start:end] * chance.choice((1, 2, 50))
        case 3:
            body[start:start] = chance.choice(TOKENS)
        case 4:
            other = chance.choice(sound)
            body[start:end] = other[chance.randrange(len(other)) :][:200]
        case 5:
            del body[max(start, 20) :]


def check(body: bytes) -> str:
    """What came of a body; both routes are taken, as the workers take them."""
    begun = time.process_time()
    found = read_document(body, url=URL)
    if isinstance(found, NeedsLenient):
        found = read_document(body, url=URL, lenient=True)
    assert time.process_time() - begun < LONGEST, body
    assert isinstance(found, Parsed | Failed), body
    return found.route if isinstance(found, Parsed) else found.kind


def test_h158_some_thousand_mutated_bodies() -> None:
    """Every route and some refusals are among what they come to."""
    found = {check(body) for body in mutated(BODIES, SEED)}

    assert found >= {"strict", "lenient", "not_a_feed"}


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_h158_a_million_mutated_bodies() -> None:
    """The long form, from another seed."""
    for body in mutated(1_000_000, SEED + 1):
        check(body)
