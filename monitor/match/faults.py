"""What is wrong with what a query means, once it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from monitor.match.fold import HANGUL, UNSPACED, script_class
from monitor.match.lexicon import Lexicon
from monitor.match.operators import FUNCTIONS
from monitor.match.operators.metadata import objection
from monitor.match.syntax import Fault, Leaf, Node, leaves

MIN_BEFORE, MIN_AFTER, MIN_INSIDE = 3, 4, 3
"""Letters a wildcard needs before it, after it, or in one piece beside it."""
MEANT = {
    ("country", "uk"): "GB",
    ("lang", "ua"): "uk",
    ("lang", "jp"): "ja",
    ("lang", "cn"): "zh",
    ("lang", "cz"): "cs",
    ("lang", "gr"): "el",
    ("lang", "dk"): "da",
}
"""Codes that are taken for those of a country's language, and the other way round."""
MAX_PATTERNS = 20_000
"""What the terms of one query may come to, in whatever fields they stand."""
MAX_ALIASES = 100_000
"""Patterns of one concept: they are searched for once, however many queries name it."""


def query_faults(tree: Node, words: Lexicon) -> list[Fault]:
    """Everything that keeps a tree from being compiled."""
    found = [fault for leaf in leaves(tree) for fault in leaf_faults(leaf, words)]
    found += absence_faults(tree)
    return found or list(_size_faults(tree, words))


def leaf_faults(leaf: Leaf, words: Lexicon) -> list[Fault]:
    """Everything that is wrong with one term."""
    return list(_leaf_faults(leaf, words))


def _leaf_faults(leaf: Leaf, words: Lexicon) -> Iterator[Fault]:
    if leaf.kind == "concept":
        yield from _concept_faults(leaf, words)
    elif not words.core(leaf):
        yield Fault("MON-QRY-011", leaf.span, "nothing is left of this after folding", "use letters, digits or a flag")
    elif leaf.meta:
        yield from _value_faults(leaf, words.value(leaf))
    elif leaf.kind == "forms":
        yield from _forms_faults(leaf, words)
    elif fault := _shape_fault(leaf, words) if leaf.wild else _wildcard_fault(leaf, words.core(leaf)):
        yield fault


def _value_faults(leaf: Leaf, value: str) -> Iterator[Fault]:
    wrong = objection(leaf.meta, value)
    if wrong and leaf.meta == "domain":
        yield Fault("MON-QRY-004", leaf.span, f"there is {wrong}", "write a host, as in domain:example.org")
    elif wrong:
        meant = MEANT.get((leaf.meta, value))
        remedy = f"did you mean {leaf.meta}:{meant}?" if meant else "write a code, as in lang:uk or country:UA"
        yield Fault("MON-QRY-013", leaf.span, f"there is {wrong}", remedy)


def _concept_faults(leaf: Leaf, words: Lexicon) -> Iterator[Fault]:
    concepts = words.concepts
    if leaf.text not in concepts:
        near = get_close_matches(leaf.text, concepts, 1)
        remedy = f"did you mean @{near[0]}?" if near else f"there are {', '.join(sorted(concepts)) or 'none'}"
        yield Fault("MON-QRY-005", leaf.span, f"there is no concept @{leaf.text}", remedy)
    elif not words.aliases(leaf):
        tier = "weak" if leaf.weak else "strong"
        yield Fault(
            "MON-QRY-010", leaf.span, f"the concept has no {tier} aliases", "there is nothing to search for: remove it"
        )


def _forms_faults(leaf: Leaf, words: Lexicon) -> Iterator[Fault]:
    if words.forms[leaf.text, leaf.language] is None:
        message = f"there is no dictionary of the language {leaf.language}"
        yield Fault("MON-QRY-013", leaf.span, message, "write a code, as in forms(word, en); or list the forms")


def _wildcard_fault(leaf: Leaf, core: str) -> Fault | None:
    """A wildcard that would hit half the language."""
    inner = core[0] if leaf.open_left else core[-1]
    if not (leaf.open_left or leaf.open_right) or script_class(inner) in (*UNSPACED, HANGUL):
        return None
    least = MIN_AFTER if leaf.open_left else MIN_BEFORE
    if len(core.replace(" ", "")) >= least:
        return None
    side = "after" if leaf.open_left else "before"
    return Fault("MON-QRY-006", leaf.span, f"a wildcard needs {least} letters {side} it", "write more letters")


def _shape_fault(leaf: Leaf, words: Lexicon) -> Fault | None:
    """A wildcard inside what is no single word, or beside too few letters."""
    core = words.core(leaf)
    if " " in core or any(script_class(letter) in UNSPACED for letter in core):
        return Fault(
            "MON-QRY-006",
            leaf.span,
            "a wildcard inside what is not one word with blanks around it",
            "use * at one end, or list the words",
        )
    if max(len(piece) for piece in words.pieces(leaf)) < MIN_INSIDE:
        return Fault(
            "MON-QRY-006",
            leaf.span,
            f"a wildcard needs {MIN_INSIDE} letters in one piece beside it",
            "write more letters",
        )
    return None


def _size_faults(tree: Node, words: Lexicon) -> Iterator[Fault]:
    distinct = {leaf.meaning[:2] + leaf.meaning[3:]: leaf for leaf in leaves(tree) if not leaf.meta}
    number = sum(len(words.aliases(leaf)) for leaf in distinct.values() if leaf.kind != "concept")
    if number > MAX_PATTERNS:
        yield Fault("MON-QRY-012", tree.span, f"{number} patterns, {MAX_PATTERNS} are allowed", "split the watch")
    for leaf in distinct.values():
        size = len(words.aliases(leaf)) if leaf.kind == "concept" else 0
        if size > MAX_ALIASES:
            said = f"the concept has {size} patterns, {MAX_ALIASES} are allowed"
            yield Fault("MON-QRY-012", leaf.span, said, "split the pack")


def absence_faults(node: Node, top: bool = True) -> Iterator[Fault]:
    """Pure absence is true of nearly everything, so it must stand in an AND beside something positive.

    `top`: of a whole query, or of all that a function is about.
    """
    if isinstance(node, Leaf):
        return
    if top and is_absence(node):
        yield Fault("MON-QRY-009", node.span, "only what must be absent is said", "add AND and what must be present")
    if node.name == "OR" and (negative := next(filter(is_absence, node.parts), None)):
        yield Fault("MON-QRY-009", negative.span, "OR NOT is true for nearly everything", "write AND NOT, or remove it")
    for part in node.parts:
        yield from absence_faults(part, top=node.name in FUNCTIONS)


def is_absence(node: Node) -> bool:
    """Does it say no more than what must be absent?"""
    if isinstance(node, Leaf):
        return False
    return node.name == "NOT" or (node.name == "AND" and all(map(is_absence, node.parts)))
