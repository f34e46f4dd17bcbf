"""Two terms without an operator: what was probably meant."""

from __future__ import annotations

import re
from typing import NoReturn

from monitor.match.invisible import INVISIBLE
from monitor.match.lexer import Token
from monitor.match.operators import COUNTED, FUNCTIONS, INFIX
from monitor.match.syntax import Span
from monitor.match.terms import fail, read_suffix

FOREIGN = {"|": "OR", "||": "OR", "&": "AND", "&&": "AND", "+": "AND"}
"""Operators of other query languages."""
NEARS = re.compile(r"(?:NEAR|W/|WITHIN/)(\d+f?)")
ORDERED = re.compile(r"(?:ONEAR|PRE/|ADJ)(\d*)")
"""Their ways to say how near, and in which order."""
HIDDEN = INVISIBLE | {"\u200c", "\u200d"}
"""In an operator not even a joiner shapes anything."""
SINGLE = "'`‘’‚‹›「」『』"
"""Quotes that are none here; in double ones they are not needed."""
_WIDE = {code + 0xFEE0: code for code in range(ord("!"), ord("~") + 1)}
# The letters of operators that Cyrillic and Greek have as well.
_ALIKE = dict(zip(map(ord, "АОТЕаотеΑΝΟΤΕ"), "AOTEaoteANOTE", strict=True))


def refuse_gap(query: str, before: Token, token: Token) -> NoReturn:
    """Raises QueryFault for a term right behind another one."""
    if token.text == "NOT" and token.kind in ("operator", "-"):
        fail("003", token.span, "NOT follows a term without AND", "write AND NOT")
    for word in (token, before):
        refuse_meant(word, only_not=word is before)
    refuse_function(before, token)
    refuse_star(before, token)
    if token.kind == "word" and read_suffix(token):
        fail("003", token.span, f"{token.text} stands apart from its term", "remove the blank before it")
    if own := own_operator(token):
        fail("003", token.span, f"{token.text} is no operator here", f"write {own}")
    fail("003", token.span, "two terms without an operator", _remedy(query, (before, token)))


def own_operator(token: Token) -> str:
    """What an operator of another query language is called here; empty if a token is none."""
    if token.kind != "word":
        return ""
    near, ordered = NEARS.fullmatch(token.text), ORDERED.fullmatch(token.text)
    if near:
        return f"NEAR/{near[1]}"
    return f"ONEAR/{ordered[1] or 0}" if ordered else FOREIGN.get(token.text, "")


def refuse_star(before: Token, token: Token) -> None:
    """Raises QueryFault for a wildcard right behind a quote or a brace."""
    if token.text != "*" or not touch(before, token) or before.kind not in ("phrase", "exact"):
        return
    if before.kind == "phrase":
        fail("006", token.span, "* stands outside the phrase", f'write it inside: "{before.text}*"')
    fail("006", token.span, "exact characters take no wildcard", f"remove it, or write {before.text}*")


def refuse_function(before: Token, token: Token) -> None:
    """Raises QueryFault for a function without its parentheses, or in small letters."""
    name = before.text.upper()
    if before.kind != "word" or name.partition("/")[0] not in FUNCTIONS:
        return
    if name == before.text:
        numbered = name if "/" in name or name not in COUNTED else f"{name}/5"
        remedy = f"write {numbered}( ) around what it is about, or quote the word"
        fail("002", before.span, f"{name} has no parentheses behind it", remedy)
    if token.kind == "(" and touch(before, token):
        fail("003", before.span, f"{before.text} is a word like any other here", f"write {name} in capitals")


def refuse_meant(token: Token, only_not: bool = False) -> None:
    """Raises QueryFault for a word that was meant as an operator. NOT may stand before the gap, too."""
    meant = plain_letters(token.text).upper()
    names = ("NOT",) if only_not else (*INFIX, "NOT")
    if token.kind != "word" or meant.partition("/")[0] not in names:
        return
    if hidden := hidden_sign(token.text):
        fail("003", token.span, f"{meant} has an invisible sign ({hidden}) in it", f"type {meant} anew")
    if meant == token.text:
        refuse_number(token)
        return
    own = f"AND {meant}" if meant == "NOT" and not only_not else meant
    if plain_letters(token.text) != token.text:
        fail("003", token.span, f"{token.text} only looks like {meant}", f"write {own} in plain Latin capitals")
    fail("003", token.span, f"{token.text} is a word like any other here", f"write {own} in capitals")


def refuse_number(token: Token) -> None:
    """Raises QueryFault for a number behind an operator without one. A bare name is a word: a sign before made it."""
    name, slash, _ = token.text.partition("/")
    if slash:
        fail("007", token.span, f"{name} takes no number", f"write {name}")


def plain_letters(text: str) -> str:
    """Full-width, Cyrillic and Greek letters that look like those of operators as such; what is invisible left out."""
    seen = "".join(letter for letter in text if letter not in HIDDEN)
    return seen.translate(_WIDE).translate(_ALIKE)


def hidden_sign(text: str) -> str:
    """The first invisible sign, by its number; empty if there is none."""
    return next((f"U+{ord(letter):04X}" for letter in text if letter in HIDDEN), "")


def _remedy(query: str, both: tuple[Token, Token]) -> str:
    joined = "write AND, OR or NEAR between them"
    written = " ".join(query[slice(*token.span)] for token in both) if touch(*both) else query[slice(*_hull(both))]
    written = written.replace('"', "").strip(SINGLE)
    if hidden := hidden_sign(written):
        return f"remove the invisible sign {hidden}, or {joined}"
    words = all(token.kind in ("word", "phrase") and any(map(str.isalnum, token.text)) for token in both)
    return f'{joined}, or quote both: "{written}"' if words else joined


def touch(before: Token, token: Token) -> bool:
    """Do two tokens stand side by side without a blank?"""
    return before.span[1] == token.span[0]


def _hull(both: tuple[Token, Token]) -> Span:
    return both[0].span[0], both[1].span[1]
