"""Shelf: a file that is replaced whole."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path

MAX_BYTES = 64 << 20
"""No more is read: whatever is larger was not laid down by us."""


class FileShelf:
    """`ports.Shelf` as one file. Others may have it too; who writes last is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def read(self) -> bytes:
        return await asyncio.to_thread(self._read)

    async def write(self, data: bytes) -> str:
        """The folder is made where it lacks. A copy that a killed process began stays there, under a hidden name."""
        try:
            await asyncio.to_thread(self._write, data)
        except OSError as error:
            return f"{self.path}: {error.strerror or 'unknown error'}"
        return ""

    def _read(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError:
            return b""
        return data if len(data) <= MAX_BYTES else b""

    def _write(self, data: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(number)
            os.replace(name, self.path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
