"""`Shelf` in memory: what it holds outlives whoever uses it."""

from __future__ import annotations


class MemoryShelf:
    """Set `trouble` and nothing more is taken, for that reason."""

    def __init__(self, data: bytes = b"") -> None:
        self.data, self.trouble = data, ""
        self.writes = 0
        """How often something was laid down."""

    async def read(self) -> bytes:
        return self.data

    async def write(self, data: bytes) -> str:
        if not self.trouble:
            self.data = data
            self.writes += 1
        return self.trouble
