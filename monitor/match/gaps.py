"""Two terms without an operator: what was probably meant."""

from __future__ import annotations

from typing import NoReturn

from monitor.match.invisible import INVISIBLE
from monitor.match.lexer import Token
from monitor.match.operators import INFIX
from monitor.match.syntax import Span
from monitor.match.terms import fail

FOREIGN = {"|": "OR", "||": "OR", "&": "AND", "&&": "AND", "+": "AND"}
"""Operators of other query languages."""
HIDDEN = INVISIBLE | {"\u200c", "\u200d"}
"""In an operator not even a joiner shapes anything."""
_WIDE = {code + 0xFEE0: code for code in range(ord("!"), ord("~") + 1)}
# The letters of operators that Cyrillic and Greek have as well.
_ALIKE = dict(zip(map(ord, "АОТЕаотеΑΝΟΤΕ"), "AOTEaoteANOTE", strict=True))


def refuse_gap(query: str, before: Token, token: Token) -> NoReturn:
    """Raises QueryFault for a term right behind another one."""
    if token.text == "NOT" and token.kind in ("operator", "-"):
        fail("003", token.span, "NOT follows a term without AND", "write AND NOT")
    for word in (token, before):
        refuse_meant(word, only_not=word is before)
    if token.text in FOREIGN:
        fail("003", token.span, f"{token.text} is no operator here", f"write {FOREIGN[token.text]}")
    fail("003", token.span, "two terms without an operator", _remedy(query, (before, token)))


def refuse_meant(token: Token, only_not: bool = False) -> None:
    """Raises QueryFault for a word that was meant as an operator. NOT may stand before the gap, too."""
    meant = plain_letters(token.text).upper()
    names = ("NOT",) if only_not else (*INFIX, "NOT")
    if token.kind != "word" or meant.partition("/")[0] not in names:
        return
    if hidden := hidden_sign(token.text):
        fail("003", token.span, f"{meant} has an invisible sign ({hidden}) in it", f"type {meant} anew")
    if plain_letters(token.text) != token.text:
        fail("003", token.span, f"{token.text} only looks like {meant}", f"write {meant} in plain Latin capitals")
    fail("003", token.span, f"{token.text} is a word like any other here", f"write {meant} in capitals")


def plain_letters(text: str) -> str:
    """Full-width, Cyrillic and Greek letters that look like those of operators as such; what is invisible left out."""
    seen = "".join(letter for letter in text if letter not in HIDDEN)
    return seen.translate(_WIDE).translate(_ALIKE)


def hidden_sign(text: str) -> str:
    """The first invisible sign, by its number; empty if there is none."""
    return next((f"U+{ord(letter):04X}" for letter in text if letter in HIDDEN), "")


def _remedy(query: str, both: tuple[Token, Token]) -> str:
    joined = "write AND, OR or NEAR between them"
    span: Span = (both[0].span[0], both[1].span[1])
    written = query[slice(*span)].replace('"', "")
    if hidden := hidden_sign(written):
        return f"remove the invisible sign {hidden}, or {joined}"
    words = all(token.kind in ("word", "phrase") and any(map(str.isalnum, token.text)) for token in both)
    return f'{joined}, or quote both: "{written}"' if words else joined
