"""Tokens → leaves: wildcards, weights and distances of single terms."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from monitor.match.fold import fold_words
from monitor.match.lexer import FORMS, Token
from monitor.match.syntax import Fault, Leaf, LeafKind, Node, Op, QueryFault, Span

MAX_WEIGHT = 100
MAX_DIGITS = 9
UNPLAIN = re.compile(r"^[-=@!]|[{}｛｝^~:：\\]")
"""Signs of the query language that mean nothing inside forms( )."""
DISTANCE = re.compile(r"~([^\^]*)(?:\^(.*))?")


def fail(number: str, span: Span, message: str, remedy: str = "") -> NoReturn:
    """Raises the fault `MON-QRY-<number>`."""
    raise QueryFault(Fault(f"MON-QRY-{number}", span, message, remedy))


def read_number(written: str, most: int, span: Span, what: str, least: int = 0) -> int:
    """The n of an operator; that it is not below `least` is only said. Raises QueryFault."""
    if not re.fullmatch("[0-9]+", written):
        said = f"{what} has no number" if not written else f"{written} is no whole number"
        fail("007", span, said, f"write a whole number from {least} to {most}, as in {what}5")
    if len(written) > MAX_DIGITS or int(written) > most:
        fail("007", span, f"{written} is too much here", f"write at most {most}")
    return int(written)


@dataclass(frozen=True, slots=True)
class Suffix:
    """What stands behind a term without a blank: `~n`, `^w`, both or nothing."""

    distance: str | None = None
    weight: str | None = None


def read_suffix(token: Token) -> Suffix | None:
    """The distance and weight that a word token is; None if it is something else."""
    if 0 in token.escaped or token.text[:1] not in ("~", "^"):
        return None
    if token.text[0] == "^":
        return Suffix(weight=token.text[1:])
    found = DISTANCE.fullmatch(token.text)
    return Suffix(found[1], found[2]) if found else None


def split_weight(token: Token) -> tuple[Token, str | None]:
    """A word without the weight at its end."""
    at = token.text.rfind("^")
    if at <= 0 or at in token.escaped:
        return token, None
    return token._replace(text=token.text[:at], leaf=None), token.text[at + 1 :]


def read_weight(written: str, span: Span, scoring: bool) -> float:
    """A weight in a score. Raises QueryFault."""
    if not scoring:
        fail(
            "014",
            span,
            "a weight counts only inside SCORE",
            'remove it; quote the word if the sign belongs to it: "a^2"',
        )
    good = re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", written)
    if not good or not 0 < float(written) <= MAX_WEIGHT:
        fail(
            "014",
            span,
            f"{written or 'nothing'} is no weight",
            f"write a number over 0 and up to {MAX_WEIGHT}, with three decimals at most, as in word^2.5",
        )
    return float(written)


def refuse_bang(token: Token, span: Span) -> None:
    """`!` is absence elsewhere, and exact letters here: what is meant has to be said. Raises QueryFault."""
    if token.text[:1] == "!" and token.text[1:] and 0 not in token.escaped:
        bare = token.text[1:]
        remedy = f'write !"{bare}" for exactly these letters, NOT {bare} for absence, or quote the word with its sign'
        fail("002", span, "! has no quote behind it", remedy)


def make_leaf(kind: LeafKind, token: Token, span: Span) -> Leaf:
    """A word, a phrase, exact characters or exact accents. Raises QueryFault."""
    if kind == "exact":
        return Leaf(kind, token.text, span)
    stars = {at for at, letter in enumerate(token.text) if letter == "*" and at not in token.escaped}
    ends = _ends(token, stars, span)
    inner = (stars - ends) | (_marks(token) if token.kind == "word" else set())
    if inner and (kind == "accent" or token.kind != "word"):
        where = "exact accents" if kind == "accent" else "a phrase"
        fail("006", span, f"a wildcard inside {where}", "use * at one end only, or NEAR/0f for words side by side")
    text = "".join(letter for at, letter in enumerate(token.text) if at not in ends)
    shift = 1 if 0 in ends else 0
    wild = tuple(sorted(at - shift for at in inner))
    return Leaf(kind, text, span, open_left=0 in ends, open_right=bool(ends - {0}), wild=wild)


def _ends(token: Token, stars: set[int], span: Span) -> set[int]:
    """The wildcard at one end of a term."""
    if token.text and len(stars) == len(token.text):
        fail("006", span, "a wildcard alone means everything", "add at least 3 letters, as in ukrain*")
    ends = stars & {0, len(token.text) - 1}
    if len(ends) == 2:
        fail("006", span, "a wildcard at both ends", "keep the one at the beginning or the one at the end")
    for at in ends:
        _refuse_apart(token, token.text[at - 1] if at else token.text[1], span)
    return ends


def _refuse_apart(token: Token, beside: str, span: Span) -> None:
    """A wildcard behind a blank or a hyphen would be a word of its own: any word. Raises QueryFault."""
    if (token.kind == "word" and beside in "*?") or unicodedata.category(beside) == "Cf" or fold_words([beside])[0]:
        return
    if unicodedata.category(beside)[0] != "M":
        sign = "a blank" if beside.isspace() else beside
        fail("006", span, f"a wildcard beside {sign} would be any word", "write it beside a letter, or use NEAR/0f")


def _marks(token: Token) -> set[int]:
    """Question marks that stand for a letter: those with a letter behind them."""
    bare = token.text.rstrip("?*")
    return {at for at, letter in enumerate(bare) if letter == "?" and at not in token.escaped}


def make_forms(query: str, token: Token) -> Leaf:
    """`forms(word, lang)`. Raises QueryFault for what is not one plain word: no dictionary lists that."""
    found = FORMS.match(query, token.span[0])
    span = found.span(1) if found else token.span
    word, language = token.text.strip(), token.argument
    if wildcard := next((sign for sign in "*?" if sign in word), ""):
        remedy = f"remove {wildcard}; a word with a wildcard stands by itself, without forms( )"
        fail("006", span, "a wildcard inside forms( ), which brings the endings by itself", remedy)
    if len(words := word.split()) > 1:
        several = " ONEAR/0 ".join(f"forms({one}, {language})" for one in words)
        fail("004", span, f"forms( ) takes one word, these are {len(words)}", f"write {several}")
    if sign := UNPLAIN.search(word):
        remedy = f"remove {sign[0]}; field and weight stand outside: title:forms(word, {language})^2"
        fail("004", span, f"forms( ) takes a plain word, without {sign[0]}", remedy)
    return Leaf("forms", word, token.span, language=language)


def make_window(leaf: Leaf, words: int) -> Node:
    """A phrase whose words may be apart: one leaf per folded word; the phrase itself if it has only one."""
    folded = fold_words([leaf.text])[0].split(" ")
    if len(folded) < 2:
        return leaf
    parts = [Leaf("word", word, leaf.span) for word in folded]
    parts[0] = parts[0]._replace(open_left=leaf.open_left)
    parts[-1] = parts[-1]._replace(open_right=leaf.open_right)
    return Op("~", tuple(parts), leaf.span, words)
