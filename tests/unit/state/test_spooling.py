"""Finished polls as bytes."""

from __future__ import annotations

import zlib
from dataclasses import replace

import msgspec
import pytest

from monitor.errors import LedgerTooNew
from monitor.model.article import (
    Enclosure,
    FeedAdvice,
    Language,
    Quality,
    Quarantined,
    Reading,
    Removed,
)
from monitor.model.feed import FeedOverrides, Interval
from monitor.model.poll import Failed, Fetched, Hop, Response, Validators
from monitor.state.spooling import VERSION, decode_reading, encode_reading, halves
from monitor.testing.builders import article, feed
from monitor.testing.clock import START

RESPONSE = Response(
    "https://example.example/b", 200, (("etag", '"1"'),), (Hop("https://example.example/rss", 301),), 99, 0.5
)
WHOLE = Reading(
    Fetched(RESPONSE, b"", "hash", Validators('"1"', "Friday", "vary")),
    route="lenient",
    charset="koi8-u",
    entries=3,
    articles=(
        article(
            "Дрони над портом",
            guid="1",
            enclosures=(Enclosure("https://example.example/a.mp3", "audio/mpeg", 7),),
            language=Language("uk", "script", 1.0),
            quality=Quality("lenient", "koi8-u", "prolog", repairs=2),
            removed=(Removed("body", 1, 5, "T4", "Read more"),),
            hashes=(1, 2**64 - 1, 0),
            lines=(1, 2),
        ),
    ),
    known=(bytes(range(8)),),
    quarantined=(Quarantined("too_deep", "sixty levels", "<item>"),),
    advice=FeedAdvice(60.0, skip_hours=frozenset({1, 2})),
    cpu_seconds=0.25,
)
SPEC = feed(
    "f", cls="burst", interval=Interval(60.0, 120.0), watches=("port",), overrides=FeedOverrides(zone="Europe/Kyiv")
)


def test_a_reading_comes_back_as_it_was() -> None:
    """Every field, with the specification it was polled by and the moment."""
    assert decode_reading(encode_reading(SPEC, WHOLE, START + 0.125)) == (SPEC, WHOLE, START + 0.125)


def test_lone_surrogates_of_headers_do_not_stop_it() -> None:
    """A header may hold any bytes; what no text can hold becomes a question mark, and all else stays."""
    odd = Failed("timeout", response=Response(headers=(("server", "caf\udce9"),)))

    _, kept, _ = decode_reading(encode_reading(SPEC, odd, START))

    assert kept == Failed("timeout", response=Response(headers=(("server", "caf?"),)))


def test_a_later_form_is_refused_not_guessed() -> None:
    """The first byte says which it is."""
    data = encode_reading(SPEC, WHOLE, START)
    with pytest.raises(LedgerTooNew, match="form 2"):
        decode_reading(bytes([VERSION + 1]) + data[1:])


def test_fields_of_another_version_of_the_form_are_filled_in_or_passed_over() -> None:
    """What lacks has its default; what nobody knows is left out."""
    raw = msgspec.msgpack.encode({"kind": "timeout", "a_field_to_come": 1})
    whole = msgspec.msgpack.encode([START, feed("f"), "Failed", msgspec.Raw(raw)])

    assert decode_reading(bytes([VERSION]) + zlib.compress(whole)) == (feed("f"), Failed("timeout"), START)


@pytest.mark.parametrize("cut", [0, 1, 2, 50, -1])
def test_what_is_no_reading_is_a_value_error(cut: int) -> None:
    """Torn at any place."""
    with pytest.raises(ValueError, match=r"\w"):
        decode_reading(encode_reading(SPEC, WHOLE, START)[:cut])


def test_an_unknown_kind_of_result_is_a_value_error() -> None:
    """As a later program might write it without a new form."""
    whole = msgspec.msgpack.encode([START, feed("f"), "Deferred", msgspec.Raw(b"\x80")])
    with pytest.raises(ValueError, match="Deferred"):
        decode_reading(bytes([VERSION]) + zlib.compress(whole))


def test_a_reading_can_be_parted_and_both_parts_add_up() -> None:
    """Articles in order; what belongs to the document as a whole stays with the first part."""
    five = tuple(article(f"Story {number}") for number in range(5))
    whole = replace(WHOLE, articles=five, entries=9, cut=2)
    assert whole.entries == len(five) + len(whole.known) + len(whole.quarantined) + whole.cut

    parted = halves(whole)

    assert parted is not None
    first, second = parted
    assert first.articles + second.articles == five
    assert first.entries + second.entries == whole.entries
    assert (first.known, first.cut, second.known, second.cut) == (whole.known, 2, (), 0)
    for part in parted:
        assert part.entries == len(part.articles) + len(part.known) + len(part.quarantined) + part.cut


def test_what_cannot_be_parted_says_so() -> None:
    """One article, or none."""
    assert halves(WHOLE) is None
    assert halves(Failed("timeout")) is None
