"""Killing a process at a named place, as a power cut would, or freezing it there."""

from __future__ import annotations

import os
import signal


class CrashPoints:
    """A `Point` that ends its own process at the `count`-th pass of the point `name`: by SIGKILL, or another signal."""

    def __init__(self, name: str, count: int = 1, blow: signal.Signals = signal.SIGKILL) -> None:
        self.name, self.left, self.blow = name, count, blow

    def __call__(self, name: str, /) -> None:
        if name != self.name:
            return
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.blow)


class PassedPoints:
    """A `Point` that only keeps the names it was passed with."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str, /) -> None:
        self.names.append(name)
