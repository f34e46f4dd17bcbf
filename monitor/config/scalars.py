"""Where the letters of a text stand that YAML writes over several lines, or with escapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from monitor.model.watch import Break

ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
NAMED = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
NAMED |= {"N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}
"""What stands for a sign that cannot be seen; everything else behind a backslash stands for itself."""
LAST = 0x10FFFF


@lru_cache(maxsize=2)
def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a file: it is asked for each of its watches."""
    return tuple(text.split("\n"))


def find_breaks(value: str, lines: Sequence[str], line: int, column: int, style: str | None) -> tuple[Break, ...]:
    """Where a text that begins at a place goes on elsewhere than behind its last letter.

    Empty for a text in one piece, and for one that cannot be followed.
    """
    if line > len(lines) or lines[line - 1].startswith(value.rstrip(), column - 1):
        return ()
    source = _letters(lines, line, column, style)
    breaks: list[Break] = []
    last = (0, 0)
    for offset, letter in enumerate(value):
        if letter.isspace():
            continue
        found, number, at = next(source, ("", 0, 0))
        if found != letter:
            return ()
        if (number, at - offset) != last:
            breaks.append((offset, number, at))
            last = (number, at - offset)
    return tuple(breaks)


def _letters(lines: Sequence[str], line: int, column: int, style: str | None) -> Iterator[tuple[str, int, int]]:
    """The letters of a file from a place on, but for blanks, each with its place; escapes as what they stand for."""
    at = column - 1
    for number in range(line, len(lines) + 1):
        text = lines[number - 1]
        while at < len(text):
            letter, width = _letter(text, at, style)
            if letter and not letter.isspace():
                yield letter, number, at + 1
            at += width
        at = 0


def _letter(text: str, at: int, style: str | None) -> tuple[str, int]:
    """A letter as its style writes it, and how long that is; nothing for the end of a line that goes on."""
    if style == "'" and text.startswith("''", at):
        return "'", 2
    if style != '"' or text[at] != "\\":
        return text[at], 1
    found = ESCAPE.match(text, at)
    if found is None:
        return "", 1
    code = found[1] or found[2] or found[3]
    letter = chr(min(int(code, 16), LAST)) if code else NAMED.get(found[4], found[4])
    return letter, len(found[0])
