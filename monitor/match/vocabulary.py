"""Which words are common: counted in articles, or at least listed in a dictionary. Three warnings go by it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from monitor.match.designations import other_spelling
from monitor.match.fold import Folded, fold_words
from monitor.match.invisible import visible_end
from monitor.match.lexicon import Lexicon, make_lexicon
from monitor.match.packs import Concept
from monitor.match.patterns import exact_form, fits, make_shape
from monitor.match.query import Query
from monitor.match.segments import Standing, segments_of
from monitor.match.syntax import Leaf, leaves
from monitor.model.watch import Text

ENOUGH = 200
"""Articles below which a share of them says nothing."""
CHUNK = 50_000
"""Words of a dictionary that are folded together: some have millions."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that wildcards and words with accents also mean, by their folded form."""

    spellings: Mapping[str, str]
    """As they are mostly written."""
    counts: Mapping[str, int]
    """Articles that have them, and other spellings of types; words only a dictionary has are missing."""


class Interest:
    """The words on which a warning about some queries may depend; of all others nothing is kept."""

    def __init__(self, rows: Iterable[Leaf], words: Lexicon) -> None:
        """The leaves, and what is known of them."""
        starts, ends, self._shapes = set[str](), set[str](), set[str]()
        self._whole: set[str] = set()
        for leaf in rows:
            if leaf.kind != "word" or leaf.meta:
                continue
            core = words.core(leaf)
            if leaf.wild:
                self._shapes.add(make_shape(words.pieces(leaf)))
            elif leaf.open_left or leaf.open_right:
                (starts if leaf.open_right else ends).add(core)
            elif marked(leaf, words):
                self._whole.add(core)
        self._starts, self._ends = tuple(starts), tuple(ends)

    def __bool__(self) -> bool:
        return bool(self._starts or self._ends or self._shapes or self._whole)

    def takes(self, word: str) -> bool:
        """Is a folded word one of them?"""
        edges = word.startswith(self._starts) or word.endswith(self._ends)
        return edges or word in self._whole or any(fits(shape, word) for shape in self._shapes)

    def chosen(self, listed: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Those of a dictionary's rows of form and lemma, by their folded form; the spelling without accents first.

        Of a word that a wildcard hits the lemma stands for all forms: a few are named, and those should differ.
        """
        found: dict[str, str] = {}
        rest = iter(listed)
        while rows := list(islice(rest, CHUNK)):
            for folded, word in self._taken(rows):
                if folded not in found or exact_form(word, False) == folded:
                    found[folded] = word
        return found

    def _taken(self, rows: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        forms = zip(fold_words([form for form, _ in rows]), rows, strict=True)
        taken = [(folded, form, lemma) for folded, (form, lemma) in forms if self.takes(folded)]
        roots = fold_words([lemma for _, _, lemma in taken])
        for (folded, form, lemma), root in zip(taken, roots, strict=True):
            if form == lemma or folded in self._whole or not self.takes(root):
                yield folded, form


def marked(leaf: Leaf, words: Lexicon) -> bool:
    """Does a word lose accents when it is folded?"""
    return exact_form(leaf.text, False) != words.core(leaf)


class WordCount:
    """Articles before some watches: how many have what must occur for each, and the words its terms also mean."""

    def __init__(self, rules: Standing, concepts: Mapping[str, Concept]) -> None:
        """Nothing is counted yet."""
        trees = [query.tree for query in rules.queries]
        self.queries = rules.queries
        self.words = make_lexicon(trees, concepts)
        self.interest = Interest(chain.from_iterable(map(leaves, trees)), self.words)
        self.others = frozenset(_others(self.queries))
        """Other spellings of types, folded."""
        self.articles = 0
        self._segments = [(segment, _groups(segment.live.values())) for segment in segments_of(rules)]
        self._heard: Counter[tuple[int, frozenset[int]]] = Counter()
        self._counts: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def hear(self, text: Text) -> None:
        """Counts one article."""
        self.articles += 1
        for number, (segment, groups) in enumerate(self._segments):
            scan = segment.rules.scan(text)
            heard = segment.rules.heard(scan)
            self._heard.update((number, group) for group in groups if not group.isdisjoint(heard))
            if not number:
                self._hear_words(scan.folded)
                self._others.update(other for other in self.others if f" {other} " in scan.folded.text)

    def _hear_words(self, folded: Folded) -> None:
        text = folded.text if self.interest else ""
        for word in filter(self.interest.takes, set(text.split(" "))):
            at = text.index(f" {word} ") + 1
            self._counts[word] += 1
            first, last = folded.span(at, at + len(word))
            self._spellings[word][folded.original[first : visible_end(folded.original, first, last)]] += 1

    @property
    def enough(self) -> bool:
        """May shares be believed?"""
        return self.articles >= ENOUGH

    def share(self, query: Query) -> float | None:
        """Share of the articles that have what is rarest of all that must occur; None if too few were counted."""
        if not self.enough:
            return None
        for number, (segment, _) in enumerate(self._segments):
            if segment.live.get(query.watch.id) is query:
                return min(self._heard[number, group] for group in query.need.groups) / self.articles
        return None

    def vocabulary(self, listed: Mapping[str, str]) -> Vocabulary | None:
        """What was counted, and behind it words of dictionaries; None if that is too little to say anything."""
        if not self.enough and not listed:
            return None
        common = {word: found.most_common(1)[0][0] for word, found in self._spellings.items()}
        return Vocabulary({**listed, **common}, self._counts | self._others)


def _others(queries: Iterable[Query]) -> Iterable[str]:
    found = {other for query in queries for leaf in leaves(query.tree) if (other := other_spelling(leaf))}
    return filter(None, fold_words(sorted(found)))


def _groups(queries: Iterable[Query]) -> Sequence[frozenset[int]]:
    return list({group for query in queries for group in query.need.groups})
