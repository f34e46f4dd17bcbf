"""Constants kept as files: concept packs, fold table, month names, pointer phrases, tracking parameters.

Each is read once. Nothing else in the core opens package files.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def text(name: str) -> str:
    """A data file as text, by its path below `monitor/data`. Raises FileNotFoundError."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


@cache
def binary(name: str) -> bytes:
    """A data file as bytes, by its path below `monitor/data`. Raises FileNotFoundError."""
    return files(__name__).joinpath(name).read_bytes()


def lines(name: str) -> tuple[str, ...]:
    """The lines of a data file that are neither empty nor begin with `#`."""
    return tuple(line for line in map(str.strip, text(name).splitlines()) if line and not line.startswith("#"))


@cache
def names(folder: str) -> tuple[str, ...]:
    """Names of the files in a folder, sorted; empty if there is none."""
    place = files(__name__).joinpath(folder)
    return tuple(sorted(entry.name for entry in place.iterdir() if entry.is_file())) if place.is_dir() else ()
