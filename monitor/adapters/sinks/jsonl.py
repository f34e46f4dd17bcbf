"""Sink: one file of JSON lines a topic. Every file is its own cursor, so a kill leaves neither gap nor double."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.adapters.sinks.topic_file import TopicFile, topics_in
from monitor.errors import Retry
from monitor.model.event import Logged
from monitor.ports import Point, pass_by

ROTATE = 100 << 20
KEEP = 5
RETRY_AFTER = 5.0
"""Seconds until a folder that could not be written is tried again."""


class JsonlSink:
    """Writes `<folder>/<topic>.jsonl`; one beyond `rotate` bytes is set aside, and the newest `keep` of those stay."""

    def __init__(
        self, name: str, folder: Path, *, rotate: int = ROTATE, keep: int = KEEP, point: Point = pass_by
    ) -> None:
        self.name = name
        self._folder, self._rotate, self._keep, self._point = folder, rotate, keep, point
        self._files: dict[str, TopicFile] = {}
        # A cancelled write goes on in its thread: the next one must not run beside it.
        self._turn = threading.Lock()

    async def resume(self) -> Mapping[str, int]:
        """The number each file has come to; one that was removed is missing and is written again."""
        return await asyncio.to_thread(self._resume)

    async def write(self, records: Sequence[Logged]) -> None:
        """Raises Retry when a file cannot be written; what is in a file already is not written twice."""
        await asyncio.to_thread(self._write, records)

    async def close(self) -> None:
        """No file stays open between two writes."""

    def _resume(self) -> Mapping[str, int]:
        with self._turn:
            self._files.clear()
            try:
                return {topic: self._file(topic).seq() for topic in topics_in(self._folder)}
            except OSError as error:
                raise Retry(f"{self._folder}: {error.strerror}", RETRY_AFTER) from error

    def _write(self, records: Sequence[Logged]) -> None:
        by_topic: dict[str, list[Logged]] = {}
        for logged in records:
            by_topic.setdefault(logged.record.topic, []).append(logged)
        with self._turn:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                for topic, own in by_topic.items():
                    self._file(topic).append(own)
                    self._point("jsonl.between")
            except OSError as error:
                raise Retry(f"{self._folder}: {error.strerror}", RETRY_AFTER) from error

    def _file(self, topic: str) -> TopicFile:
        if topic not in self._files:
            self._files[topic] = TopicFile(self._folder, topic, self._rotate, self._keep)
        return self._files[topic]
