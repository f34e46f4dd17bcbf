"""What the leaves of queries stand for: folded words, concepts, inflected forms, values of metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter

from monitor.match.fold import fold_words
from monitor.match.inflection import Inflect, inflect, release
from monitor.match.operators.metadata import plain_value
from monitor.match.packs import Concept
from monitor.match.patterns import PLAIN, Alias, Check, exact_form, make_alias, make_shape
from monitor.match.syntax import Leaf, Node, leaves

STAND_IN = {"?": "\u16b7", "*": "\u16c3"}
"""Letters that fold to themselves and join with nothing, in the place of wildcards while a word is folded."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All that is known about the leaves of some queries."""

    concepts: Mapping[str, Concept]
    cores: Mapping[str, str]
    """Folded forms of texts."""
    forms: Mapping[tuple[str, str], tuple[str, ...] | None]
    """By word and language; None without a dictionary."""

    def core(self, leaf: Leaf) -> str:
        """A leaf's folded text, with stand-ins for the wildcards in it."""
        return self.cores[_written(leaf)]

    def pieces(self, leaf: Leaf) -> list[str]:
        """A word with wildcards inside as literals, `?` and `*`."""
        pieces = [""]
        signs = {letter: sign for sign, letter in STAND_IN.items()}
        for letter in self.core(leaf):
            if letter in signs:
                pieces += [signs[letter], ""]
            else:
                pieces[-1] += letter
        return [*(["*"] if leaf.open_left else []), *filter(None, pieces), *(["*"] if leaf.open_right else [])]

    def value(self, leaf: Leaf) -> str:
        """What a leaf of metadata is compared with."""
        return plain_value(leaf.meta, leaf.text, self.core(leaf))

    def aliases(self, leaf: Leaf) -> tuple[Alias, ...]:
        """What the leaf searches for."""
        if leaf.kind == "concept":
            concept = self.concepts[leaf.text]
            return concept.weak if leaf.weak else concept.strong
        if leaf.kind == "forms":
            return tuple(self._forms(leaf))
        if leaf.wild:
            return (self._shaped(leaf),)
        return (leaf_alias(leaf, self.core(leaf)),)

    def _forms(self, leaf: Leaf) -> Iterator[Alias]:
        """Forms that fold alike are one."""
        rows = {self.cores[form]: form for form in reversed(self.forms[leaf.text, leaf.language] or (leaf.text,))}
        for core, form in sorted(rows.items()):
            if core:
                yield make_alias(Alias(form, "form", core))

    def _shaped(self, leaf: Leaf) -> Alias:
        """The longest literal of a word with wildcards; the whole word is held against its shape."""
        pieces = self.pieces(leaf)
        longest = max(pieces, key=lambda piece: len(piece) if piece not in STAND_IN else 0)
        check = Check(shape=make_shape(pieces))
        left, right = pieces[0] is not longest, pieces[-1] is not longest
        return Alias(written(leaf), "wildcard", longest, check, left, right)

    def digests(self, every: Sequence[Leaf]) -> Iterator[str]:
        """What the version of a watch with these leaves depends on besides its text."""
        found = [leaf for leaf in every if leaf.kind in ("concept", "forms")]
        for name in sorted({leaf.text for leaf in found if leaf.kind == "concept"}):
            yield from (name, self.concepts[name].digest)
        for leaf in found:
            if leaf.kind == "forms":
                yield " ".join(self.forms[leaf.text, leaf.language] or ())


def written(leaf: Leaf) -> str:
    """A word as its author wrote it, wildcards included."""
    return ("*" if leaf.open_left else "") + leaf.text + ("*" if leaf.open_right else "")


def _written(leaf: Leaf) -> str:
    if not leaf.wild:
        return leaf.text
    return "".join(STAND_IN[letter] if at in leaf.wild else letter for at, letter in enumerate(leaf.text))


def make_lexicon(trees: Sequence[Node], concepts: Mapping[str, Concept], known: Inflect | None = None) -> Lexicon:
    """Folds and expands all leaves of all trees. `known` knows the forms of words; by default the dictionaries do."""
    return read_leaves(map(leaves, trees), concepts, known)


def read_leaves(
    rows: Iterable[Sequence[Leaf]], concepts: Mapping[str, Concept], known: Inflect | None = None
) -> Lexicon:
    """The same from the leaves of every tree."""
    texts: set[str] = set()
    asked: set[tuple[str, str]] = set()
    for leaf in chain.from_iterable(rows):
        if leaf.kind == "forms":
            asked.add((leaf.text, leaf.language))
        if leaf.kind != "concept":
            texts.add(_written(leaf) if leaf.wild else leaf.text)
    forms = {key: (known or inflect)(*key) for key in sorted(asked, key=itemgetter(1))}
    release()
    texts.update(form for found in forms.values() for form in found or ())
    return Lexicon(concepts, _fold_all(texts), forms)


def _fold_all(texts: Iterable[str]) -> dict[str, str]:
    """Folded forms by text; those in ASCII together, for they take a shorter way."""
    simple: list[str] = []
    other: list[str] = []
    for text in texts:
        (simple if text.isascii() else other).append(text)
    return dict(zip(chain(simple, other), chain(fold_words(simple), fold_words(other)), strict=True))


def leaf_alias(leaf: Leaf, core: str) -> Alias:
    """What a word, a phrase, exact characters or exact accents search for."""
    kind = "prefix" if leaf.open_right else "suffix" if leaf.open_left else "phrase" if " " in core else "term"
    check = PLAIN
    if leaf.kind in ("exact", "accent"):
        kind = "case" if leaf.kind == "exact" else "accent"
        check = Check(exact=exact_form(leaf.text, leaf.kind == "exact"), cased=leaf.kind == "exact")
    return make_alias(Alias(written(leaf), kind, core, check, leaf.open_left, leaf.open_right))
