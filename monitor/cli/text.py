"""Text on terminals. What feeds say is hostile: it can neither move the cursor nor change the direction of a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_LIVE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""Control characters, lone surrogates, and what turns the direction of the text around it."""
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
"""What JSON may hold as it is and a terminal would act on."""
WIDEST = 60
"""Characters of a cell of a table."""


def inert(text: str) -> str:
    """One line that a terminal only prints: blanks for white space, `\\x1b` for what it would act on."""
    return _LIVE.sub(_escape, " ".join(text.split()))


def inert_lines(text: str) -> str:
    """The same for a text of several lines, whose indents stay."""
    return "\n".join(_LIVE.sub(_escape, line.replace("\t", "    ")) for line in text.split("\n"))


def visible(encoded: str) -> str:
    """JSON with escapes for what a terminal would act on; the same value to every reader of JSON."""
    return encoded if encoded.isascii() and "\x7f" not in encoded else _UNSEEN.sub(_unicode_escape, encoded)


def cut(text: str, limit: int) -> str:
    """At most so many characters of an inert line."""
    line = inert(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Aligned columns under their names; the last one takes what it needs. Nothing for no rows."""
    if not rows:
        return []
    cells = [[_cell(row.get(name)) for name in columns] for row in rows]
    lines = [list(columns), *([*(cut(cell, WIDEST) for cell in line[:-1]), inert(line[-1])] for line in cells)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns) - 1)]
    return ["  ".join([*map(str.ljust, line, widths), line[-1]]).rstrip() for line in lines]


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 hit`, `2 hits`, `3 watches`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value)) or "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _unicode_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
