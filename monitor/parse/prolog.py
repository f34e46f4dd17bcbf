"""What stands before the root element: blanks, BOMs, declarations, comments, DOCTYPE."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[\s\ufeff\0]*")
_SUBSET_END = re.compile(r"\]\s*>")


def skip_prolog(text: str) -> int:
    """Where the root element begins, or what stands in its place; `len(text)` if nothing does.

    An unclosed comment or DOCTYPE is where the prolog ends. Linear: each piece is looked at once.
    """
    at = 0
    while True:
        at = _end_of_blanks(text, at)
        after = _end_of_piece(text, at)
        if after <= at:
            return at
        at = after


def _end_of_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _end_of_piece(text: str, at: int) -> int:
    if text.startswith("<?", at):
        return _behind(text, "?>", at)
    if text.startswith("<!--", at):
        return _behind(text, "-->", at + 4)
    if text[at : at + 9].lower() == "<!doctype" and text[at + 9 : at + 14].strip().lower() != "html":
        return _end_of_doctype(text, at)
    return at


def _end_of_doctype(text: str, at: int) -> int:
    """Behind the DOCTYPE. An internal subset holds `>` itself, so there the bracket counts."""
    close, subset = text.find(">", at), text.find("[", at)
    if 0 <= subset < close:
        found = _SUBSET_END.search(text, subset)
        return found.end() if found else at
    return close + 1


def _behind(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return found + len(mark) if found >= 0 else -1
