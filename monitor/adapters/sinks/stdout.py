"""Sink: one line of JSON a record on standard output."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TextIO

from monitor.errors import Retry
from monitor.model.event import Logged
from monitor.publish.line import line

RETRY_AFTER = 60.0
"""Seconds; a pipe whose reader has gone seldom comes back."""


class StdoutSink:
    """Keeps no memory of its own, so the log keeps its cursor."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self.name, self._stream = name, stream

    async def resume(self) -> None:
        """The target cannot be asked what it holds."""

    async def write(self, records: Sequence[Logged]) -> None:
        """Raises Retry when nobody reads any more. A reader that is slow blocks a thread, not the loop."""
        await asyncio.to_thread(self._print, b"".join(line(logged) + b"\n" for logged in records))

    async def close(self) -> None:
        """Standard output is not ours to close."""

    def _print(self, lines: bytes) -> None:
        try:
            if (binary := getattr(self._stream, "buffer", None)) is not None:
                # Bytes, for a terminal's encoding may not know every script.
                binary.write(lines)
            else:
                self._stream.write(lines.decode())
            self._stream.flush()
        except (OSError, ValueError) as error:
            raise Retry(f"standard output: {error}", RETRY_AFTER) from error
