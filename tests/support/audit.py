"""What the interpreter opens while a test runs: files, connections, processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

WATCHED = ("open", "socket.connect", "socket.getaddrinfo", "urllib.Request", "os.system", "subprocess.Popen")


class Watch:
    """Notes the events while it is on; a hook of the interpreter cannot be taken away again."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.on = False
        sys.addaudithook(self.note)

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Source and byte code of modules do not count: imports open them."""
        if self.on and event in WATCHED and not str(arguments[0]).endswith((".py", ".pyc", ".so")):
            self.seen.append((event, arguments[0]))


WATCH = Watch()


@pytest.fixture
def watched() -> Iterator[list[tuple[str, Any]]]:
    """The events seen so far in this test."""
    WATCH.seen.clear()
    WATCH.on = True
    yield WATCH.seen
    WATCH.on = False
