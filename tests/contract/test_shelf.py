"""What every shelf promises: `Shelf` of `monitor/ports.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.adapters.shelf import FileShelf
from monitor.ports import Shelf
from monitor.testing.shelf import MemoryShelf

Next = Callable[[], Shelf]


@pytest.fixture(params=["memory", "file"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Next:
    """The same shelf before every process that comes."""
    held = MemoryShelf()
    return (lambda: held) if request.param == "memory" else (lambda: FileShelf(tmp_path / "data" / "thing"))


async def test_nothing_is_there_at_first(shelf: Next) -> None:
    """Which is no mistake."""
    assert await shelf().read() == b""


async def test_what_was_laid_down_last_is_read(shelf: Next) -> None:
    """By the same process and by the next, byte for byte."""
    first = shelf()
    assert await first.write(b"first") == ""
    assert await first.read() == b"first"
    assert await first.write(bytes(range(256))) == ""
    assert await shelf().read() == bytes(range(256))
    assert await shelf().write(b"") == ""
    assert await first.read() == b""


async def test_whoever_reads_meanwhile_has_all_of_one_or_of_the_other(shelf: Next) -> None:
    """Never a part."""
    writer, reader, seen = shelf(), shelf(), set()
    await writer.write(b"a" * 100_000)

    async def write() -> None:
        for letter in (b"b", b"c", b"a") * 5:
            await writer.write(letter * 100_000)

    task = asyncio.create_task(write())
    while not task.done():
        data = await reader.read()
        seen.add((len(data), data[:1] * len(data) == data))
        await asyncio.sleep(0)
    await task
    assert seen == {(100_000, True)}


async def test_two_that_write_at_once_leave_one_of_both(shelf: Next) -> None:
    """Replicas in one directory: the last one wins, whole."""
    one, other = shelf(), shelf()
    assert list(await asyncio.gather(one.write(b"1" * 50_000), other.write(b"2" * 60_000))) == ["", ""]
    assert await one.read() in (b"1" * 50_000, b"2" * 60_000)
