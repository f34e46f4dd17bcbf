"""The memory of items is bounded and forgets the oldest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.dedupe.window import ROOM, SMALLEST, Memory
from monitor.model.article import Keys
from monitor.model.ids import ArticleId
from monitor.model.state import FeedState, Item
from monitor.state.codec import encode_state


def item(number: int, round_: int = 0, guid: int = 0, url: int = 0, content: int = 0) -> Item:
    raw = number.to_bytes(8, "big")
    name = ArticleId(f"{number:032x}")
    return Item(name, guid or number, url, content, raw, (0, 0, 0), 1, 0.0, seen_round=round_)


def keys(guid: int = 0, url: int = 0, content: int = 0) -> Keys:
    return Keys(guid, url, content, None, None, "")


def test_find_by_best_rung() -> None:
    """The best trusted rung wins; absent keys find nothing."""
    one, two = item(1, guid=11, url=21, content=31), item(2, guid=12, url=22, content=32)
    memory = Memory((one, two))

    assert memory.find(keys(11, 22)) == one
    assert memory.find(keys(11, 22), frozenset({"guid"})) == two
    assert memory.find(keys(content=32)) == two
    assert memory.find(keys(99, 99, 99)) is None
    assert memory.find(keys()) is None
    assert len(memory) == 2


def test_of_two_items_with_one_key_the_last_seen() -> None:
    """Items are remembered last seen first, and so they are found."""
    newer, older = item(1, guid=7), item(2, guid=7)

    assert Memory((newer, older)).find(keys(7)) == newer


def test_touch_raw() -> None:
    """An entry that came back byte for byte counts as met in this document."""
    memory = Memory((item(1), item(2)))

    assert memory.touch_raw(item(1).raw_hash) == item(1)
    assert memory.touch_raw(b"unknown!") is None
    assert memory.seen(item(1))
    assert not memory.seen(item(2))
    assert memory.raw_hashes() == {item(1).raw_hash, item(2).raw_hash}


def test_keep_is_found_at_once() -> None:
    """What has been put in is found by all of its keys, in the same document."""
    memory = Memory(())
    memory.keep(item(1, guid=5, url=6, content=7))

    assert memory.find(keys(5)) == memory.find(keys(url=6)) == memory.find(keys(content=7)) is not None
    assert memory.seen(item(1))


def test_packed_marks_the_round() -> None:
    """Items of this document come first, with its number; the others keep theirs."""
    memory = Memory((item(1, 3), item(2, 3)))
    memory.touch_raw(item(2).raw_hash)
    memory.keep(item(3))

    assert [(one.guid, one.seen_round) for one in memory.packed(4, 2)] == [(2, 4), (3, 4), (1, 3)]


@pytest.mark.parametrize("length", [1, 64, 100, 300])
def test_bound(length: int) -> None:
    """Beyond the document max(128, 2 x longest document) items stay, however long the feed runs."""
    items: tuple[Item, ...] = ()
    for round_ in range(20):
        memory = Memory(items)
        for number in range(length):
            memory.keep(item(1 + round_ * length + number))
        items = memory.packed(round_, length)

    assert len(items) == min(20 * length, length + max(SMALLEST, 2 * length))
    assert {one.seen_round for one in items[:length]} == {19}


def test_shrinking_document_forgets_nothing_at_once() -> None:
    """A feed that shrinks from 500 items to one keeps room for the 500."""
    memory = Memory(tuple(item(number, 1) for number in range(1, 501)))
    memory.touch_raw(item(1).raw_hash)

    items = memory.packed(2, 1)

    assert len(items) == 500
    assert len(Memory(items).packed(3, 0)) == 500


FULL = (1 << 64) - 1
LARGE = {"guid": FULL, "url": FULL, "content": FULL, "hashes": (FULL,) * 3, "seen_round": 70_000, "title": b"x" * 16}


def large(number: int, watches: int) -> Item:
    return replace(item(number), **LARGE, revision=70_000, alerted=tuple(FULL - n for n in range(watches)))


@pytest.mark.parametrize(("watches", "kept"), [(0, 6000), (8, 4500), (200, 2000)])
def test_a_memory_fits_into_a_record_of_the_ledger(watches: int, kept: int) -> None:
    """Else one feed of thousands of entries that meet every watch would keep all feeds of its shard."""
    memory = Memory([large(number, watches) for number in range(4000)])
    for number in range(4000, 6000):
        memory.keep(large(number, watches))

    packed = memory.packed(70_000, 2000)

    assert [int(one.id, 16) for one in packed[:2000]] == list(range(4000, 6000))
    assert abs(len(packed) - kept) <= 0.01 * kept
    assert len(encode_state(FeedState("one", items=packed))) <= ROOM
    assert packed[0].alerted[-1:] == large(0, watches).alerted[-1:]
