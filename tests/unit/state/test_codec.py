"""Feed states as bytes."""

from __future__ import annotations

import pytest

from monitor.errors import LedgerTooNew
from monitor.model.article import FeedAdvice
from monitor.model.feed import FeedOverrides, FeedSpec, Interval
from monitor.model.poll import Validators
from monitor.model.state import Cadence, Counts, FeedState, Freshness, Health, Item, Move
from monitor.state.codec import VERSION, decode_spec, decode_state, encode_spec, encode_state


def item(number: int) -> Item:
    """An item with every field set."""
    return Item(
        f"{number:032x}", 2**64 - 1 - number, number, 7, number.to_bytes(8, "big"), (1, 2, 2**63), 3, 1e9, (5, 6), 9
    )


STATE = FeedState(
    "bbc",
    validators=(("https://a/", Validators('W/"x"', "yesterday", "v")),),
    body_hash="abc",
    items=tuple(item(n) for n in range(3)),
    rounds=4,
    distrusted=frozenset({"guid"}),
    health=Health(failures=2, kind="dns", reason="nxdomain", status=0, gone_since=1.5),
    cadence=Cadence(0.1, 0.2, 30, 600.0, 1e9, "why"),
    freshness=Freshness(300.0),
    advice=FeedAdvice(ttl=60.0, skip_hours=frozenset({1, 2})),
    move=Move("https://b/", 1.0, 2),
    totals=Counts(10, 1, 2, 3, 1, 2, 1),
    furniture=((1, 2),),
)


def test_state_survives_its_bytes():
    """decode(encode(state)) == state, every field."""
    assert decode_state(encode_state(STATE)) == STATE


def test_spec_survives_its_bytes():
    """decode(encode(spec)) == spec, nested values included."""
    spec = FeedSpec("a", "https://a/", interval=Interval(60.0, 90.0), overrides=FeedOverrides(charset="cp1251"))
    assert decode_spec(encode_spec(spec)) == spec


def test_an_item_costs_about_140_bytes():
    """The memory of 30,000 feeds has to stay small."""
    many = FeedState("a", items=tuple(item(n) for n in range(200)))
    assert (len(encode_state(many)) - len(encode_state(FeedState("a")))) / 200 < 140


def test_r03_a_later_form_is_refused_with_a_remedy():
    """A downgrade never guesses."""
    with pytest.raises(LedgerTooNew, match="run the newer program"):
        decode_state(bytes([VERSION + 1]) + encode_state(STATE)[1:])


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\xff\xff", b"\x01" + b"\x00" * 40])
def test_k13_damaged_bytes_are_an_error_not_a_state(data):
    """Torn or flipped bytes raise ValueError."""
    with pytest.raises(ValueError):
        decode_state(data)
