"""A ConfigSource whose documents a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from monitor.ports import Documents


class MemorySource:
    """Holds documents; `change` is an operator who saves a file."""

    def __init__(self, files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> None:
        self.now = Documents(dict(files), {}, dict(environ or {}))
        self.last: Documents | None = None
        self.touched = asyncio.Event()

    def change(self, files: Mapping[str, str | None]) -> None:
        """Writes these files; None removes one."""
        merged = {**self.now.files, **files}
        self.now = replace(self.now, files={name: text for name, text in merged.items() if text is not None})
        self.touched.set()

    def tell(self, secrets: Mapping[str, str]) -> None:
        """Writes secret files, by the path that the configuration names."""
        self.now = replace(self.now, secrets={**self.now.secrets, **secrets})
        self.touched.set()

    async def read(self) -> Documents:
        """The documents as they are now."""
        self.last = self.now
        return self.now

    async def documents(self) -> AsyncIterator[Documents]:
        """A new value after every change; several at once come as the last of them."""
        while True:
            self.touched.clear()
            before = self.last
            if await self.read() != before and before is not None:
                yield self.now
            await self.touched.wait()
