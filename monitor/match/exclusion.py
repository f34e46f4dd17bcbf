"""What cannot be true: what a NOT beside it excludes, what would have to stand in two fields at once."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from monitor.match.covering import covers
from monitor.match.lexicon import Lexicon
from monitor.match.listeners import ASIDES, FIELDS
from monitor.match.syntax import Bound, Leaf, Node, Op


def is_excluded(node: Node, banned: Sequence[Node], words: Lexicon) -> bool:
    """Is a part of a query false wherever none of these may be true?"""
    if isinstance(node, Leaf):
        return any(covers(one, node, words) or _is_part(one, node, words) for one in banned)
    if node.name == "NOT":
        return False
    if node.name in ("OR", "SCORE"):
        return all(is_excluded(part, banned, words) for part in node.parts)
    needed = node.parts[:1] if node.name == "NOT NEAR" else node.parts
    return any(is_excluded(part, banned, words) for part in needed)


def _is_part(one: Node, phrase: Leaf, words: Lexicon) -> bool:
    """Is it a word of a phrase? The last one before `*` is no whole word, nor the first one behind it."""
    if not isinstance(one, Leaf) or one.kind != "word" or one.open_left or one.open_right or one.wild or one.meta:
        return False
    if phrase.kind not in ("word", "phrase", "exact", "accent") or phrase.wild or phrase.meta:
        return False
    if one.field not in (None, phrase.field) or phrase.field in ASIDES:
        return False
    whole = words.core(phrase).split(" ")[1 if phrase.open_left else 0 :]
    return words.core(one) in (whole[:-1] if phrase.open_right else whole)


EVERYWHERE: frozenset[Bound] = frozenset((*FIELDS, *ASIDES))


def torn(node: Op) -> bool:
    """Does it ask for one place, and no field can have all of it?"""
    return node.name in ("NEAR", "ONEAR", "SENTENCE", "PARAGRAPH") and not possible_fields(node)


def possible_fields(node: Node) -> AbstractSet[Bound]:
    """The fields that can have all of what a query needs; of what needs nothing in a text all."""
    if isinstance(node, Leaf):
        return EVERYWHERE if node.meta else {node.field} if node.field else frozenset(FIELDS)
    if node.name == "NOT":
        return EVERYWHERE
    parts = list(map(possible_fields, node.parts[:1] if node.name == "NOT NEAR" else node.parts))
    return EVERYWHERE.intersection(*parts) if node.name not in ("OR", "SCORE") else frozenset().union(*parts)
