"""Where sentences and paragraphs of a text end."""

from __future__ import annotations

import re
import unicodedata

from monitor.match.fold import BORDER, script_class
from monitor.match.invisible import INVISIBLE

LINE = "\n\r\x0b\x0c\x85\u2028\u2029" + BORDER
STOPS = ".．"
"""They end abbreviations and numbers as well."""
SIGNS = STOPS + "!?…؟।॥۔։።፧᠃꯫᱾\u037e"
"""Latin, Arabic, Indic, Urdu, Armenian, Ethiopic, Mongolian, Meitei, Santali; the Greek question mark."""
CLOSED = "。｡！？။។៕"
"""These end a sentence whatever follows: their scripts part no sentences with blanks."""
QUOTES = "\"'“”‘’«»‹›」』｣》〉】〕"
"""Of either side: »so« and „so“ close with what opens elsewhere."""
BEHIND = re.escape(f"{QUOTES})）]{''.join(sorted(INVISIBLE))}")
APOSTROPHES = "'’ʼ‘ʻ′´`＇"
SENTENCE = re.compile(rf"[{re.escape(SIGNS)}{CLOSED}]+[{BEHIND}]*|[{LINE}]")
PARAGRAPH = re.compile(rf"[{LINE}]")


def paragraph_ends(text: str) -> list[int]:
    """Places behind line breaks and field borders."""
    return [found.end() for found in PARAGRAPH.finditer(text)]


def sentence_ends(text: str) -> list[int]:
    """Places behind the last sign of each sentence, and behind the quotes and brackets it closes.

    A sign ends a sentence before white space, a capital, or the end of the text; a full stop does not after a single
    letter or a digit (J. Smith, 3. Mai); every line break does.
    """
    return [found.end() for found in SENTENCE.finditer(text) if _ends(text, found)]


def _ends(text: str, found: re.Match[str]) -> bool:
    sign = found[0][0]
    if sign in LINE or any(letter in CLOSED for letter in found[0]):
        return True
    after = text[found.end() : found.end() + 1]
    if after and not (after.isspace() or after.isupper() or after == BORDER):
        return False
    return sign not in STOPS or not _abbreviates(text, found.start())


def _abbreviates(text: str, at: int) -> bool:
    """Does a single letter or a digit stand before? The A of "d'A. Camus" is one, the s of "Russia's" is not."""
    at = _before_accents(text, at)
    before = text[at - 1 : at]
    if before.isdigit():
        return True
    if not before.isalpha() or script_class(before):
        return False  # a syllable or a character is a word: 조사 중.
    if before.islower() and at > 1 and text[at - 2] in APOSTROPHES:
        at -= 1
    return not _in_word(text[max(0, at - 2) : at - 1])


def _before_accents(text: str, at: int) -> int:
    """Where the accents begin that belong to the letter before. Vowels of Indic scripts are more than accents."""
    while at and unicodedata.combining(text[at - 1]):
        at -= 1
    return at


def _in_word(letter: str) -> bool:
    return bool(letter) and unicodedata.category(letter)[0] in "LMN"
