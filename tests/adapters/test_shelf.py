"""The file behind a shelf, and what a disk can do to it."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters.shelf import MAX_BYTES, FileShelf


async def test_a_place_that_cannot_be_written_is_said_and_keeps_what_it_has(tmp_path: Path) -> None:
    """With its path and the system's words; no copy is left beside it."""
    (tmp_path / "file").write_text("")
    assert await FileShelf(tmp_path / "file" / "thing").write(b"x") == f"{tmp_path}/file/thing: File exists"
    (tmp_path / "thing").mkdir()
    assert await FileShelf(tmp_path / "thing").write(b"x") == f"{tmp_path}/thing: Is a directory"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "thing"]


async def test_nothing_is_read_of_what_cannot_be_ours(tmp_path: Path) -> None:
    """A folder, or a file of a size nobody has laid down."""
    assert await FileShelf(tmp_path).read() == b""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert await FileShelf(tmp_path / "large").read() == b""


async def test_a_copy_that_was_begun_is_not_what_is_read(tmp_path: Path) -> None:
    """A process killed while writing leaves the former whole, and disturbs nobody."""
    shelf = FileShelf(tmp_path / "thing")
    assert await shelf.write(b"whole") == ""
    (tmp_path / ".thing.k1ll3d").write_bytes(b"half")
    assert await shelf.read() == b"whole"
    assert await shelf.write(b"next") == ""
    assert await shelf.read() == b"next"
