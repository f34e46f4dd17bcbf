"""What commands are given to read: files and standard input, within bounds."""

from __future__ import annotations

import sys
from pathlib import Path

from monitor.cli.common import tell
from monitor.errors import UsageError

STDIN = Path("-")
LIMIT = 64 << 20
"""Bytes of a file a command reads as one text."""


def read_bytes(file: Path | None, limit: int = LIMIT) -> bytes:
    """A file, or standard input for none and for `-`. Raises UsageError."""
    if file is None or file == STDIN:
        if sys.stdin.isatty():
            tell("reading from the terminal; end the text with Ctrl-D")
        data = sys.stdin.buffer.read(limit + 1)
    else:
        try:
            with file.open("rb") as stream:
                data = stream.read(limit + 1)
        except OSError as error:
            raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    if len(data) > limit:
        raise UsageError(f"{name_of(file)}: larger than {limit >> 20} MiB; give a part of it")
    return data


def name_of(file: Path | None) -> str:
    """How a source is called in what a command prints: its path as it was given, `-` for standard input."""
    return whole(str(file)) if file is not None else "-"


def whole(argument: str) -> str:
    """An argument as text that UTF-8 can hold: what the shell passed in another encoding is replaced."""
    return argument.encode("utf-8", "replace").decode()
