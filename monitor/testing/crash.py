"""Killing a process at a named place, as a power cut would."""

from __future__ import annotations

import os
import signal


class CrashPoints:
    """A `Point` that ends its own process with SIGKILL at the `count`-th pass of the point `name`."""

    def __init__(self, name: str, count: int = 1) -> None:
        self.name, self.left = name, count

    def __call__(self, name: str, /) -> None:
        if name != self.name:
            return
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class PassedPoints:
    """A `Point` that only keeps the names it was passed with."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str, /) -> None:
        self.names.append(name)
