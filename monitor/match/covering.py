"""Which term is true wherever another one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from monitor.match.lexicon import Lexicon
from monitor.match.listeners import ASIDES
from monitor.match.patterns import exact_form
from monitor.match.syntax import Leaf, Node


def covers(one: Node, other: Node, words: Lexicon) -> bool:
    """Is the first true wherever the second is?"""
    if not (isinstance(one, Leaf) and isinstance(other, Leaf)):
        return False
    if one.meta or other.meta:
        return one.meta == other.meta and words.value(one) == words.value(other)
    if one.field not in (None, other.field) or (one.field is None and other.field in ASIDES):
        return False
    return _RULES[_kind(one, other)](one, other, words)


def _kind(one: Leaf, other: Leaf) -> str:
    if "concept" in (one.kind, other.kind):
        return "concept"
    if one.kind in ("exact", "accent"):
        return "exact"
    return "forms" if "forms" in (one.kind, other.kind) else "word"


def _covers_exactly(one: Leaf, other: Leaf, _: Lexicon) -> bool:
    same = (one.kind, one.open_left, one.open_right) == (other.kind, other.open_left, other.open_right)
    cased = one.kind == "exact"
    return same and exact_form(one.text, cased) == exact_form(other.text, cased)


def _covers_forms(one: Leaf, other: Leaf, words: Lexicon) -> bool:
    if any(leaf.open_left or leaf.open_right or leaf.wild for leaf in (one, other)):
        return False
    return {alias.core for alias in words.aliases(other)} <= {alias.core for alias in words.aliases(one)}


def _covers_concept(one: Leaf, other: Leaf, words: Lexicon) -> bool:
    if one.kind != "concept":
        return False
    if other.kind == "concept":
        return (one.text, one.weak) == (other.text, other.weak)
    plain = other.kind == "word" and not (other.open_left or other.open_right or other.wild)
    known = {alias.core for alias in words.aliases(one) if not (alias.check.exact or alias.check.language)}
    return plain and words.core(other) in known


def _covers_word(one: Leaf, other: Leaf, words: Lexicon) -> bool:
    core, wider = words.core(other), words.core(one)
    if one.wild or other.wild:
        return other.wild == one.wild and (core, other.open_left, other.open_right) == (
            wider,
            one.open_left,
            one.open_right,
        )
    if one.open_right and not other.open_left:
        return core.startswith(wider)
    if one.open_left and not other.open_right:
        return core.endswith(wider)
    return core == wider and not (other.open_left or other.open_right)


_RULES: Mapping[str, Callable[[Leaf, Leaf, Lexicon], bool]] = {
    "concept": _covers_concept,
    "exact": _covers_exactly,
    "forms": _covers_forms,
    "word": _covers_word,
}
