"""Other spellings of a term that stand in a text: what is nearly found. Both folded, the text with blanks around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LEAST = 4
"""Letters of a term below which what begins or ends like it is nearly always another word."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """Where it stands in the folded text, up to the borders of its words, and what would find it."""

    start: int
    end: int
    hint: str


def find_spellings(core: str, text: str) -> Iterator[Spelling]:
    """Something behind it, written as two words or as one, another ending, another beginning; the first of each."""
    if len(core) >= LEAST:
        yield from find_endings(core, text)
    yield from _joined(core, text) if " " in core else _parted(core, text)
    if len(core) >= LEAST:
        last = core.rpartition(" ")[2]
        stem = core[: max(len(core) - len(last) + 3, len(core) - 2)]
        if len(stem) < len(core):
            yield from _place(" " + stem, _quoted(stem + "*"), text)
        if last == core:
            yield from _place(core + " ", "*" + core, text)


def find_endings(core: str, text: str) -> Iterator[Spelling]:
    """The first place where something follows the term within its last word."""
    yield from _place(" " + core, _quoted(core + "*"), text)


def is_scattered(core: str, text: str) -> bool:
    """Whether every word of a phrase stands somewhere in the text."""
    return " " in core and all(f" {word} " in text for word in core.split())


def _joined(core: str, text: str) -> Iterator[Spelling]:
    joined = core.replace(" ", "")
    yield from _place(f" {joined} ", joined, text)


def _parted(core: str, text: str) -> Iterator[Spelling]:
    for at in range(1, len(core)):
        parted = f"{core[:at]} {core[at:]}"
        yield from _place(f" {parted} ", _quoted(parted), text)


def _place(needle: str, hint: str, text: str) -> Iterator[Spelling]:
    found = text.find(needle)
    if found < 0:
        return
    start, end = found + (needle[0] == " "), found + len(needle) - (needle[-1] == " ")
    yield Spelling(text.rindex(" ", 0, start) + 1, text.index(" ", end), hint)


def _quoted(hint: str) -> str:
    return f'"{hint}"' if " " in hint else hint
