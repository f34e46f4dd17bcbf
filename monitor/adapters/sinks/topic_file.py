"""One growing file of JSON lines, whose own last whole line says how far it has come."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote

import msgspec

from monitor.model.event import Logged
from monitor.publish.line import line

SUFFIX = ".jsonl"
BLOCK = 1 << 16


class _Numbered(msgspec.Struct):
    seq: int | None = None
    offset: int | None = None
    """Of a log whose records have a partition and an offset, and no number that another process knows."""


_LINE = msgspec.json.Decoder(_Numbered)


class TopicFile:
    """`<topic>.jsonl`, and behind it those that were set aside as `<topic>.jsonl.<their last seq>`."""

    def __init__(self, folder: Path, topic: str, rotate: int, keep: int) -> None:
        self.path = folder / (quote(topic, safe="") + SUFFIX)
        # The name of the newest file set aside says how far we are, so one is always kept.
        self._rotate, self._keep = rotate, max(keep, 1)
        self._seq: int | None = None
        """Last number in the file; None = look."""

    def seq(self) -> int:
        """The number of the last whole line, 0 if there is none; a torn line behind it is cut off."""
        if self._seq is None:
            own = mend(self.path) if self.path.exists() else 0
            self._seq = own or max(self._set_aside(), default=0)
        return self._seq

    def append(self, records: Sequence[Logged]) -> None:
        """Writes what the file does not hold yet, durable on return. After an OSError the file is looked at anew.

        Records without a number that outlives the process are written as they come: the log keeps the cursor.
        """
        held, placed = self.seq(), any(logged.place for logged in records)
        lines = [line(logged) + b"\n" for logged in records if placed or logged.seq > held]
        if not lines:
            return
        self._seq = None
        with self.path.open("ab") as file:
            file.writelines(lines)
            file.flush()
            os.fdatasync(file.fileno())
            size = file.tell()
        self._seq = held + (size > self._rotate) if placed else records[-1].seq
        if size > self._rotate:
            self._turn()

    def _turn(self) -> None:
        """One rename, so that a kill finds the file either here or there; the oldest of those set aside go."""
        self.path.rename(self.path.with_name(f"{self.path.name}.{self._seq:012d}"))
        for number in sorted(self._set_aside())[: -self._keep]:
            with suppress(FileNotFoundError):
                self.path.with_name(f"{self.path.name}.{number:012d}").unlink()

    def _set_aside(self) -> list[int]:
        names = (path.name.rpartition(".")[2] for path in self.path.parent.glob(f"{self.path.name}.*"))
        return [int(name) for name in names if name.isdecimal()]


def topics_in(folder: Path) -> list[str]:
    """Topics that have a file in this folder."""
    names = (path.name.partition(SUFFIX) for path in folder.glob(f"*{SUFFIX}*"))
    return sorted({unquote(topic) for topic, _, _ in names})


def mend(path: Path) -> int:
    """Cuts what follows the last whole line and returns that line's number; 0 if nothing is left, or it has none."""
    with path.open("r+b") as file:
        for end, text in _lines_from_the_end(file):
            if (seq := _number(text)) is not None:
                file.truncate(end)
                return seq
        file.truncate(0)
    return 0


def _number(text: bytes) -> int | None:
    """The number of a line, 0 if it has an offset instead; None if it is torn, or garbage that a power cut left."""
    if not text.endswith(b"\n"):
        return None
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        found = _LINE.decode(text)
        return found.seq if found.offset is None else 0
    return None


def _lines_from_the_end(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines, the last one first, each with the offset behind it; reads only as far as it is asked."""
    start = end = file.seek(0, os.SEEK_END)
    pieces: list[bytes] = []
    while start > 0:
        step = min(BLOCK, start)
        start -= step
        file.seek(start)
        block = file.read(step)
        # The newline that ends the line itself does not begin it.
        upto = len(block) if pieces else len(block) - 1
        while (cut := block.rfind(b"\n", 0, upto)) >= 0:
            yield end, b"".join((block[cut + 1 :], *reversed(pieces)))
            block, end, upto = block[: cut + 1], start + cut + 1, cut
            pieces.clear()
        pieces.append(block)
    if pieces:
        yield end, b"".join(reversed(pieces))
