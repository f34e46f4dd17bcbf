"""A query as tokens. Curly, low and full-width quotes, `（）` and `：` are taken for their ASCII kin."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from monitor.match.operators import FUNCTIONS, INFIX
from monitor.match.syntax import Fault, Leaf, QueryFault, Span

TokenKind = Literal[
    "(", ")", "word", "phrase", "exact", "=", "-", "concept", "field", "function", "forms", "operator", "end"
]

QUOTES = '"“”„‟＂«»'
SIGNS: dict[str, TokenKind] = {"(": "(", "（": "(", ")": ")", "）": ")", "=": "="}
STOPS = frozenset(QUOTES + "()（）{}｛｝")
NUMBER = r"(?:/[\w.-]*)?"
OPERATOR = re.compile(rf"((?:NOT\s+)?O?NEAR{NUMBER}|AND|OR|NOT)(?=[\s()（）{{｛=@{QUOTES}]|$)")
FIELD = re.compile(r"([A-Za-z_]+)[:：](?!//)")
NAMED = "|".join((*FUNCTIONS, "forms"))
FUNCTION = re.compile(rf"((?:{NAMED}){NUMBER}(?=\s*[(（])|[A-Z]{{2,}}{NUMBER}(?=[(（]))")
FORMS = re.compile(r"forms\s*[(（]\s*([^,，()（）]+?)\s*[,，]\s*([A-Za-z-]+)\s*[)）]")
CONCEPT = re.compile(r"@([A-Za-z0-9_-]*)((?:\.[A-Za-z]*)?)")
_STOPPED = rf"\s{QUOTES}()（）{{}}｛｝"
_COMMON = re.compile(
    rf"\s*(?:{OPERATOR.pattern}"
    rf"|([^{_STOPPED}\\*?^~:：@=!-][^{_STOPPED}\\*?^~:：]*)((?<=[^\W_])\*)?(?=[\s)）]|$)(?!\s*[(（])"
    rf"|([()（）])|([{QUOTES}][^{QUOTES}\\*]+[{QUOTES}]))"
)
"""What nearly all queries are made of: operators, words and phrases without signs but `word*`, parentheses."""
_OPERATOR, _WORD, _STAR, _PHRASE = 1, 2, 3, 5
"""Groups of `_COMMON`."""


_NONE: frozenset[int] = frozenset()
_JOINTS = frozenset({"AND", "OR"})
_PLAIN = Leaf("word", "", (0, 0))[3:]
"""The rest of a leaf without signs."""
_new = tuple.__new__


class Token(NamedTuple):
    """`text` is unescaped; of a word `escaped` tells which of its characters a backslash made plain."""

    kind: TokenKind
    text: str
    span: Span
    escaped: frozenset[int] = _NONE
    argument: str = ""
    """Of forms the language, of infix operators the name without its number."""
    leaf: Leaf | None = None
    """Of a common word or phrase: what it stands for. Nothing touches the end of such a word but `)`."""


def read_tokens(query: str) -> tuple[Token, ...]:
    """All tokens, the last of kind `end`. Raises QueryFault."""
    tokens: list[Token] = []
    at, stop = 0, len(query)
    while True:
        at = _read_common(query, at, tokens)
        while at < stop and query[at].isspace():
            at += 1
        if at == stop:
            return (*tokens, Token("end", "", (at, at)))
        token = _read_token(query, at, fresh=not tokens or tokens[-1].kind in ("operator", "(", "field", "-"))
        tokens.append(token)
        at = token.span[1]


def _read_common(query: str, at: int, tokens: list[Token]) -> int:
    """Reads on as long as all is common; where that ends."""
    match, append = _COMMON.match, tokens.append
    # One loop without calls, and tuples made directly: most of the time that thousands of queries take goes here.
    while found := match(query, at):
        group = found.lastindex or 0
        span = found.span(group)
        at = span[1]
        text = query[span[0] : at]
        if group == _WORD:
            append(_new(Token, ("word", text, span, _NONE, "", _new(Leaf, ("word", text, span, *_PLAIN)))))
        elif group == _OPERATOR:
            name = text if text in _JOINTS else infix_name(text := " ".join(text.split()))
            append(_new(Token, ("operator", text, span, _NONE, name, None)))
        elif group == _STAR:
            span = (found.start(_WORD), at)
            leaf = Leaf("word", found[_WORD], span, open_right=True)
            append(_new(Token, ("word", found[_WORD] + "*", span, _NONE, "", leaf)))
        elif group == _PHRASE:
            text = text[1:-1]
            append(_new(Token, ("phrase", text, span, _NONE, "", _new(Leaf, ("phrase", text, span, *_PLAIN)))))
        else:
            append(_new(Token, (SIGNS[text], text, span, _NONE, "", None)))
    return at


def _operator(written: str, span: Span) -> Token:
    text = " ".join(written.split())
    return Token("operator", text, span, _NONE, infix_name(text))


@lru_cache(maxsize=256)
def infix_name(text: str) -> str:
    """The infix operator that is written so, without its number; empty if it is none."""
    name, _, number = text.partition("/")
    if name == "NEAR" and re.fullmatch("[0-9]+f", number):
        return "ONEAR"
    name = name.replace("NOT ONEAR", "NOT NEAR")
    return name if name in INFIX else ""


def _read_token(query: str, at: int, fresh: bool) -> Token:
    letter = query[at]
    if letter in SIGNS:
        return Token(SIGNS[letter], letter, (at, at + 1))
    if letter == "-" and (fresh or query[at - 1].isspace()):
        return Token("-", "NOT", (at, at + 1))
    return _read_enclosed(query, at) or _read_name(query, at) or _read_word(query, at)


def _read_enclosed(query: str, at: int) -> Token | None:
    """A phrase or exact characters, if either is opened here."""
    if query[at] in QUOTES:
        return _read_quoted(query, at, "phrase", QUOTES, at)
    if query[at] == "!" and query[at + 1 : at + 2] in tuple(QUOTES):
        return _read_quoted(query, at + 1, "exact", QUOTES, at)
    if query[at] in "{｛":
        return _read_quoted(query, at, "exact", "}｝", at)
    return None


def _read_name(query: str, at: int) -> Token | None:
    """An operator, a field, a function or a concept, if one begins here."""
    if found := OPERATOR.match(query, at):
        return _operator(found[1], found.span(1))
    if found := FORMS.match(query, at):
        return Token("forms", found[1].strip(QUOTES), found.span(), argument=found[2].lower())
    if found := FUNCTION.match(query, at):
        return Token("function", found[1], found.span(1))
    if found := FIELD.match(query, at):
        return Token("field", found[1].lower(), found.span())
    if found := CONCEPT.match(query, at):
        return Token("concept", found[1] + found[2], found.span())
    return None


def _read_quoted(query: str, opened: int, kind: TokenKind, closing: str, begin: int) -> Token:
    escaped: set[int] = set()
    text, at = "", opened + 1
    while at < len(query):
        letter = query[at]
        if letter in closing:
            return Token(kind, text, (begin, at + 1), frozenset(escaped))
        if letter == "\\" and at + 1 < len(query):
            at += 1
            escaped.add(len(text))
            letter = query[at]
        text += letter
        at += 1
    sign = query[opened]
    raise QueryFault(
        Fault(
            "MON-QRY-001", (opened, opened + 1), f"{sign} is opened and never closed", "close it, or write \\ before it"
        )
    )


def _read_word(query: str, at: int) -> Token:
    escaped: set[int] = set()
    begin, text = at, ""
    while at < len(query) and not query[at].isspace() and query[at] not in STOPS:
        if query[at] == "\\" and at + 1 < len(query):
            at += 1
            escaped.add(len(text))
        text += query[at]
        at += 1
    if not text:
        raise QueryFault(
            Fault("MON-QRY-001", (at, at + 1), f"{query[at]} closes nothing", "remove it, or write \\ before it")
        )
    return Token("word", text, (begin, at), frozenset(escaped))
