"""Feed states and specifications as bytes, the same in every ledger.

The first byte is the version of the form; a version this program does not know is refused, never guessed. States are
MessagePack (arrays, not maps: about 140 bytes an item), specifications are JSON, so that people can read a registry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from monitor.errors import LedgerTooNew
from monitor.model.feed import FeedSpec
from monitor.model.state import FeedState, Item

VERSION: Final = 1
"""Of the form of a state. Raise it with every change of what `pack_state` writes, and keep reading the older ones."""


class _PackedItem(msgspec.Struct, array_like=True, frozen=True):
    id: bytes
    guid: int
    url: int
    content: int
    raw_hash: bytes
    hashes: tuple[int, int, int]
    revision: int
    first_seen: float
    alerted: tuple[int, ...]
    seen_round: int
    title: bytes = b""


class _PackedState(msgspec.Struct, array_like=True, frozen=True):
    state: FeedState
    items: list[_PackedItem]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_PackedState)
_SPECS = msgspec.json.Decoder(FeedSpec)


def encode_state(state: FeedState) -> bytes:
    """The state as versioned bytes."""
    items = [_pack(item) for item in state.items]
    return bytes([VERSION]) + _ENCODER.encode(_PackedState(replace(state, items=()), items))


def decode_state(data: bytes) -> FeedState:
    """The state those bytes hold. Raises LedgerTooNew for a form of a later program, ValueError for what is none."""
    if not data:
        raise ValueError("a feed state of no bytes")
    if data[0] > VERSION:
        raise LedgerTooNew(f"a feed state of form {data[0]}; this version reads up to {VERSION}: run the newer program")
    packed = _DECODER.decode(data[1:])
    return replace(packed.state, items=tuple(_unpack(item) for item in packed.items))


def encode_spec(spec: FeedSpec) -> bytes:
    """The specification as JSON."""
    return msgspec.json.encode(spec)


def decode_spec(data: bytes) -> FeedSpec:
    """The specification that JSON holds. Raises ValueError."""
    return _SPECS.decode(data)


def _pack(item: Item) -> _PackedItem:
    return _PackedItem(
        bytes.fromhex(item.id),
        item.guid,
        item.url,
        item.content,
        item.raw_hash,
        item.hashes,
        item.revision,
        item.first_seen,
        item.alerted,
        item.seen_round,
        item.title,
    )


def _unpack(packed: _PackedItem) -> Item:
    return Item(
        packed.id.hex(),  # type: ignore[arg-type]
        packed.guid,
        packed.url,
        packed.content,
        packed.raw_hash,
        packed.hashes,
        packed.revision,
        packed.first_seen,
        packed.alerted,
        packed.seen_round,
        packed.title,
    )
