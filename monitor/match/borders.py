"""Where sentences and paragraphs of a text end."""

from __future__ import annotations

import re

from monitor.match.fold import BORDER

LINE = "\n\r\u2028\u2029" + BORDER
CLOSED = "。！？"
"""These end a sentence whatever follows."""
SENTENCE = re.compile(rf"[.!?…؟।{CLOSED}]+[\"'”’»」』）)\]]*|[{LINE}]")
PARAGRAPH = re.compile(rf"[{LINE}]")


def paragraph_ends(text: str) -> list[int]:
    """Places behind line breaks and field borders."""
    return [found.end() for found in PARAGRAPH.finditer(text)]


def sentence_ends(text: str) -> list[int]:
    """Places behind the last sign of each sentence.

    A sign ends a sentence before white space, a capital, or the end of the text; a full stop does not after a single
    letter or a digit (J. Smith, 3. Mai); every line break does.
    """
    return [found.end() for found in SENTENCE.finditer(text) if _ends(text, found)]


def _ends(text: str, found: re.Match[str]) -> bool:
    sign = found[0][0]
    if sign in LINE or sign in CLOSED:
        return True
    after = text[found.end() : found.end() + 1]
    if after and not (after.isspace() or after.isupper() or after == BORDER):
        return False
    return sign != "." or not _abbreviates(text, found.start())


def _abbreviates(text: str, at: int) -> bool:
    """Does a full stop here follow a single letter or a digit?"""
    before = text[at - 1 : at] if at else ""
    if before.isdigit():
        return True
    return before.isalpha() and not text[max(0, at - 2) : at - 1].isalpha()
